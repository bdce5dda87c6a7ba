package io.millrace.controller.metadata;

import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A topic and where its partitions are.
 *
 * @param id the index of the log entry that created it, and so never used again, not even for a topic of the same name
 * @param partitions for each partition, in order, the brokers that hold a replica, the preferred leader first
 * @param settings as they were given; {@link TopicSettings} says what they mean
 */
public record TopicMetadata(
        String name,
        long id,
        int replicationFactor,
        List<List<Integer>> partitions,
        NavigableMap<String, String> settings) {
    public TopicMetadata {
        partitions = partitions.stream().map(List::copyOf).toList();
        settings = Collections.unmodifiableNavigableMap(new TreeMap<>(settings));
    }

    /** With no settings of its own. */
    public TopicMetadata(String name, long id, int replicationFactor, List<List<Integer>> partitions) {
        this(name, id, replicationFactor, partitions, new TreeMap<>());
    }

    public int partitionCount() {
        return partitions.size();
    }

    public boolean hasPartition(int partition) {
        return partition >= 0 && partition < partitions.size();
    }

    /**
     * The brokers that hold a replica of it, the preferred leader first.
     *
     * @throws IndexOutOfBoundsException if there is no such partition
     */
    public List<Integer> replicas(int partition) {
        return partitions.get(partition);
    }

    /**
     * The broker that should lead it if it can.
     *
     * @throws IndexOutOfBoundsException if there is no such partition
     */
    public int preferredLeader(int partition) {
        return partitions.get(partition).get(0);
    }
}
