package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.LiveSettings;
import io.millrace.broker.data.DataDirectory;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.RequestRouter;
import io.millrace.controller.BrokerLiveness;
import io.millrace.controller.MetadataFounding;
import io.millrace.controller.MetadataReplica;
import io.millrace.controller.MetadataStateMachine;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.metadata.TopicSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.Retention;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.LeaderObserved;
import io.millrace.partition.replica.PartitionActor;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.RaftActor;
import io.millrace.partition.replica.RaftGroup;
import io.millrace.partition.replica.ReplicaContext;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.ReplicaSharding;
import io.millrace.partition.replica.ReplicaSpec;
import io.millrace.partition.replica.ReplicaSupervisor;
import io.millrace.partition.state.DedupBounds;
import io.millrace.protocol.TopicName;
import java.io.IOException;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which behaviour a replica of this broker has – records or metadata – and the way to all replicas, by sharding. */
final class Replicas implements PeerRouter, RequestRouter.LocalReplicas {
    static final long GROUPS_SEGMENT_BYTES = 4 << 20;
    private static final int METADATA_PROPOSALS_MAX = 1_000;
    /** In a log of the metadata that is as long as it may be: it is shortened by whole segments. */
    private static final int METADATA_SEGMENTS = 4;

    private final BrokerSettings settings;
    private final LiveSettings live;
    private final DataDirectory directory;
    private final MetadataView view;
    private final BrokerLiveness liveness;
    private final ActorRef<LeaderObserved> observer;
    /** Replicas need the way to each other, and sharding needs replicas: so this is set once both are there. */
    private volatile @Nullable ReplicaSharding sharding;

    Replicas(
            LiveSettings live,
            DataDirectory directory,
            MetadataView view,
            BrokerLiveness liveness,
            ActorRef<LeaderObserved> observer) {
        this.settings = live.get();
        this.live = live;
        this.directory = directory;
        this.view = view;
        this.liveness = liveness;
        this.observer = observer;
    }

    void start(ActorSystem<?> system, ReplicaContext context) {
        sharding = ReplicaSharding.init(system, liveness::isAlive, id -> behaviorOf(id, context));
    }

    @Override
    public boolean tell(ReplicaId to, ReplicaMessage message) {
        ReplicaSharding ready = sharding;
        return ready != null && ready.tell(to, message);
    }

    /** If the setting {@code follower-read} allows it. */
    @Override
    public boolean tell(PartitionTarget partition, PartitionCommand command) {
        ReplicaId id =
                new ReplicaId(partition.topic(), partition.topicId(), partition.partition(), settings.brokerId());
        return live.get().followerRead()
                && view.current()
                        .topic(partition.topic())
                        .filter(topic -> topic.id() == partition.topicId() && isHere(topic, id))
                        .isPresent()
                && tell(id, command);
    }

    @Override
    public boolean isReachable(int brokerId) {
        return liveness.isAlive(brokerId);
    }

    private Optional<Behavior<ReplicaMessage>> behaviorOf(ReplicaId id, ReplicaContext context) {
        if (id.equals(MetadataReplica.idOn(settings.brokerId()))) {
            return Optional.of(metadataReplica(id, context));
        }
        return view.current()
                .topic(id.topic())
                .filter(topic -> topic.id() == id.topicId() && isHere(topic, id) && isInUse())
                .map(topic -> PartitionActor.create(
                        () -> spec(id, latest(topic)),
                        () -> live.get().partition(),
                        contextOf(topic, context),
                        observer));
    }

    /** Where there is none, the replica ends soon. */
    private TopicMetadata latest(TopicMetadata topic) {
        return view.current()
                .topic(topic.name())
                .filter(now -> now.id() == topic.id())
                .orElse(topic);
    }

    /** The log of groups is read as a whole by each new coordinator: it is kept short, and so are its segments. */
    private static ReplicaContext contextOf(TopicMetadata topic, ReplicaContext context) {
        return topic.name().equals(TopicName.GROUPS)
                ? context.withLog(context.log()
                        .withSegmentBytes(
                                Math.min(GROUPS_SEGMENT_BYTES, context.log().segmentBytes())))
                : context;
    }

    private ReplicaSpec spec(ReplicaId id, TopicMetadata topic) {
        TopicSettings given = TopicSettings.of(topic.settings());
        Retention usual = live.get().retention();
        return new ReplicaSpec(
                id,
                topic.founders(id.partition()),
                // Who was moved here, and away again, has in its journal what it promised: it is not told from others
                // by this.
                topic.founders(id.partition()).contains(id.brokerId())
                        && topic.replicas(id.partition()).contains(id.brokerId())
                        && topic.createdAt(id.partition()) > directory.registeredAt(),
                topic.replicas(id.partition()).stream().anyMatch(broker -> broker != id.brokerId()),
                given.flush(),
                new Retention(
                        given.retentionMillis().orElse(usual.maxAgeMillis()),
                        given.retentionBytes().orElse(usual.maxBytes())),
                given.minInSyncReplicas(),
                given.deduplication().map(window -> new DedupBounds(window.windowMillis(), window.windowRecords())));
    }

    /** Not a directory that the cluster does not know yet, nor one in whose place it knows another. */
    private boolean isInUse() {
        return directory.isRegistered()
                && view.current()
                        .broker(settings.brokerId())
                        .filter(registered -> !registered.directoryId().equals(directory.directoryId()))
                        .isEmpty();
    }

    private boolean isHere(TopicMetadata topic, ReplicaId id) {
        return id.brokerId() == settings.brokerId()
                && topic.hasPartition(id.partition())
                && topic.isOn(id.brokerId(), id.partition());
    }

    private Behavior<ReplicaMessage> metadataReplica(ReplicaId id, ReplicaContext context) {
        Membership voters = Membership.ofVoters(settings.cluster().metadataVoters().stream()
                .map(NodeId::new)
                .collect(Collectors.toCollection(TreeSet::new)));
        long logBytesMax = settings.cluster().metadataLogBytesMax();
        ReplicaContext smallSegments = context.withLog(context.log().withSegmentBytes(logBytesMax / METADATA_SEGMENTS));
        Function<Boolean, Behavior<ReplicaMessage>> replica = isFounder -> MetadataReplica.create(
                settings.brokerId(),
                settings.cluster().metadataVoters(),
                view,
                this,
                owner -> RaftActor.create(
                        new RaftGroup(
                                id,
                                voters,
                                isFounder,
                                voters.voters().size() > 1,
                                OffsetReader.withoutOffsets(),
                                MetadataStateMachine::new),
                        smallSegments,
                        owner),
                METADATA_PROPOSALS_MAX,
                logBytesMax);
        return ReplicaSupervisor.create(
                context.monotonicMillis(),
                life -> voters.isVoter(new NodeId(settings.brokerId())) && mayHaveLost(id, context)
                        ? MetadataFounding.create(
                                settings.brokerId(), settings.cluster().metadataVoters(), this, replica)
                        : replica.apply(!directory.isRegistered()));
    }

    /** Whether nothing here tells if the cluster is new. Blocks, once for each start. */
    private boolean mayHaveLost(ReplicaId metadata, ReplicaContext context) {
        try {
            return !directory.isRegistered()
                    && !SegmentedLog.isIn(context.disk().storageOf(metadata));
        } catch (IOException e) {
            return false; // whoever opens the log says what is wrong
        }
    }
}
