package io.millrace.controller.metadata;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A topic and where its partitions are.
 *
 * @param id the index of the log entry that created it, and so never used again, not even for a topic of the same name
 * @param partitions for each partition, in order, the brokers that hold a replica, the preferred leader first
 * @param settings as they were given; {@link TopicSettings} says what they mean
 * @param grown where partitions were added later: the first of them, and the index of the log entry that did it
 * @param reassignments of those partitions that ever were to move, by their number
 */
public record TopicMetadata(
        String name,
        long id,
        int replicationFactor,
        List<List<Integer>> partitions,
        NavigableMap<String, String> settings,
        NavigableMap<Integer, Long> grown,
        NavigableMap<Integer, Reassignment> reassignments) {
    public TopicMetadata {
        partitions = partitions.stream().map(List::copyOf).toList();
        settings = Collections.unmodifiableNavigableMap(new TreeMap<>(settings));
        grown = Collections.unmodifiableNavigableMap(new TreeMap<>(grown));
        reassignments = Collections.unmodifiableNavigableMap(new TreeMap<>(reassignments));
    }

    /** As it is created. */
    public TopicMetadata(
            String name,
            long id,
            int replicationFactor,
            List<List<Integer>> partitions,
            NavigableMap<String, String> settings) {
        this(name, id, replicationFactor, partitions, settings, new TreeMap<>(), new TreeMap<>());
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
        return new TopicMetadata(name, id, replicationFactor, all, newSettings, growth, reassignments);
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

    /** The reassignment of this partition that was asked for last, done or not; empty if none ever was. */
    public Optional<Reassignment> reassignment(int partition) {
        return Optional.ofNullable(reassignments.get(partition));
    }

    /** The brokers that shall hold it, the preferred leader first; empty if those that hold it shall. */
    public Optional<List<Integer>> target(int partition) {
        return reassignment(partition).flatMap(Reassignment::target);
    }

    /** The brokers that hold it, or will when nothing is left to be moved; the preferred leader first. */
    public List<Integer> wanted(int partition) {
        return target(partition).orElseGet(() -> replicas(partition));
    }

    /** Of the partition that has the fewest, when nothing is left to be moved. */
    public int replicasMin() {
        return IntStream.range(0, partitionCount())
                .map(partition -> wanted(partition).size())
                .min()
                .orElse(replicationFactor);
    }

    /** Whether that broker runs a replica of it: those that hold it do, and those that shall. */
    public boolean isOn(int brokerId, int partition) {
        return replicas(partition).contains(brokerId)
                || target(partition).filter(target -> target.contains(brokerId)).isPresent();
    }

    /** The brokers that its group was founded on, the same for ever; the first preferred leader first. */
    public List<Integer> founders(int partition) {
        return reassignment(partition).map(Reassignment::founders).orElseGet(() -> replicas(partition));
    }

    /** @param index of the entry that says so */
    TopicMetadata withTarget(int partition, List<Integer> target, ReassignmentCause cause, long index) {
        return withReassignment(partition, new Reassignment(founders(partition), Optional.of(target), cause, index));
    }

    /** The partition is where it was to go. */
    TopicMetadata reassigned(int partition) {
        Reassignment done = reassignment(partition).orElseThrow();
        List<List<Integer>> moved = new ArrayList<>(partitions);
        moved.set(partition, done.target().orElseThrow());
        boolean alike = moved.stream()
                .allMatch(replicas -> replicas.size() == moved.get(0).size());
        return new TopicMetadata(
                        name,
                        id,
                        alike ? moved.get(0).size() : replicationFactor,
                        moved,
                        settings,
                        grown,
                        reassignments)
                .withReassignment(
                        partition, new Reassignment(done.founders(), Optional.empty(), done.cause(), done.index()));
    }

    private TopicMetadata withReassignment(int partition, Reassignment reassignment) {
        NavigableMap<Integer, Reassignment> after = new TreeMap<>(reassignments);
        after.put(partition, reassignment);
        return new TopicMetadata(name, id, replicationFactor, partitions, settings, grown, after);
    }
}
