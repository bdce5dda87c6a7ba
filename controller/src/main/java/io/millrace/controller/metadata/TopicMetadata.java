package io.millrace.controller.metadata;

import java.util.List;

/**
 * A topic and where its partitions are.
 *
 * @param id the index of the log entry that created it, and so never used again, not even for a topic of the same name
 * @param partitions for each partition, in order, the brokers that hold a replica, the preferred leader first
 */
public record TopicMetadata(String name, long id, int replicationFactor, List<List<Integer>> partitions) {
    public TopicMetadata {
        partitions = partitions.stream().map(List::copyOf).toList();
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
