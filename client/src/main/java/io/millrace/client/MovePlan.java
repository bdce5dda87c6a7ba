package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Partitions that are to be on other brokers, or would be.
 *
 * @param replicasBefore by broker, when all that is under way is done
 * @param replicasAfter the same when this is done as well
 */
public record MovePlan(List<Move> moves, Map<Integer, Integer> replicasBefore, Map<Integer, Integer> replicasAfter) {
    /** Takes copies. */
    public MovePlan {
        moves = List.copyOf(moves);
        replicasBefore = Map.copyOf(replicasBefore);
        replicasAfter = Map.copyOf(replicasAfter);
    }

    /**
     * One of them.
     *
     * @param from the brokers that hold it, or were to
     * @param to those that shall, the preferred leader first
     * @param reason for people
     */
    public record Move(TopicPartition partition, List<Integer> from, List<Integer> to, String reason) {
        /** Takes copies. */
        public Move {
            from = List.copyOf(from);
            to = List.copyOf(to);
        }

        static Move of(io.millrace.protocol.v1.Move told) {
            return new Move(
                    new TopicPartition(told.getTopic(), told.getPartition()),
                    told.getFromList(),
                    told.getToList(),
                    told.getReason());
        }
    }

    static MovePlan of(io.millrace.protocol.v1.MovePlan told) {
        return new MovePlan(
                told.getMovesList().stream().map(Move::of).toList(),
                new TreeMap<>(told.getReplicasBeforeMap()),
                new TreeMap<>(told.getReplicasAfterMap()));
    }
}
