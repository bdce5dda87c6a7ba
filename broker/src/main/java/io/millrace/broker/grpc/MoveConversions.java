package io.millrace.broker.grpc;

import io.millrace.broker.routing.Leader;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.ControllerReply;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaBalancer;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.protocol.v1.ListBrokersResponse;
import io.millrace.protocol.v1.ListReassignmentsResponse;
import io.millrace.protocol.v1.Move;
import io.millrace.protocol.v1.MovePlan;
import io.millrace.protocol.v1.Reassignment;
import io.millrace.protocol.v1.RebalanceReplicasResponse;
import io.millrace.protocol.v1.ReplicaShare;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/** Where replicas are, and where they go, as the public API has it. */
final class MoveConversions {
    private MoveConversions() {}

    static MovePlan plan(ControllerReply.MovePlan plan) {
        MovePlan.Builder told =
                MovePlan.newBuilder().putAllReplicasBefore(plan.before()).putAllReplicasAfter(plan.after());
        plan.moves().forEach(move -> told.addMoves(move(move)));
        return told.build();
    }

    static RebalanceReplicasResponse balance(ControllerReply.ReplicasPlanned plan) {
        RebalanceReplicasResponse.Builder told = RebalanceReplicasResponse.newBuilder()
                .setAdvised(plan.advised())
                .setUnderWay(plan.underWay());
        plan.moves().forEach(move -> told.addMoves(move(move)));
        plan.before()
                .forEach((broker, before) -> told.addBrokers(ReplicaShare.newBuilder()
                        .setBroker(broker)
                        .setBefore(held(before))
                        .setAfter(held(plan.after().getOrDefault(broker, before)))));
        return told.build();
    }

    private static ReplicaShare.Held held(ReplicaBalancer.Share share) {
        return ReplicaShare.Held.newBuilder()
                .setReplicas(share.replicas())
                .setPreferredLeaders(share.preferred())
                .setBytesInPerSecond(share.bytesInPerSecond())
                .setSizeBytes(share.sizeBytes())
                .setCarried(share.carried())
                .build();
    }

    private static Move move(ReplicaMove move) {
        return Move.newBuilder()
                .setTopic(move.topic())
                .setPartition(move.partition())
                .addAllFrom(move.from())
                .addAllTo(move.to())
                .setReason(move.reason())
                .build();
    }

    static ListReassignmentsResponse reassignments(ClusterMetadata metadata, LeaderView leaders) {
        ListReassignmentsResponse.Builder response = ListReassignmentsResponse.newBuilder();
        for (TopicMetadata topic : metadata.topics().values()) {
            topic.reassignments().forEach((partition, known) -> known.target()
                    .ifPresent(target -> response.addReassignments(Reassignment.newBuilder()
                            .setTopic(topic.name())
                            .setPartition(partition)
                            .addAllReplicas(topic.replicas(partition))
                            .addAllTarget(target)
                            .setCause(cause(known.cause()))
                            .setWaitsFor(waitsFor(topic, partition, leaders)))));
        }
        return response.build();
    }

    /** Every step of a move is its leader's. */
    private static String waitsFor(TopicMetadata topic, int partition, LeaderView leaders) {
        boolean isLed = leaders.leaderOf(new PartitionKey(topic.id(), partition))
                .map(Leader::readyRef)
                .isPresent();
        return isLed
                ? ""
                : topic.name() + "-" + partition
                        + " has no leader: nothing moves until a majority of its replicas, on brokers "
                        + topic.replicas(partition) + ", has elected one";
    }

    private static Reassignment.Cause cause(ReassignmentCause cause) {
        return switch (cause) {
            case REQUESTED -> Reassignment.Cause.REQUESTED;
            case DRAIN -> Reassignment.Cause.DRAIN;
            case LOSS -> Reassignment.Cause.LOSS;
            case BALANCE -> Reassignment.Cause.BALANCE;
        };
    }

    static ListBrokersResponse brokers(
            ClusterMetadata metadata, LeaderView leaders, IntPredicate alive, Set<Integer> metadataVoters) {
        Map<Integer, Integer> replicas = new HashMap<>();
        Map<Integer, Integer> led = new HashMap<>();
        Map<Integer, Integer> moving = new HashMap<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                List<Integer> now = topic.replicas(partition);
                List<Integer> wanted = topic.wanted(partition);
                now.forEach(broker -> replicas.merge(broker, 1, Integer::sum));
                for (int broker : wanted) {
                    if (!now.contains(broker)) {
                        replicas.merge(broker, 1, Integer::sum);
                        moving.merge(broker, 1, Integer::sum);
                    }
                }
                now.stream()
                        .filter(broker -> !wanted.contains(broker))
                        .forEach(broker -> moving.merge(broker, 1, Integer::sum));
                leaders.leaderOf(new PartitionKey(topic.id(), partition))
                        .filter(Leader::reachable)
                        .ifPresent(leader -> leader.broker().ifPresent(broker -> led.merge(broker, 1, Integer::sum)));
            }
        }
        ListBrokersResponse.Builder response = ListBrokersResponse.newBuilder();
        for (BrokerRegistration broker : metadata.brokers().values()) {
            int id = broker.brokerId();
            response.addBrokers(io.millrace.protocol.v1.BrokerState.newBuilder()
                    .setBroker(Conversions.broker(broker, alive.test(id)))
                    .setDraining(metadata.stateOf(id) == BrokerState.DRAINING)
                    .setRack(broker.rack().orElse(""))
                    .setReplicas(replicas.getOrDefault(id, 0))
                    .setLeaders(led.getOrDefault(id, 0))
                    .setMoving(moving.getOrDefault(id, 0))
                    .setVotesOnMetadata(metadataVoters.contains(id)));
        }
        return response.build();
    }
}
