package io.millrace.partition.sim;

import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import java.nio.ByteBuffer;

/**
 * Record batches whose records are bare numbers, each of them used once in all of a simulation: as much of the format as
 * anything here looks at, namely the header.
 */
final class Batches {
    private static final int LAST_OFFSET_DELTA = 23;
    private static final int MAX_TIMESTAMP = 35;
    private static final int PRODUCER_ID = 43;
    private static final int BASE_SEQUENCE = 53;
    private static final int RECORD_COUNT = 57;
    private static final int PRODUCERS = 7;

    /** No entry has more. */
    static final int ENTRY_BYTES_MAX = 200;

    /** Takes a record and its offset. */
    interface RecordConsumer {
        void accept(long offset, long value);
    }

    private Batches() {}

    /** One batch with the values from {@code first} on, not yet numbered. */
    static Payload of(long first, int records, int paddingBytes) {
        ByteBuffer bytes = ByteBuffer.allocate(RecordBatch.HEADER_SIZE + records * Long.BYTES + paddingBytes);
        bytes.putInt(8, bytes.capacity() - 12)
                .put(16, (byte) 2)
                .putInt(LAST_OFFSET_DELTA, records - 1)
                .putLong(MAX_TIMESTAMP, first)
                .putLong(PRODUCER_ID, first % PRODUCERS)
                .putInt(BASE_SEQUENCE, (int) first)
                .putInt(RECORD_COUNT, records);
        for (int i = 0; i < records; i++) {
            bytes.putLong(RecordBatch.HEADER_SIZE + i * Long.BYTES, first + i);
        }
        return Payload.wrap(bytes.array());
    }

    static void forEachRecord(Payload batches, RecordConsumer consumer) {
        ByteBuffer bytes = ByteBuffer.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes());
        Bytes range = Bytes.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes());
        for (RecordBatch batch : RecordBatches.iterate(range)) {
            int at = batches.arrayOffset() + batch.position() + RecordBatch.HEADER_SIZE;
            for (int i = 0; i < batch.recordCount(); i++) {
                consumer.accept(batch.baseOffset() + i, bytes.getLong(at + i * Long.BYTES));
            }
        }
    }
}
