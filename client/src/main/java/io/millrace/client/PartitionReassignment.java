package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.Reassignment;
import java.util.List;

/**
 * A partition that is under way to other brokers.
 *
 * @param replicas the brokers that hold it now
 * @param target those that shall, the preferred leader first
 * @param waitsFor why it does not move at the moment, for people; empty if nothing is known to be in its way
 */
public record PartitionReassignment(
        TopicPartition partition, List<Integer> replicas, List<Integer> target, Cause cause, String waitsFor) {
    /** Takes copies. */
    public PartitionReassignment {
        replicas = List.copyOf(replicas);
        target = List.copyOf(target);
    }

    /** Why it is. */
    public enum Cause {
        /** Somebody asked for it. */
        REQUESTED,
        /** One of its brokers is drained. */
        DRAIN,
        /** One of its brokers has been away for too long. */
        LOSS,
        /** Brokers carried unequal shares. */
        BALANCE,
        /** Something that this client does not know. */
        OTHER
    }

    static PartitionReassignment of(Reassignment told) {
        Cause cause =
                switch (told.getCause()) {
                    case REQUESTED -> Cause.REQUESTED;
                    case DRAIN -> Cause.DRAIN;
                    case LOSS -> Cause.LOSS;
                    case BALANCE -> Cause.BALANCE;
                    default -> Cause.OTHER;
                };
        return new PartitionReassignment(
                new TopicPartition(told.getTopic(), told.getPartition()),
                told.getReplicasList(),
                told.getTargetList(),
                cause,
                told.getWaitsFor());
    }
}
