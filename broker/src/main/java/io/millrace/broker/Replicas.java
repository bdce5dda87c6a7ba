package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.controller.BrokerLiveness;
import io.millrace.controller.MetadataReplica;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.replica.LeaderObserved;
import io.millrace.partition.replica.PartitionActor;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.RaftActor;
import io.millrace.partition.replica.ReplicaContext;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.ReplicaSharding;
import io.millrace.partition.replica.ReplicaSpec;
import io.millrace.partition.replica.ReplicaSupervisor;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which behaviour a replica of this broker has – records or metadata – and the way to all replicas, by sharding. */
final class Replicas implements PeerRouter {
    private static final int METADATA_PROPOSALS_MAX = 1_000;

    private final BrokerSettings settings;
    private final MetadataView view;
    private final BrokerLiveness liveness;
    private final ActorRef<LeaderObserved> observer;
    /** Replicas need the way to each other, and sharding needs replicas: so this is set once both are there. */
    private volatile @Nullable ReplicaSharding sharding;

    Replicas(BrokerSettings settings, MetadataView view, BrokerLiveness liveness, ActorRef<LeaderObserved> observer) {
        this.settings = settings;
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
                .filter(topic -> topic.id() == id.topicId() && isHere(topic, id))
                .map(topic -> PartitionActor.create(
                        new ReplicaSpec(id, topic.replicas(id.partition())), settings.partition(), context, observer));
    }

    private boolean isHere(TopicMetadata topic, ReplicaId id) {
        return id.brokerId() == settings.brokerId()
                && topic.hasPartition(id.partition())
                && topic.replicas(id.partition()).contains(id.brokerId());
    }

    private Behavior<ReplicaMessage> metadataReplica(ReplicaId id, ReplicaContext context) {
        Membership voters = Membership.ofVoters(settings.cluster().metadataVoters().stream()
                .map(NodeId::new)
                .collect(Collectors.toCollection(TreeSet::new)));
        // One group, whose silence would save nothing, and for which everybody waits.
        ReplicaContext alwaysAwake = context.withRaft(context.raft().withQuiesceAfterMillis(RaftSettings.NEVER));
        return ReplicaSupervisor.create(
                context.monotonicMillis(),
                reopenAfter -> MetadataReplica.create(
                        settings.cluster().metadataVoters(),
                        view,
                        this,
                        owner -> RaftActor.create(id, voters, OffsetReader.withoutOffsets(), alwaysAwake, owner),
                        METADATA_PROPOSALS_MAX));
    }
}
