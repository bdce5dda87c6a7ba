package io.millrace.broker.routing;

import java.util.Comparator;

/** A partition, told apart from one of an earlier topic of the same name. Ordered by topic, then by number. */
public record PartitionKey(long topicId, int partition) implements Comparable<PartitionKey> {
    private static final Comparator<PartitionKey> ORDER =
            Comparator.comparingLong(PartitionKey::topicId).thenComparingInt(PartitionKey::partition);

    @Override
    public int compareTo(PartitionKey other) {
        return ORDER.compare(this, other);
    }
}
