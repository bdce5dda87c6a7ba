package io.millrace.controller.metadata;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A topic and where its partitions are.
 *
 * @param id the index of the log entry that created it, and so never used again, not even for a topic of the same name
 * @param partitions for each partition, in order, the brokers that hold a replica, the preferred leader first
 * @param settings as they were given; {@link TopicSettings} says what they mean
 * @param grown where partitions were added later: the first of them, and the index of the log entry that did it
 */
public record TopicMetadata(
        String name,
        long id,
        int replicationFactor,
        List<List<Integer>> partitions,
        NavigableMap<String, String> settings,
        NavigableMap<Integer, Long> grown) {
    public TopicMetadata {
        partitions = partitions.stream().map(List::copyOf).toList();
        settings = Collections.unmodifiableNavigableMap(new TreeMap<>(settings));
        grown = Collections.unmodifiableNavigableMap(new TreeMap<>(grown));
    }

    /** As it is created. */
    public TopicMetadata(
            String name,
            long id,
            int replicationFactor,
            List<List<Integer>> partitions,
            NavigableMap<String, String> settings) {
        this(name, id, replicationFactor, partitions, settings, new TreeMap<>());
    }

    /** As it is created, with no settings of its own. */
    public TopicMetadata(String name, long id, int replicationFactor, List<List<Integer>> partitions) {
        this(name, id, replicationFactor, partitions, new TreeMap<>());
    }

    /**
     * The same topic with other settings and, behind those that there are, more partitions.
     *
     * @param index of the log entry that does it
     */
    TopicMetadata altered(NavigableMap<String, String> newSettings, List<List<Integer>> added, long index) {
        List<List<Integer>> all = new ArrayList<>(partitions);
        all.addAll(added);
        NavigableMap<Integer, Long> growth = new TreeMap<>(grown);
        if (!added.isEmpty()) {
            growth.put(partitions.size(), index);
        }
        return new TopicMetadata(name, id, replicationFactor, all, newSettings, growth);
    }

    /** The index of the log entry that made this partition. */
    public long createdAt(int partition) {
        Map.Entry<Integer, Long> growth = grown.floorEntry(partition);
        return growth == null ? id : growth.getValue();
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
