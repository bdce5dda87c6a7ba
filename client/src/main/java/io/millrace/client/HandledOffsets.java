package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/** How far each partition has been handled, although its records may be done in another order than they were begun in. */
final class HandledOffsets {
    private static final class Progress {
        final TreeSet<Long> open = new TreeSet<>();
        long next;

        /** Nothing before it is open. */
        long handled() {
            return open.isEmpty() ? next : open.first();
        }
    }

    private final Map<TopicPartition, Progress> partitions = new HashMap<>();
    private long doneCount;

    /** In the order of the offsets. */
    synchronized void began(TopicPartition partition, long offset) {
        Progress progress = partitions.computeIfAbsent(partition, p -> new Progress());
        progress.open.add(offset);
        progress.next = offset + 1;
    }

    /** It was the last to begin, and has not after all. */
    synchronized void notBegun(TopicPartition partition, long offset) {
        Progress progress = partitions.get(partition);
        if (progress != null) {
            progress.open.remove(offset);
            progress.next = offset;
        }
    }

    synchronized void done(TopicPartition partition, long offset) {
        Progress progress = partitions.get(partition);
        if (progress != null) {
            progress.open.remove(offset);
        }
        doneCount++;
    }

    /** All that was begun is done, and what comes is from here on. */
    synchronized void reached(TopicPartition partition, long nextOffset) {
        Progress progress = partitions.computeIfAbsent(partition, p -> new Progress());
        progress.open.clear();
        progress.next = nextOffset;
    }

    /** How many records have been done, ever. */
    synchronized long doneCount() {
        return doneCount;
    }

    synchronized void forget(TopicPartition partition) {
        partitions.remove(partition);
    }

    /** For each partition the offset after the last record before which nothing is open. */
    synchronized Map<TopicPartition, Long> handled() {
        Map<TopicPartition, Long> handled = new HashMap<>();
        partitions.forEach((partition, progress) -> handled.put(partition, progress.handled()));
        return handled;
    }

    /** Whether a record of it was begun and is not done. */
    synchronized boolean isOpen(TopicPartition partition) {
        Progress progress = partitions.get(partition);
        return progress != null && !progress.open.isEmpty();
    }

    synchronized boolean isAnyOpen() {
        return partitions.values().stream().anyMatch(progress -> !progress.open.isEmpty());
    }
}
