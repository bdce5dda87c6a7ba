package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * A topic that shall be created.
 *
 * @param partitions how many; 0: as many as the assignment has
 * @param replicationFactor on how many brokers each record is kept; 0: {@link Admin#REPLICATION_FACTOR_DEFAULT}, or as the assignment has it
 * @param assignment ids of the brokers that shall hold each partition, in order, the preferred leader first; none: the cluster chooses
 * @param settings by name, as {@code CreateTopicRequest} in {@code admin.proto} lists them, such as {@code flush.policy}
 */
public record NewTopic(
        String name,
        int partitions,
        int replicationFactor,
        List<List<Integer>> assignment,
        Map<String, String> settings) {
    /** Takes copies. */
    public NewTopic {
        assignment = assignment.stream().map(List::copyOf).toList();
        settings = Map.copyOf(settings);
    }

    /** One whose brokers the cluster chooses, with no settings of its own. */
    public NewTopic(String name, int partitions, int replicationFactor) {
        this(name, partitions, replicationFactor, List.of(), Map.of());
    }

    /** One whose partitions are held by these brokers, with no settings of its own. */
    public NewTopic(String name, List<List<Integer>> assignment) {
        this(name, 0, 0, assignment, Map.of());
    }

    /** The same with these settings. */
    public NewTopic withSettings(Map<String, String> others) {
        return new NewTopic(name, partitions, replicationFactor, assignment, others);
    }
}
