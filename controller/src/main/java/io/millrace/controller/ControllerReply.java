package io.millrace.controller;

import io.millrace.controller.balance.LeaderMove;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaBalancer;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.partition.replica.ControlMessage;
import io.millrace.partition.replica.TransferFailure;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;

/**
 * How the {@link Controller} answers a {@link ControllerCommand}. {@code metadataIndex} is the log entry that made it
 * true: a broker that has applied it knows.
 */
public sealed interface ControllerReply extends ControlMessage {

    /** Done, or what would be: replicas move. */
    sealed interface Plan extends ControllerReply {
        List<ReplicaMove> moves();

        /** The same, made true by that entry. */
        Plan at(long index);
    }

    // Done.

    record TopicCreated(TopicMetadata topic, long metadataIndex) implements ControllerReply {}

    record TopicAltered(TopicMetadata topic, long metadataIndex) implements ControllerReply {}

    record TopicDeleted(String name, long topicId, long metadataIndex) implements ControllerReply {}

    record BrokerRegistered(String clusterId, long metadataIndex) implements ControllerReply {}

    /** The ids from {@code firstId} on, {@code count} of them, are the asker's alone. */
    record ProducerIdsAllocated(long firstId, int count, long metadataIndex) implements ControllerReply {}

    /** That broker leads, or is about to. */
    record LeaderTransferred(String topic, int partition, int brokerId) implements ControllerReply {}

    /**
     * These moves are begun, or, in a dry run, would be.
     *
     * @param carried what each broker carries before, the mean being 1
     * @param carriedAfter and afterwards
     */
    record LeadersPlanned(
            List<LeaderMove> moves, NavigableMap<Integer, Double> carried, NavigableMap<Integer, Double> carriedAfter)
            implements ControllerReply {
        public LeadersPlanned {
            moves = List.copyOf(moves);
        }
    }

    /**
     * These moves will be made, or, in a dry run, would be.
     *
     * @param before what each broker has, of those that may have replicas
     * @param after all moves
     * @param advised whether brokers differ so much that it is worth doing
     * @param underWay whether it is being done
     */
    record ReplicasPlanned(
            List<ReplicaMove> moves,
            NavigableMap<Integer, ReplicaBalancer.Share> before,
            NavigableMap<Integer, ReplicaBalancer.Share> after,
            boolean advised,
            boolean underWay,
            long metadataIndex)
            implements Plan {
        public ReplicasPlanned {
            moves = List.copyOf(moves);
        }

        @Override
        public ReplicasPlanned at(long index) {
            return new ReplicasPlanned(moves, before, after, advised, underWay, index);
        }
    }

    /** So many partitions or brokers are not what they were. */
    record Changed(int count, long metadataIndex) implements ControllerReply {}

    /**
     * The controller as it stands now.
     *
     * @param brokerId where it runs
     * @param phase {@code CLAIMING}, {@code RULING} or {@code DEPOSED}
     * @param epoch its own, the last one if it was deposed; 0 before it has ruled
     * @param since it rules; empty if it does not
     * @param waiting requests
     * @param withoutLeader partitions that nobody says to lead, by the latest reports of the brokers, which are some seconds old
     * @param underReplicated partitions whose leader says that another replica lacks something, or is away, and those without leader; as old
     * @param leaderBalance whether leaders are even enough, or what is done about it, in words
     * @param replicaBalance the same of replicas
     * @param decisions the last ones, the latest first
     */
    record Description(
            int brokerId,
            String phase,
            long epoch,
            Optional<Instant> since,
            int waiting,
            int withoutLeader,
            int underReplicated,
            String leaderBalance,
            String replicaBalance,
            List<Decision> decisions)
            implements ControllerReply {
        public Description {
            decisions = List.copyOf(decisions);
        }
    }

    /** For people: what was asked for, and what came of it and why. */
    record Decision(Instant at, long epoch, String request, String outcome) {}

    /**
     * Done, or what would be.
     *
     * @param before how many replicas each broker has, or is to have when what is under way is done
     * @param after the same when this is done as well
     */
    record MovePlan(
            List<ReplicaMove> moves, Map<Integer, Integer> before, Map<Integer, Integer> after, long metadataIndex)
            implements Plan {
        public MovePlan {
            moves = List.copyOf(moves);
            before = Map.copyOf(before);
            after = Map.copyOf(after);
        }

        @Override
        public MovePlan at(long index) {
            return new MovePlan(moves, before, after, index);
        }
    }

    // Not done, and never will be without a change.

    record InvalidTopicName(String name, String problem) implements ControllerReply {}

    record InvalidPartitions(int partitions, int limit) implements ControllerReply {}

    /**
     * @param brokers that could have taken a replica
     */
    record InvalidReplicationFactor(int replicationFactor, int brokers) implements ControllerReply {}

    record InvalidTopicSettings(String problem) implements ControllerReply {}

    /** The brokers that were named for a topic's partitions cannot be had. */
    record InvalidAssignment(String problem) implements ControllerReply {}

    record InvalidBrokerSettings(String problem) implements ControllerReply {}

    record InvalidRequest(String problem) implements ControllerReply {}

    record TopicExists(String name) implements ControllerReply {}

    record UnknownTopic(String name) implements ControllerReply {}

    record UnknownPartition(String topic, int partition, int partitions) implements ControllerReply {}

    /** None of that id ever registered. */
    record UnknownBroker(int brokerId) implements ControllerReply {}

    record LeaderNotTransferred(String topic, int partition, int brokerId, TransferFailure why)
            implements ControllerReply {}

    /** It makes sense, and is not possible as things are. */
    record Refused(String problem) implements ControllerReply {}

    record WrongCluster(String expected, String actual) implements ControllerReply {}

    /**
     * @param by where the broker is that uses this id
     */
    record BrokerIdTaken(int brokerId, String by) implements ControllerReply {}

    // Perhaps later.

    /** Surely not done: send it again. */
    record Unavailable(String problem) implements ControllerReply {}

    /** Perhaps done, perhaps yet to be done. */
    record OutcomeUnknown() implements ControllerReply {}
}
