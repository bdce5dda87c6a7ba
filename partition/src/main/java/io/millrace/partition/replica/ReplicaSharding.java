package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.ShardingEnvelope;
import akka.cluster.sharding.typed.ShardingMessageExtractor;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * Replicas as sharded entities, each pinned to its broker: starting one is sending it a message.
 *
 * <p>A message for a broker that is away is dropped at the sender, because a shard region would keep it and deliver it
 * late.
 */
public final class ReplicaSharding implements PeerRouter {
    private static final EntityTypeKey<ReplicaMessage> KEY = EntityTypeKey.create(ReplicaMessage.class, "replica");

    private final ActorRef<ShardingEnvelope<ReplicaMessage>> region;
    private final IntPredicate reachable;

    private ReplicaSharding(ActorRef<ShardingEnvelope<ReplicaMessage>> region, IntPredicate reachable) {
        this.region = region;
        this.reachable = reachable;
    }

    /**
     * @param reachable whether the broker with this id is a reachable, Up member
     * @param behavior of a replica of this broker; empty if it has none of that id (any more, or yet): messages for it are
     *     dropped
     */
    public static ReplicaSharding init(
            ActorSystem<?> system,
            IntPredicate reachable,
            Function<ReplicaId, Optional<Behavior<ReplicaMessage>>> behavior) {
        ActorRef<ShardingEnvelope<ReplicaMessage>> region = ClusterSharding.get(system)
                .init(Entity.of(KEY, entity -> behavior.apply(ReplicaId.parse(entity.getEntityId()))
                                .orElseGet(ReplicaSharding::unknown))
                        .withMessageExtractor(new ByBroker())
                        .withAllocationStrategy(new PinnedShardAllocation(Adapter.toClassic(system))));
        return new ReplicaSharding(region, reachable);
    }

    /** Whoever writes to a replica that is not there yet says it again. */
    private static Behavior<ReplicaMessage> unknown() {
        return Behaviors.receiveMessage(dropped -> Behaviors.stopped());
    }

    @Override
    public boolean tell(ReplicaId to, ReplicaMessage message) {
        if (!reachable.test(to.brokerId())) {
            return false;
        }
        region.tell(new ShardingEnvelope<>(to.entityId(), message));
        return true;
    }

    @Override
    public boolean isReachable(int brokerId) {
        return reachable.test(brokerId);
    }

    private static final class ByBroker
            extends ShardingMessageExtractor<ShardingEnvelope<ReplicaMessage>, ReplicaMessage> {
        @Override
        public String entityId(ShardingEnvelope<ReplicaMessage> envelope) {
            return envelope.entityId();
        }

        @Override
        public String shardId(String entityId) {
            return entityId.substring(entityId.lastIndexOf('@') + 1);
        }

        @Override
        public ReplicaMessage unwrapMessage(ShardingEnvelope<ReplicaMessage> envelope) {
            return envelope.message();
        }
    }
}
