package io.millrace.partition.state;

/**
 * How far back records are compared by content: whichever is less.
 *
 * @param millis by the clock of each time's leader
 * @param records of the partition
 */
public record DedupBounds(long millis, int records) {
    public DedupBounds {
        if (millis < 1 || records < 1) {
            throw new IllegalArgumentException("a window of " + millis + " ms and " + records + " records");
        }
    }
}
