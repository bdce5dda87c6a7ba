package io.millrace.protocol.record;

import io.millrace.protocol.Bytes;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Batches one after another, as requests, log entries and fetch responses have them. */
public final class RecordBatches {
    private RecordBatches() {}

    /**
     * The batches that fill these bytes from the first to the last, none if there are none. Each is found when it is asked
     * for, and not validated.
     *
     * <p>Iterating throws {@link CorruptRecordBatchException}, as {@link RecordBatch#at}, where no whole batch begins: a cut
     * at the end is not passed over.
     */
    public static Iterable<RecordBatch> iterate(Bytes batches) {
        return () -> new BatchIterator(batches);
    }

    /**
     * Numbers the records of all batches in {@code array[from, to)} without gaps and stamps each batch with the leader's
     * epoch, in place. Neither field is covered by the checksum, which stays as it is and is not looked at.
     *
     * <p>Whoever calls this owns the array: it must not be behind a {@link Bytes} that others hold.
     *
     * @param firstOffset of the first record, 0 or more
     * @return the offset after the last record
     * @throws CorruptRecordBatchException before anything is written, if one of the batches is not framed correctly or its
     *     record count is not credible; not for its old offset
     * @throws IllegalArgumentException before anything is written, if the offsets are negative or pass {@code 2^63 - 1}
     * @throws IndexOutOfBoundsException if the range is not inside the array
     */
    public static long assignOffsets(byte[] array, int from, int to, long firstOffset, int leaderEpoch) {
        Bytes range = Bytes.wrap(array, from, to - from);
        long total = 0;
        for (RecordBatch batch : iterate(range)) {
            batch.validateCount();
            total += batch.recordCount();
        }
        if (firstOffset < 0 || firstOffset > Long.MAX_VALUE - total) {
            throw new IllegalArgumentException("cannot number " + total + " records from " + firstOffset + " on");
        }
        long next = firstOffset;
        for (RecordBatch batch : iterate(range)) {
            int start = from + batch.position();
            BatchLayout.putLong(array, start + BatchLayout.BASE_OFFSET, next);
            BatchLayout.putInt(array, start + BatchLayout.PARTITION_LEADER_EPOCH, leaderEpoch);
            next += batch.recordCount();
        }
        return next;
    }

    private static final class BatchIterator implements Iterator<RecordBatch> {
        private final Bytes batches;
        private int position;

        BatchIterator(Bytes batches) {
            this.batches = batches;
        }

        @Override
        public boolean hasNext() {
            return position < batches.size();
        }

        @Override
        public RecordBatch next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            RecordBatch batch = RecordBatch.at(batches, position);
            position += batch.sizeInBytes();
            return batch;
        }
    }
}
