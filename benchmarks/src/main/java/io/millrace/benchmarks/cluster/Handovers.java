package io.millrace.benchmarks.cluster;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Which member of a group handled a record of which partition when, and for how long nobody did. Times are those of one nanosecond clock. */
final class Handovers {
    private record Handled(long nanos, int member) {}

    /**
     * The longest times between two records of a partition.
     *
     * @param keptMillis of partitions that only one member handled; 0 if there is none
     * @param movedMillis of partitions that moved: between the last record that one member handled, and the first that another did; 0 if none moved
     * @param moved how many partitions moved
     * @param lastMoveNanos when the last of those was first handled by its new member; the begin of the time if none moved
     */
    record Pauses(double keptMillis, double movedMillis, int moved, long lastMoveNanos) {}

    private final List<List<Handled>> byPartition;

    Handovers(int partitions) {
        byPartition = Stream.generate(() -> (List<Handled>) new ArrayList<Handled>())
                .limit(partitions)
                .toList();
    }

    synchronized void handled(int partition, int member, long nanos) {
        byPartition.get(partition).add(new Handled(nanos, member));
    }

    /** Whether since this time every partition was handled by exactly one of these, and each of them has had its share. */
    synchronized boolean evenSince(long nanos, Set<Integer> members) {
        Map<Integer, Integer> shares = new HashMap<>();
        members.forEach(member -> shares.put(member, 0));
        for (List<Handled> all : byPartition) {
            Set<Integer> owners = new HashSet<>();
            for (int i = all.size() - 1; i >= 0 && all.get(i).nanos() >= nanos; i--) {
                owners.add(all.get(i).member());
            }
            if (owners.size() != 1 || !members.containsAll(owners)) {
                return false;
            }
            shares.merge(owners.iterator().next(), 1, Integer::sum);
        }
        int least = byPartition.size() / members.size();
        return shares.values().stream().allMatch(share -> share == least || share == least + 1);
    }

    /** Of the time between these two: what had begun before and ended in it counts, what ended later does not. */
    synchronized Pauses between(long fromNanos, long toNanos) {
        long kept = 0;
        long moved = 0;
        int movedCount = 0;
        long lastMove = fromNanos;
        for (List<Handled> all : byPartition) {
            long longest = 0;
            boolean itMoved = false;
            for (int i = 1; i < all.size(); i++) {
                Handled before = all.get(i - 1);
                Handled next = all.get(i);
                if (next.nanos() < fromNanos || next.nanos() > toNanos) {
                    continue;
                }
                long pause = next.nanos() - before.nanos();
                if (before.member() == next.member()) {
                    longest = Math.max(longest, pause);
                } else {
                    itMoved = true;
                    moved = Math.max(moved, pause);
                    lastMove = Math.max(lastMove, next.nanos());
                }
            }
            if (itMoved) {
                movedCount++;
            } else {
                kept = Math.max(kept, longest);
            }
        }
        return new Pauses(kept / 1e6, moved / 1e6, movedCount, lastMove);
    }
}
