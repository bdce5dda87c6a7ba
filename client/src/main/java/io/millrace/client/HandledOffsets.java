package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
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
        notifyAll();
    }

    /** All that was begun is done, and what comes is from here on. */
    synchronized void reached(TopicPartition partition, long nextOffset) {
        Progress progress = partitions.computeIfAbsent(partition, p -> new Progress());
        progress.open.clear();
        progress.next = nextOffset;
    }

    synchronized void forget(TopicPartition partition) {
        partitions.remove(partition);
        notifyAll();
    }

    /** For each partition the offset after the last record before which nothing is open. */
    synchronized Map<TopicPartition, Long> handled() {
        Map<TopicPartition, Long> handled = new HashMap<>();
        partitions.forEach((partition, progress) -> handled.put(partition, progress.handled()));
        return handled;
    }

    synchronized boolean isOpen(Set<TopicPartition> any) {
        return any.stream().anyMatch(partition -> {
            Progress progress = partitions.get(partition);
            return progress != null && !progress.open.isEmpty();
        });
    }
}
