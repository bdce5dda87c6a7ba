package io.millrace.protocol;

import java.util.Comparator;

/**
 * One partition of a topic, written {@code orders-0}. Ordered by topic, then by number.
 *
 * @param topic a valid name, see {@link TopicName}; may be internal
 * @param partition 0 or more
 */
public record TopicPartition(String topic, int partition) implements Comparable<TopicPartition> {
    private static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    /**
     * Checks both, so that whoever holds one need not.
     *
     * @throws IllegalArgumentException if the name is not valid or the number is negative
     */
    public TopicPartition {
        TopicName.problemWith(topic).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        if (partition < 0) {
            throw new IllegalArgumentException("a partition's number is 0 or more, not " + partition);
        }
    }

    /**
     * The inverse of {@link #toString()}: the topic ends at the last hyphen, since its name may contain hyphens too.
     *
     * @throws IllegalArgumentException if {@code toString()} would not write it so ({@code orders-00}, {@code orders--1})
     */
    public static TopicPartition parse(String text) {
        int hyphen = text.lastIndexOf('-');
        String number = text.substring(hyphen + 1);
        if (hyphen < 0 || !number.matches("0|[1-9][0-9]{0,9}") || Long.parseLong(number) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a partition is written <topic>-<number>, not '" + text + "'");
        }
        return new TopicPartition(text.substring(0, hyphen), Integer.parseInt(number));
    }

    @Override
    public int compareTo(TopicPartition other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
