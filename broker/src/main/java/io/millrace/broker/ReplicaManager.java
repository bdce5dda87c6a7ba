package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.broker.routing.LeaderDirectory;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.log.Retention;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Makes the replicas that run here be those that the metadata gives this broker, now or as the target of a move; tells them who
 * shall hold their partition, and the controller which of those that lead here are where they were to go: again and again, until the
 * metadata says so (decision 018).
 *
 * <p>Acts only on metadata that has caught up: what is older may lack a topic whose records are here, or still have one that is
 * gone.
 */
final class ReplicaManager extends AbstractBehavior<ReplicaManager.Command> {
    /** Until this broker itself is an Up member, nothing reaches its replicas. */
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);

    private static final Duration TELL_AGAIN_EVERY = Duration.ofSeconds(5);

    /** Several moves that are done at about the same time are told at once. */
    private static final Duration REPORT_AFTER = Duration.ofMillis(50);

    private static final Duration REPORT_AGAIN_AFTER = Duration.ofSeconds(1);
    private static final int REPORTED_AT_ONCE = 500;

    sealed interface Command {}

    private record Changed(MetadataView.State state) implements Command {}

    private enum Retry implements Command {
        INSTANCE
    }

    private record Relocated(ReplicaMessage.Relocated replica) implements Command {}

    private enum Report implements Command {
        INSTANCE
    }

    private enum TellAgain implements Command {
        INSTANCE
    }

    private enum Reported implements Command {
        INSTANCE
    }

    private record Swept(int deleted) implements Command {}

    private record SweepFailed(Throwable cause) implements Command {}

    private final TimerScheduler<Command> timers;
    private final int brokerId;
    private final Supplier<Retention> retention;
    private final PeerRouter replicas;
    private final ActorRef<LeaderDirectory.Command> directory;
    private final ActorRef<ControllerCommand> controller;
    private final ActorRef<ReplicaMessage.Relocated> relocated;
    private final ActorRef<ControllerReply> answers;
    private final LeftoverDirectories leftovers;
    private final Executor blocking;

    /** As it was looked at last. */
    private Retention retentionKnown;
    /** As they were looked at last, by name. */
    private NavigableMap<String, TopicMetadata> topics = new TreeMap<>();

    private final Set<ReplicaId> assigned = new HashSet<>();
    /** Assigned, and not told to open yet. */
    private final Set<ReplicaId> toOpen = new LinkedHashSet<>();
    /** Who shall hold the partition, where that is not told yet. */
    private final Map<ReplicaId, ReplicaMessage.Relocate> toTell = new LinkedHashMap<>();
    /**
     * Of those, and of those that know, what is under way. They are told again and again: a replica that comes back to a broker which is
     * just deleting it may be started by its leader's next message, and not by ours, which went down with the old one.
     */
    private final Map<ReplicaId, ReplicaMessage.Relocate> underWay = new LinkedHashMap<>();
    /** What the controller has yet to hear. */
    private final Map<ReplicaId, MetadataCommand.PartitionReassigned> done = new LinkedHashMap<>();

    /** Running, perhaps with settings that its topic does not have any more. */
    private final Set<ReplicaId> toReconfigure = new LinkedHashSet<>();

    private boolean sweeping;
    private boolean swept;

    /**
     * @param retention of topics that have none of their own, as it is now
     * @param replicaRoot where the replicas have their directories
     * @param blocking for deleting files
     */
    static Behavior<Command> create(
            int brokerId,
            MetadataView view,
            Supplier<Retention> retention,
            PeerRouter replicas,
            ActorRef<LeaderDirectory.Command> directory,
            ActorRef<ControllerCommand> controller,
            Path replicaRoot,
            Executor blocking) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new ReplicaManager(
                context, timers, brokerId, view, retention, replicas, directory, controller, replicaRoot, blocking)));
    }

    private ReplicaManager(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            int brokerId,
            MetadataView view,
            Supplier<Retention> retention,
            PeerRouter replicas,
            ActorRef<LeaderDirectory.Command> directory,
            ActorRef<ControllerCommand> controller,
            Path replicaRoot,
            Executor blocking) {
        super(context);
        this.timers = timers;
        this.brokerId = brokerId;
        this.retention = retention;
        this.retentionKnown = retention.get();
        this.replicas = replicas;
        this.directory = directory;
        this.controller = controller;
        this.relocated = context.messageAdapter(ReplicaMessage.Relocated.class, Relocated::new);
        this.answers = context.messageAdapter(ControllerReply.class, reply -> Reported.INSTANCE);
        this.leftovers = new LeftoverDirectories(replicaRoot, brokerId);
        this.blocking = blocking;
        timers.startTimerWithFixedDelay(TellAgain.INSTANCE, TELL_AGAIN_EVERY);
        view.subscribe(context.messageAdapter(MetadataView.State.class, Changed::new));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Changed.class, this::onChanged)
                .onMessageEquals(Retry.INSTANCE, this::onRetry)
                .onMessageEquals(TellAgain.INSTANCE, this::onTellAgain)
                .onMessage(Relocated.class, this::onRelocated)
                .onMessageEquals(Report.INSTANCE, this::onReport)
                .onMessageEquals(Reported.INSTANCE, () -> this)
                .onMessage(Swept.class, this::onSwept)
                .onMessage(SweepFailed.class, this::onSweepFailed)
                .build();
    }

    private Behavior<Command> onChanged(Changed message) {
        if (!message.state().caughtUp()) {
            return this;
        }
        ClusterMetadata metadata = message.state().metadata();
        if (!swept) {
            swept = true;
            sweep(metadata);
        }
        NavigableMap<String, TopicMetadata> before = topics;
        topics = metadata.topics();
        Set<Long> gone = new HashSet<>();
        for (TopicMetadata topic : before.values()) {
            TopicMetadata now = topics.get(topic.name());
            if (now == null || now.id() != topic.id()) {
                gone.add(topic.id());
                for (int partition = 0; partition < topic.partitionCount(); partition++) {
                    delete(replicaOf(topic, partition), "its topic is gone");
                }
            }
        }
        if (!gone.isEmpty()) {
            directory.tell(new LeaderDirectory.Forget(gone));
        }
        for (TopicMetadata topic : topics.values()) {
            TopicMetadata known = before.get(topic.name());
            if (!topic.equals(known)) { // cheap: what has not changed is the same object
                take(topic, Optional.ofNullable(known).filter(earlier -> earlier.id() == topic.id()));
            }
        }
        if (!retention.get().equals(retentionKnown)) {
            retentionKnown = retention.get();
            assigned.stream().filter(replica -> !toOpen.contains(replica)).forEach(toReconfigure::add);
        }
        tell();
        return this;
    }

    private ReplicaId replicaOf(TopicMetadata topic, int partition) {
        return new ReplicaId(topic.name(), topic.id(), partition, brokerId);
    }

    private void take(TopicMetadata topic, Optional<TopicMetadata> before) {
        boolean isAltered = before.filter(known -> !known.settings().equals(topic.settings()))
                .isPresent();
        for (int partition = 0; partition < topic.partitionCount(); partition++) {
            ReplicaId replica = replicaOf(topic, partition);
            Optional<Reassignment> reassignment = topic.reassignment(partition);
            if (!topic.isOn(brokerId, partition)) {
                delete(replica, "its partition is on other brokers now");
            } else if (assigned.add(replica)) {
                toOpen.add(replica);
            } else if (isAltered && !toOpen.contains(replica)) {
                toReconfigure.add(replica);
            }
            if (topic.isOn(brokerId, partition) && reassignment.isPresent()) {
                ReplicaMessage.Relocate wish = new ReplicaMessage.Relocate(
                        reassignment.get().index(), Set.copyOf(topic.wanted(partition)), relocated);
                toTell.put(replica, wish);
                underWay.put(replica, wish);
            }
            if (reassignment.flatMap(Reassignment::target).isEmpty()) {
                underWay.remove(replica);
                done.remove(replica);
            }
        }
    }

    private void delete(ReplicaId replica, String why) {
        toOpen.remove(replica);
        toReconfigure.remove(replica);
        toTell.remove(replica);
        underWay.remove(replica);
        done.remove(replica);
        if (assigned.remove(replica)) {
            getContext().getLog().info("Deleting {}: {}", replica.group(), why);
            replicas.tell(replica, ReplicaMessage.Delete.INSTANCE);
        }
    }

    private Behavior<Command> onRetry() {
        tell();
        return this;
    }

    private Behavior<Command> onTellAgain() {
        toTell.putAll(underWay);
        tell();
        return this;
    }

    /** Not while directories are deleted: one of them may be that of a replica that is given to this broker again. */
    private void tell() {
        if (sweeping) {
            return;
        }
        toOpen.removeIf(replica -> replicas.tell(replica, ReplicaMessage.Open.INSTANCE));
        toReconfigure.removeIf(replica -> replicas.tell(replica, ReplicaMessage.Reconfigure.INSTANCE));
        toTell.entrySet().removeIf(wish -> replicas.tell(wish.getKey(), wish.getValue()));
        if (!toOpen.isEmpty() || !toReconfigure.isEmpty() || !toTell.isEmpty()) {
            timers.startSingleTimer(Retry.INSTANCE, RETRY_AFTER);
        }
    }

    // Moves that are done.

    private Behavior<Command> onRelocated(Relocated message) {
        ReplicaId replica = message.replica.replica();
        boolean isOpen = Optional.ofNullable(topics.get(replica.topic()))
                .filter(topic -> topic.id() == replica.topicId())
                .flatMap(topic -> topic.reassignment(replica.partition()))
                .filter(known -> known.target().isPresent() && known.index() == message.replica.index())
                .isPresent();
        if (isOpen) {
            done.put(
                    replica,
                    new MetadataCommand.PartitionReassigned(
                            replica.topic(), replica.topicId(), replica.partition(), message.replica.index()));
            timers.startSingleTimer(Report.INSTANCE, REPORT_AFTER);
        }
        return this;
    }

    private Behavior<Command> onReport() {
        if (!done.isEmpty()) {
            controller.tell(new ControllerCommand.CompleteReassignments(
                    done.values().stream().limit(REPORTED_AT_ONCE).toList(), REPORT_AGAIN_AFTER.toMillis(), answers));
            timers.startSingleTimer(Report.INSTANCE, REPORT_AGAIN_AFTER);
        }
        return this;
    }

    // What was left here while this broker was away.

    private void sweep(ClusterMetadata metadata) {
        sweeping = true;
        CompletableFuture<Integer> deleted = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return leftovers.delete(metadata);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                blocking);
        getContext()
                .pipeToSelf(deleted, (count, thrown) -> thrown == null ? new Swept(count) : new SweepFailed(thrown));
    }

    private Behavior<Command> onSwept(Swept message) {
        if (message.deleted() > 0) {
            getContext()
                    .getLog()
                    .info("Deleted {} directories of replicas that are not here any more", message.deleted());
        }
        sweeping = false;
        tell();
        return this;
    }

    private Behavior<Command> onSweepFailed(SweepFailed message) {
        getContext()
                .getLog()
                .warn("Cannot delete all directories of replicas that are not here any more", message.cause());
        sweeping = false;
        tell();
        return this;
    }
}
