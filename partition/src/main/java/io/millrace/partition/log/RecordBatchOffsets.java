package io.millrace.partition.log;

import io.millrace.partition.raft.Payload;
import java.nio.ByteBuffer;

/** Walks the fixed headers of Kafka record batches, format 2; what is in the batches is none of the log's business. */
enum RecordBatchOffsets implements OffsetReader {
    INSTANCE;

    private static final int BASE_OFFSET = 0;
    private static final int BATCH_LENGTH = 8;
    private static final int MAGIC = 16;
    private static final int LAST_OFFSET_DELTA = 23;
    private static final int MAX_TIMESTAMP = 35;
    private static final int HEADER_BYTES = 61;

    /** The length field counts what comes after itself. */
    private static final int BEFORE_LENGTH_COUNTS = 12;

    @Override
    public long nextOffset(Payload data, long before) {
        ByteBuffer bytes = ByteBuffer.wrap(data.array());
        int end = data.arrayOffset() + data.sizeBytes();
        long next = before;
        int at = data.arrayOffset();
        do {
            int batchEnd = endOfBatch(bytes, at, end);
            long baseOffset = bytes.getLong(at + BASE_OFFSET);
            int lastOffsetDelta = bytes.getInt(at + LAST_OFFSET_DELTA);
            if (baseOffset != next || lastOffsetDelta < 0) {
                throw new IllegalArgumentException("a record batch must begin with offset " + next + ", but has "
                        + baseOffset + " and last offset delta " + lastOffsetDelta);
            }
            next = baseOffset + lastOffsetDelta + 1L;
            at = batchEnd;
        } while (at < end);
        return next;
    }

    @Override
    public long baseOffset(Payload data) {
        ByteBuffer bytes = ByteBuffer.wrap(data.array());
        endOfBatch(bytes, data.arrayOffset(), data.arrayOffset() + data.sizeBytes());
        return bytes.getLong(data.arrayOffset() + BASE_OFFSET);
    }

    @Override
    public long maxTimestamp(Payload data) {
        ByteBuffer bytes = ByteBuffer.wrap(data.array());
        int end = data.arrayOffset() + data.sizeBytes();
        long max = NO_TIMESTAMP;
        int at = data.arrayOffset();
        do {
            int batchEnd = endOfBatch(bytes, at, end);
            max = Math.max(max, bytes.getLong(at + MAX_TIMESTAMP));
            at = batchEnd;
        } while (at < end);
        return max;
    }

    private static int endOfBatch(ByteBuffer bytes, int at, int end) {
        if (end - at < HEADER_BYTES) {
            throw new IllegalArgumentException("no room for the header of a record batch in " + (end - at) + " bytes");
        }
        int length = bytes.getInt(at + BATCH_LENGTH);
        if (length < HEADER_BYTES - BEFORE_LENGTH_COUNTS || length > end - at - BEFORE_LENGTH_COUNTS) {
            throw new IllegalArgumentException(
                    "a record batch of length " + length + " in the remaining " + (end - at) + " bytes");
        }
        byte magic = bytes.get(at + MAGIC);
        if (magic != 2) {
            throw new IllegalArgumentException("a record batch of format " + magic + " where only 2 is known");
        }
        return at + BEFORE_LENGTH_COUNTS + length;
    }
}
