package io.millrace.broker;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.eventstream.EventStream;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.SelfUp;
import akka.cluster.typed.Subscribe;
import akka.http.javadsl.ServerBinding;
import akka.management.cluster.bootstrap.ClusterBootstrap;
import akka.management.javadsl.AkkaManagement;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.HostPort;
import io.millrace.broker.config.LiveSettings;
import io.millrace.broker.data.DataDirectory;
import io.millrace.broker.data.RefusedException;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskWatch;
import io.millrace.broker.group.GroupCoordinatorSettings;
import io.millrace.broker.group.GroupCoordinators;
import io.millrace.broker.group.GroupLags;
import io.millrace.broker.group.Groups;
import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.group.state.GroupMachine;
import io.millrace.broker.grpc.GrpcServer;
import io.millrace.broker.grpc.JsonActions;
import io.millrace.broker.grpc.TopicLookup;
import io.millrace.broker.health.ClockWatch;
import io.millrace.broker.health.Clocks;
import io.millrace.broker.health.FileDescriptors;
import io.millrace.broker.health.Health;
import io.millrace.broker.health.HealthWatch;
import io.millrace.broker.load.LoadReporter;
import io.millrace.broker.management.ManagementBackend;
import io.millrace.broker.metrics.BrokerGauges;
import io.millrace.broker.metrics.BrokerMetrics;
import io.millrace.broker.routing.BrokerReachability;
import io.millrace.broker.routing.Inspection;
import io.millrace.broker.routing.Leader;
import io.millrace.broker.routing.LeaderDirectory;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.broker.routing.ReplicaInspector;
import io.millrace.broker.routing.RequestRouter;
import io.millrace.controller.BrokerLiveness;
import io.millrace.controller.Controller;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerSingleton;
import io.millrace.controller.MetadataReplica;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.BrokerRole;
import io.millrace.partition.replica.BrokerWatch;
import io.millrace.partition.replica.Campaigns;
import io.millrace.partition.replica.Disk;
import io.millrace.partition.replica.JournalOutOfSpace;
import io.millrace.partition.replica.LeaderObserved;
import io.millrace.partition.replica.LedPartitions;
import io.millrace.partition.replica.MoveThrottle;
import io.millrace.partition.replica.OpenLogs;
import io.millrace.partition.replica.OutOfSpace;
import io.millrace.partition.replica.ReplicaContext;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.Scrubber;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a broker together and sees it through its start: joined → metadata caught up → registered → serving.
 *
 * <p>These come in their own time and partly in parallel; {@link Readiness} has what is still missing.
 */
final class BrokerGuardian extends AbstractBehavior<BrokerGuardian.Command> {
    private static final int GROUPS_MAX = 10_000;
    private static final int GROUP_MEMBERS_MAX = 1_000;
    private static final String REPLICA_MANAGER = "replica-manager";

    /** Akka's phase before-service-unbind has a little more. */
    private static final Duration RESIGN_WITHIN = Duration.ofSeconds(6);

    private static final Logger LOG = LoggerFactory.getLogger(BrokerGuardian.class);

    private static final Duration OPEN_METADATA_EVERY = Duration.ofMillis(100);

    sealed interface Command {}

    private record Joined() implements Command {}

    private record MemberUp(Member member) implements Command {}

    private record MetadataChanged(MetadataView.State state) implements Command {}

    private record DiskFull(String what) implements Command {}

    private record RegistrationEnded(Registrar.Outcome outcome) implements Command {}

    private record Bound(ServerBinding binding) implements Command {}

    private record BindFailed(String what, Throwable cause) implements Command {}

    private enum ManagementBound implements Command {
        INSTANCE
    }

    private enum CleanUp implements Command {
        INSTANCE
    }

    private enum OpenMetadata implements Command {
        INSTANCE
    }

    private final TimerScheduler<Command> timers;
    private final BrokerSettings settings;
    private final DataDirectory dataDirectory;
    private final Readiness readiness;
    private final Cluster cluster;

    private final MetadataView view = new MetadataView();
    private final BrokerLiveness liveness = new BrokerLiveness();
    private final LeaderView leaders = new LeaderView();
    private final BrokerWatch brokerWatch = new BrokerWatch();
    private final DiskReport diskReport = new DiskReport();
    private final OpenLogs openLogs = new OpenLogs();
    private final LedPartitions led = new LedPartitions();
    private final BrokerMetrics metrics;
    private final ActorRef<LeaderDirectory.Command> directory;
    private final LiveSettings live;
    private boolean registering;
    private int registrations;
    private final Replicas replicas;
    private final ActorRef<ControllerCommand> controller;
    private final GroupMachine.Limits limits;

    static Behavior<Command> create(
            BrokerSettings settings,
            DataDirectory dataDirectory,
            Readiness readiness,
            ManagementBackend management,
            BrokerMetrics metrics) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers ->
                new BrokerGuardian(context, timers, settings, dataDirectory, readiness, management, metrics)));
    }

    private BrokerGuardian(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            BrokerSettings settings,
            DataDirectory dataDirectory,
            Readiness readiness,
            ManagementBackend management,
            BrokerMetrics metrics) {
        super(context);
        this.timers = timers;
        this.settings = settings;
        this.dataDirectory = dataDirectory;
        this.readiness = readiness;
        this.metrics = metrics;
        ActorSystem<Void> system = context.getSystem();
        this.cluster = Cluster.get(system);

        context.spawn(liveness.tracker(), "broker-liveness");
        ActorRef<LeaderDirectory.Command> directory =
                context.spawn(LeaderDirectory.create(settings.brokerId(), leaders), "leader-directory");
        ActorRef<Command> self = context.getSelf();
        context.spawn(
                BrokerReachability.create(directory, brokerWatch, member -> self.tell(new MemberUp(member))),
                "broker-reachability");
        this.limits = new GroupMachine.Limits(
                GROUPS_MAX, GROUP_MEMBERS_MAX, settings.groupOffsetsRetention().toMillis());
        ActorRef<GroupCoordinators.Command> coordinators = context.spawn(
                GroupCoordinators.create(
                        directory,
                        new GroupCoordinatorSettings(
                                limits,
                                Assignors.found(),
                                view,
                                BrokerGuardian::monotonicMillis,
                                System::currentTimeMillis,
                                Replicas.GROUPS_SEGMENT_BYTES)),
                "group-coordinators");
        ActorRef<LeaderObserved> observer = context.spawn(forwarder(coordinators), "leader-observer");

        context.spawn(
                DiskWatch.create(
                        settings.diskReserve(),
                        () -> Files.getFileStore(dataDirectory.path()).getUsableSpace(),
                        diskReport),
                "disk-watch",
                DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER));
        if (settings.scrubBytesPerSecond() > 0) {
            context.spawn(
                    Scrubber.create(openLogs, settings.scrubBytesPerSecond(), settings.scrubRest()),
                    "scrubber",
                    DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER));
        }
        timers.startTimerWithFixedDelay(CleanUp.INSTANCE, settings.cleanupInterval());
        this.directory = directory;
        this.live = new LiveSettings(settings, () -> view.current().brokerSettings());
        this.replicas = new Replicas(live, dataDirectory, view, liveness, observer);
        replicas.start(system, replicaContext());
        this.controller = ControllerSingleton.start(system, controller());
        context.spawn(
                LoadReporter.create(
                        settings.brokerId(), led, controller, settings.leaders().reportInterval(), System::nanoTime),
                "load-reporter");
        if (dataDirectory.isRegistered()) {
            manageReplicas();
        }
        view.subscribe(context.messageAdapter(MetadataView.State.class, MetadataChanged::new));
        system.eventStream()
                .tell(new EventStream.Subscribe<>(
                        JournalOutOfSpace.class,
                        context.messageAdapter(JournalOutOfSpace.class, full -> new DiskFull(full.problem()))));
        cluster.subscriptions()
                .tell(Subscribe.create(context.messageAdapter(SelfUp.class, up -> new Joined()), SelfUp.class));
        serve(directory, management);
    }

    /** Not before it is known whether this directory lacks what the cluster has given to this broker. */
    private void manageReplicas() {
        if (getContext().getChild(REPLICA_MANAGER).isEmpty()) {
            getContext()
                    .spawn(
                            ReplicaManager.create(
                                    settings.brokerId(),
                                    view,
                                    () -> live.get().retention(),
                                    replicas,
                                    directory,
                                    controller,
                                    dataDirectory.replicas(),
                                    getContext()
                                            .getSystem()
                                            .dispatchers()
                                            .lookup(DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER))),
                            REPLICA_MANAGER);
        }
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Joined.class, this::onJoined)
                .onMessage(MemberUp.class, this::onMemberUp)
                .onMessage(MetadataChanged.class, this::onMetadataChanged)
                .onMessage(DiskFull.class, this::onDiskFull)
                .onMessage(RegistrationEnded.class, this::onRegistrationEnded)
                .onMessage(Bound.class, this::onBound)
                .onMessageEquals(ManagementBound.INSTANCE, this::onManagementBound)
                .onMessage(BindFailed.class, this::onBindFailed)
                .onMessageEquals(CleanUp.INSTANCE, this::onCleanUp)
                .onMessageEquals(OpenMetadata.INSTANCE, this::onOpenMetadata)
                .build();
    }

    private void serve(ActorRef<LeaderDirectory.Command> directory, ManagementBackend management) {
        ActorContext<Command> context = getContext();
        ActorSystem<Void> system = context.getSystem();
        List<ActorRef<RequestRouter.Command>> routers = new ArrayList<>();
        for (int i = 0; i < settings.frontDoor().routers(); i++) {
            routers.add(context.spawn(
                    RequestRouter.create(
                            leaders, directory, replicas, this::clientAddressOf, BrokerGuardian::monotonicMillis),
                    "request-router-" + i));
        }
        PartitionGateway gateway = new PartitionGateway(
                routers,
                BrokerGuardian::monotonicMillis,
                () -> live.get().frontDoor().pendingBytesMax(),
                () -> live.get().frontDoor().pendingRequestsMax(),
                metrics.requests());
        Inspection inspection = new Inspection(
                view::current,
                leaders,
                directory,
                context.spawn(ReplicaInspector.create(replicas), "replica-inspector"),
                behavior -> system.systemActorOf(behavior, "leaders-awaited-" + UUID.randomUUID(), Props.empty()));
        Clocks clocks = new Clocks();
        context.spawn(
                ClockWatch.create(settings.brokerId(), clocks, Clock.systemUTC(), System::nanoTime), "clock-watch");
        Health health = new Health(
                new HealthWatch.Sources(
                        settings.brokerId(),
                        readiness,
                        view,
                        settings.cluster().metadataVoters(),
                        liveness::isAlive,
                        leaders,
                        inspection,
                        metrics.replicas()::isAsleep,
                        settings.diskReserve(),
                        diskReport,
                        FileDescriptors::ofProcess,
                        clocks),
                Clock.systemUTC(),
                behavior -> context.spawn(behavior, "health-watch"));
        TopicChanges changes = new TopicChanges(system, controller);
        TopicLookup topics = new TopicLookup(view::current, readiness);
        Groups groups = new Groups(topics::metadata, gateway, changes, limits);
        metrics.show(new BrokerGauges.Sources(
                settings.brokerId(),
                Version.TEXT,
                readiness,
                view,
                leaders,
                liveness::isAlive,
                gateway,
                openLogs,
                settings.diskReserve(),
                diskReport,
                health,
                GroupLags.of(groups, this::isLedHere, BrokerGuardian::monotonicMillis)));
        GrpcServer.Backend backend = new GrpcServer.Backend(
                topics,
                gateway,
                leaders,
                changes,
                new LeaderChanges(system, controller),
                new ProducerIds(system, controller, settings.brokerId()),
                groups,
                inspection,
                liveness::isAlive,
                settings.cluster().metadataVoters(),
                health,
                diskReport,
                metrics.requests()::failed);
        management.complete(new ManagementBackend.Parts(
                settings.brokerId(),
                readiness,
                view,
                leaders,
                inspection,
                changes,
                groups,
                liveness::isAlive,
                settings.diskReserve(),
                diskReport,
                metrics,
                health,
                JsonActions.over(live, backend),
                live));
        context.pipeToSelf(
                GrpcServer.bind(system, live, backend),
                (binding, thrown) -> thrown == null
                        ? new Bound(binding)
                        : new BindFailed(
                                "millrace.client (" + settings.frontDoor().address() + ")", thrown));
        context.pipeToSelf(
                AkkaManagement.get(system).start(),
                (uri, thrown) -> thrown == null
                        ? ManagementBound.INSTANCE
                        : new BindFailed("millrace.http (" + settings.http().address() + ")", thrown));
    }

    /** Only now can others be told, over HTTP, whether this broker knows a cluster. */
    private Behavior<Command> onManagementBound() {
        ClusterBootstrap.get(getContext().getSystem()).start();
        return this;
    }

    private Behavior<Command> onJoined(Joined message) {
        readiness.met(Readiness.Condition.JOINED);
        onOpenMetadata();
        register();
        return this;
    }

    private void register() {
        registering = true;
        registrations++;
        getContext()
                .spawn(
                        Registrar.create(
                                controller,
                                this::introduction,
                                getContext().messageAdapter(Registrar.Outcome.class, RegistrationEnded::new)),
                        "registrar-" + registrations);
    }

    /** What the cluster knows of this broker and is not so any more, since a setting was changed. */
    private void registerIfOther(ClusterMetadata metadata) {
        boolean isOther = metadata.broker(settings.brokerId())
                .filter(known -> known.directoryId().equals(dataDirectory.directoryId())
                        && known.capacity() != live.get().capacity())
                .isPresent();
        if (isOther && !registering && dataDirectory.isRegistered()) {
            register();
        }
    }

    /** Each replica that leads decides for itself. */
    private Behavior<Command> onCleanUp() {
        long nowMillis = Clock.systemUTC().millis();
        getContext()
                .getSystem()
                .eventStream()
                .tell(new EventStream.Publish<>(new ReplicaMessage.ApplyRetention(nowMillis)));
        return this;
    }

    /** A message starts the replica of the metadata; it gets through as soon as sharding and liveness know this broker. */
    private Behavior<Command> onOpenMetadata() {
        replicas.tell(MetadataReplica.idOn(settings.brokerId()), ReplicaMessage.Open.INSTANCE);
        if (!view.caughtUp()) {
            timers.startSingleTimer(OpenMetadata.INSTANCE, OPEN_METADATA_EVERY);
        }
        return this;
    }

    private Behavior<Command> onMemberUp(MemberUp message) {
        Member other = message.member();
        boolean sameRole = other.hasRole(BrokerRole.of(settings.brokerId()));
        if (sameRole
                && !other.address().equals(cluster.selfMember().address())
                && !cluster.selfMember().isOlderThan(other)) {
            return refuse("broker id " + settings.brokerId() + " is used by another broker, at "
                    + other.address().hostPort() + ": set millrace.broker-id to a number of its own");
        }
        return this;
    }

    private Behavior<Command> onMetadataChanged(MetadataChanged message) {
        MetadataView.State state = message.state();
        if (state.failure().filter(OutOfSpace::isSaidBy).isPresent()) {
            return onDiskFull(new DiskFull(state.failure().get()));
        } else if (state.failure().isPresent()) {
            return refuse("this broker's replica of the cluster's metadata has failed: "
                    + state.failure().get());
        }
        if (state.caughtUp()) {
            readiness.met(Readiness.Condition.METADATA);
            metrics.topicsAre(state.metadata().topics().keySet());
            registerIfOther(state.metadata());
        }
        return this;
    }

    private Behavior<Command> onDiskFull(DiskFull message) {
        CoordinatedShutdown.get(getContext().getSystem()).runAll(new Broker.OutOfSpace(message.what()));
        return this;
    }

    private Behavior<Command> onRegistrationEnded(RegistrationEnded message) {
        if (message.outcome() instanceof Registrar.Refused refused) {
            return refuse(refused.why());
        }
        if (message.outcome() instanceof Registrar.Registered registered) {
            try {
                dataDirectory.register(registered.clusterId(), registered.index());
            } catch (RefusedException e) {
                return refuse(String.valueOf(e.getMessage()));
            }
            registering = false;
            readiness.met(Readiness.Condition.REGISTERED);
            manageReplicas();
            if (view.current().appliedIndex() >= registered.index()) {
                registerIfOther(view.current());
            }
        }
        return this;
    }

    private Behavior<Command> onBound(Bound message) {
        readiness.met(Readiness.Condition.SERVING);
        ActorSystem<Void> system = getContext().getSystem();
        CoordinatedShutdown.get(system).addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "resign", () -> {
            readiness.stopServing();
            return resign(system);
        });
        return this;
    }

    /** While this broker still passes on what clients send it. Used on a thread of the shutdown's. */
    private CompletionStage<Done> resign(ActorSystem<?> system) {
        if (CoordinatedShutdown.get(system)
                .getShutdownReason()
                .equals(Optional.of(CoordinatedShutdown.clusterDowningReason()))) {
            return CompletableFuture.completedFuture(Done.done()); // the others have elected without it
        }
        long begunMillis = monotonicMillis();
        CompletableFuture<Resignation.Result> resigned = new CompletableFuture<>();
        system.systemActorOf(
                Resignation.create(this::led, replicas, RESIGN_WITHIN, resigned), "resignation", Props.empty());
        return resigned.thenApply(result -> {
            LOG.info(
                    "Handed {} of the {} groups led here over to other brokers in {} ms",
                    result.handedOver(),
                    result.handedOver() + result.kept(),
                    monotonicMillis() - begunMillis);
            return Done.done();
        });
    }

    /** The metadata's is asked in any case: the directory does not know it. */
    private List<ReplicaId> led() {
        List<ReplicaId> led = new ArrayList<>();
        led.add(MetadataReplica.idOn(settings.brokerId()));
        for (TopicMetadata topic : view.current().topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                Optional<Leader> leader = leaders.leaderOf(new PartitionKey(topic.id(), partition));
                if (leader.isPresent() && leader.get().broker().equals(OptionalInt.of(settings.brokerId()))) {
                    led.add(new ReplicaId(topic.name(), topic.id(), partition, settings.brokerId()));
                }
            }
        }
        return led;
    }

    private boolean isLedHere(PartitionKey partition) {
        return leaders.leaderOf(partition)
                .filter(leader -> leader.broker().equals(OptionalInt.of(settings.brokerId())))
                .isPresent();
    }

    private Behavior<Command> onBindFailed(BindFailed message) {
        return refuse("cannot open " + message.what() + ": "
                + FailureException.unwrap(message.cause()).getMessage());
    }

    private Behavior<Command> refuse(String why) {
        CoordinatedShutdown.get(getContext().getSystem()).runAll(new Broker.Refusal(why));
        return this;
    }

    private ControllerCommand introduction(
            long timeoutMillis, ActorRef<io.millrace.controller.ControllerReply> replyTo) {
        HostPort client = settings.frontDoor().advertised();
        HostPort http = settings.http().advertised();
        return new ControllerCommand.RegisterBroker(
                dataDirectory.clusterId(),
                BrokerLiveness.addressOf(getContext().getSystem()),
                new BrokerRegistration(
                        settings.brokerId(),
                        dataDirectory.directoryId(),
                        new Endpoint(client.host(), client.port()),
                        new Endpoint(http.host(), http.port()),
                        settings.rack(),
                        live.get().capacity()),
                timeoutMillis,
                replyTo);
    }

    private Behavior<ControllerCommand> controller() {
        return Controller.create(
                settings.brokerId(),
                propose -> replicas.tell(MetadataReplica.idOn(settings.brokerId()), propose),
                replicas,
                view,
                liveness,
                live,
                () -> UUID.randomUUID().toString(),
                Clock.systemUTC());
    }

    private ReplicaContext replicaContext() {
        return new ReplicaContext(
                Disk.in(dataDirectory.replicas(), diskReport::space),
                openLogs,
                led,
                settings.raft(),
                settings.log(),
                settings.cacheBytesMax(),
                replicas,
                brokerWatch,
                new Campaigns(),
                new MoveThrottle(() -> live.get().moveBytesPerSecond()),
                metrics.replicas(),
                () -> dataDirectory.clusterId().orElse(""),
                BrokerGuardian::monotonicMillis,
                System::currentTimeMillis);
    }

    private Optional<String> clientAddressOf(int brokerId) {
        return view.current().broker(brokerId).map(broker -> broker.client().toString());
    }

    private static Behavior<LeaderObserved> forwarder(ActorRef<GroupCoordinators.Command> coordinators) {
        return Behaviors.receiveMessage(observed -> {
            coordinators.tell(new GroupCoordinators.Observed(observed));
            return Behaviors.same();
        });
    }

    private static long monotonicMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
