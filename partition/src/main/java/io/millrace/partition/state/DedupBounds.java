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

    static final int BYTES = 8 + 4;

    void writeTo(ByteWriter to) {
        to.put(millis, 8);
        to.put(records, 4);
    }

    static DedupBounds readFrom(ByteReader from) {
        return new DedupBounds(from.get(8), (int) from.get(4));
    }
}
