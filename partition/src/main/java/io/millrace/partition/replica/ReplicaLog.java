package io.millrace.partition.replica;

import io.millrace.partition.log.SegmentSummary;
import io.millrace.partition.raft.Entry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A replica's log, for reading, from any thread and without blocking it. Ask only for entries that are known to have been
 * appended. A stage fails with {@link java.io.IOException} if the disk does, or finds damage.
 */
public interface ReplicaLog {

    /**
     * Entries from {@code fromIndex} to at most {@code toIndex} and, after the first, at most {@code maxBytes}, in order;
     * already complete if they are in memory.
     */
    CompletionStage<List<Entry>> read(long fromIndex, long toIndex, int maxBytes);

    /**
     * Entries from the one that holds the record with this offset to at most {@code toIndex} and, after the first, at most
     * {@code maxBytes}, in order; already complete if they are in memory.
     */
    CompletionStage<List<Entry>> readFromOffset(long offset, long toIndex, int maxBytes);

    /**
     * The first record that has this timestamp or a later one, in the entries up to {@code toIndex}. Found by the segments'
     * indexes: a few kilobytes are read, and one batch is decoded.
     */
    CompletionStage<Optional<TimedOffset>> findTimestamp(long timestampMillis, long toIndex);

    /** The offset that follows the last record at or before this index. */
    CompletionStage<Long> nextOffsetAt(long index);

    /**
     * Whether so much waits for the disk that nothing should be added; {@link RaftEvent.CaughtUp} follows when it is over. A
     * leader whose own disk is slow or stuck could otherwise go on with the others' until its memory is full.
     */
    boolean isBehind();

    /** The index of the first entry in the log, present or to come. */
    long firstIndex();

    /** The offset of the first record in the log. */
    long startOffset();

    /** Bytes on disk. */
    long sizeBytes();

    /** In order; the last one is still growing. */
    List<SegmentSummary> segments();
}
