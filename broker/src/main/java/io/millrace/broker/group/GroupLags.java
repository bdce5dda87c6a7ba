package io.millrace.broker.group;

import io.millrace.broker.routing.PartitionKey;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * How far the groups that have their coordinators on this broker are behind. Whoever measures asks again and again: he is told at once what
 * was seen last, and if that is old, it is looked again for the next time. So leaders are asked nothing while nobody measures, and nobody
 * waits for them. Thread-safe.
 *
 * <p>A look describes one group after the other, and that asks the leader of each of its partitions where its log ends.
 */
public final class GroupLags {
    private static final long LOOK_AGAIN_AFTER_MILLIS = 5_000;
    private static final long PATIENCE_MILLIS = 5_000;

    /** What one group has of one topic. */
    public record GroupTopic(String group, String topic) implements Comparable<GroupTopic> {
        private static final Comparator<GroupTopic> ORDER =
                Comparator.comparing(GroupTopic::group).thenComparing(GroupTopic::topic);

        @Override
        public int compareTo(GroupTopic other) {
            return ORDER.compare(this, other);
        }
    }

    /** Whom to ask; may fail. */
    interface Source {
        /** Those that are coordinated here. */
        CompletionStage<List<String>> groups();

        CompletionStage<List<Groups.PartitionOfGroup>> partitions(String group);
    }

    private final Source source;
    private final LongSupplier clockMillis;
    private volatile SortedMap<GroupTopic, Long> seen = Collections.emptySortedMap();
    private boolean looking;
    private long lookAgainMillis = Long.MIN_VALUE;

    /** @param clockMillis does not go back */
    GroupLags(Source source, LongSupplier clockMillis) {
        this.source = source;
        this.clockMillis = clockMillis;
    }

    /**
     * Those of a broker.
     *
     * @param isLedHere tells of a partition whether this broker leads it
     */
    public static GroupLags of(Groups groups, Predicate<PartitionKey> isLedHere, LongSupplier clockMillis) {
        return new GroupLags(
                new Source() {
                    @Override
                    public CompletionStage<List<String>> groups() {
                        return groups.list(isLedHere, PATIENCE_MILLIS).thenApply(coordinators -> coordinators.stream()
                                .flatMap(one -> one.groups().stream())
                                .map(summary -> summary.group())
                                .toList());
                    }

                    @Override
                    public CompletionStage<List<Groups.PartitionOfGroup>> partitions(String group) {
                        return groups.describe(group, PATIENCE_MILLIS, PATIENCE_MILLIS)
                                .thenApply(Groups.Description::partitions);
                    }
                },
                clockMillis);
    }

    /**
     * Records that groups have yet to read, as they were seen last. A topic is left out as long as not all leaders say where their logs
     * end; partitions of which nothing is committed count for nothing.
     */
    public SortedMap<GroupTopic, Long> latest() {
        if (begins()) {
            look();
        }
        return seen;
    }

    private synchronized boolean begins() {
        boolean due = !looking && clockMillis.getAsLong() >= lookAgainMillis;
        looking |= due;
        return due;
    }

    private synchronized void ended() {
        looking = false;
        lookAgainMillis = clockMillis.getAsLong() + LOOK_AGAIN_AFTER_MILLIS;
    }

    private void look() {
        TreeMap<GroupTopic, Long> found = new TreeMap<>();
        var unused = CompletableFuture.completedStage(found)
                .thenCompose(begun -> source.groups())
                .thenCompose(groups -> addAll(groups, found))
                .whenComplete((done, thrown) -> {
                    if (thrown == null) {
                        seen = Collections.unmodifiableSortedMap(found);
                    }
                    ended();
                });
    }

    private CompletionStage<Void> addAll(List<String> groups, Map<GroupTopic, Long> found) {
        CompletionStage<Void> all = CompletableFuture.completedStage(null);
        for (String group : groups) {
            all = all.thenCompose(before -> source.partitions(group).handle((partitions, thrown) -> {
                if (thrown == null) {
                    add(group, partitions, found);
                }
                return null; // it may be gone by now
            }));
        }
        return all;
    }

    private static void add(String group, List<Groups.PartitionOfGroup> partitions, Map<GroupTopic, Long> found) {
        for (Groups.PartitionOfGroup partition : partitions) {
            partition.lag().ifPresent(lag -> found.merge(new GroupTopic(group, partition.topic()), lag, Long::sum));
        }
        partitions.stream()
                .filter(partition ->
                        partition.committed().isPresent() && partition.range().isEmpty())
                .forEach(unknown -> found.remove(new GroupTopic(group, unknown.topic())));
    }
}
