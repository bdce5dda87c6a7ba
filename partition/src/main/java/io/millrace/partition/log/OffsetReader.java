package io.millrace.partition.log;

import io.millrace.partition.raft.Payload;

/** The only way in which the log looks into the payload of a {@code DATA} entry. Implementations keep no state. */
public interface OffsetReader {
    /** What {@link #maxTimestamp} answers for a payload without one; earlier than every real one. */
    long NO_TIMESTAMP = Long.MIN_VALUE;

    /**
     * The offset that follows the last record of an entry.
     *
     * @param before the offset that follows everything before this entry, hence the one it must begin with
     * @throws IllegalArgumentException if the payload is malformed or begins with another offset
     */
    long nextOffset(Payload data, long before);

    /**
     * The offset of an entry's first record.
     *
     * @throws IllegalArgumentException if the payload is malformed
     */
    long baseOffset(Payload data);

    /**
     * The latest timestamp of the entry's records, in milliseconds, or {@link #NO_TIMESTAMP}.
     *
     * @throws IllegalArgumentException if the payload is malformed
     */
    long maxTimestamp(Payload data);

    /** For payloads that are one or more record batches (format 2), offsets already assigned. */
    static OffsetReader recordBatches() {
        return RecordBatchOffsets.INSTANCE;
    }

    /** For groups whose entries have no offsets: they stay where they are. */
    static OffsetReader withoutOffsets() {
        return NoOffsets.INSTANCE;
    }
}
