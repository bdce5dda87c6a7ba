package io.millrace.controller.placement;

import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import java.util.List;

/**
 * A partition that shall be on other brokers.
 *
 * @param from the brokers that hold it, or were to
 * @param to those that shall, the preferred leader first
 * @param reason in words
 */
public record ReplicaMove(
        String topic,
        long topicId,
        int partition,
        List<Integer> from,
        List<Integer> to,
        ReassignmentCause cause,
        String reason) {
    public ReplicaMove {
        from = List.copyOf(from);
        to = List.copyOf(to);
    }

    public MetadataCommand.PartitionTarget toTarget() {
        return new MetadataCommand.PartitionTarget(topic, topicId, partition, to, cause);
    }

    /** For example {@code orders-0 from 1,2,3 to 1,2,4: broker 3 is drained}. */
    @Override
    public String toString() {
        return topic + "-" + partition + " from " + ids(from) + " to " + ids(to) + ": " + reason;
    }

    private static String ids(List<Integer> brokers) {
        return brokers.toString().replaceAll("[\\[\\] ]", "");
    }
}
