package io.millrace.protocol.record;

import static io.millrace.protocol.record.BatchLayout.putInt;
import static io.millrace.protocol.record.BatchLayout.putLong;
import static io.millrace.protocol.record.BatchLayout.putShort;

import io.millrace.protocol.Bytes;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes one batch of bounded size, record by record into one growing array.
 *
 * <pre>{@code
 * var builder = new RecordBatchBuilder(maxBytes);
 * if (!builder.tryAppend(now, key, value, headers)) {
 *     send(builder.build());          // Full: this record begins the next batch.
 * }
 * }</pre>
 *
 * <p>Offsets begin at 0 until the leader assigns them ({@link RecordBatches#assignOffsets}). Not thread-safe.
 */
public final class RecordBatchBuilder {
    private static final int CAPACITY_INITIAL = 1024;

    private final int sizeMax;
    private byte[] array;
    /** Where the next record goes: the batch's size so far. */
    private int end = BatchLayout.RECORDS;

    private int count;
    private long baseTimestampMillis;
    private long maxTimestampMillis = RecordBatch.NO_TIMESTAMP;
    private long producerId = RecordBatch.NO_PRODUCER_ID;
    private short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
    private int baseSequence = RecordBatch.NO_SEQUENCE;
    private boolean built;

    /**
     * An empty batch.
     *
     * @param sizeMax the most bytes that the batch may have, its header of {@link RecordBatch#HEADER_SIZE} included
     * @throws IllegalArgumentException if not even the header fits
     */
    public RecordBatchBuilder(int sizeMax) {
        if (sizeMax < RecordBatch.HEADER_SIZE) {
            throw new IllegalArgumentException(
                    "a batch has at least " + RecordBatch.HEADER_SIZE + " bytes, not " + sizeMax);
        }
        this.sizeMax = sizeMax;
        this.array = new byte[Math.min(sizeMax, CAPACITY_INITIAL)];
    }

    /**
     * The size of a batch of this one record: what a limit on the size of a message is held against.
     *
     * @return in bytes; a long, since it can pass {@code 2^31}
     */
    public static long sizeOfBatchOf(@Nullable Bytes key, @Nullable Bytes value, List<Header> headers) {
        return RecordBatch.HEADER_SIZE + withLength(sizeOfBody(0, 0, key, value, headers));
    }

    /**
     * Appends a record, if it fits.
     *
     * @param timestampMillis since 1970, or {@link RecordBatch#NO_TIMESTAMP}
     * @return false if the batch would pass its bound; it is unchanged then. A record that an empty batch has no room for
     *     fits into none: see {@link #sizeOfBatchOf}
     * @throws IllegalArgumentException if the timestamp is less than -1
     * @throws IllegalStateException after {@link #build()}
     */
    public boolean tryAppend(long timestampMillis, @Nullable Bytes key, @Nullable Bytes value, List<Header> headers) {
        requireNotBuilt();
        if (timestampMillis < RecordBatch.NO_TIMESTAMP) {
            throw new IllegalArgumentException("a timestamp is 0 or more, or -1 for none, not " + timestampMillis);
        }
        // Both are -1 or more: only from -1 to the largest long it wraps around, and back when it is added again.
        long timestampDelta = count == 0 ? 0 : timestampMillis - baseTimestampMillis;
        long body = sizeOfBody(timestampDelta, count, key, value, headers);
        long size = end + withLength(body);
        if (size > sizeMax) {
            return false;
        }
        ensureCapacity((int) size);
        if (count == 0) {
            baseTimestampMillis = timestampMillis;
        }
        maxTimestampMillis = Math.max(maxTimestampMillis, timestampMillis);
        write(body, timestampDelta, key, value, headers);
        count++;
        return true;
    }

    /**
     * The size that the batch would have with this record too, whether it fits or not.
     *
     * @return in bytes; a long, since it can pass {@code 2^31}
     */
    public long sizeWith(long timestampMillis, @Nullable Bytes key, @Nullable Bytes value, List<Header> headers) {
        long timestampDelta = count == 0 ? 0 : timestampMillis - baseTimestampMillis;
        return end + withLength(sizeOfBody(timestampDelta, count, key, value, headers));
    }

    /**
     * Makes it the batch of an idempotent producer. May be called until the batch is built, since a producer numbers batches
     * when it sends them.
     *
     * @param baseSequence the first record's sequence number
     * @throws IllegalArgumentException if one of them is negative
     * @throws IllegalStateException after {@link #build()}
     */
    public RecordBatchBuilder producer(long producerId, short producerEpoch, int baseSequence) {
        requireNotBuilt();
        if (producerId < 0 || producerEpoch < 0 || baseSequence < 0) {
            throw new IllegalArgumentException("producer " + producerId + ", epoch " + producerEpoch + ", sequence "
                    + baseSequence + ": all are 0 or more");
        }
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        return this;
    }

    public int recordCount() {
        return count;
    }

    /** The size that the batch has if built now. */
    public int sizeInBytes() {
        return end;
    }

    /**
     * The finished batch. The builder gives its array away instead of copying it and takes no further calls.
     *
     * @throws IllegalStateException if there are no records, or the second time
     */
    public Bytes build() {
        return build(Compression.NONE);
    }

    /**
     * The finished batch, compressed if that makes it smaller. The builder takes no further calls.
     *
     * @throws IllegalStateException if there are no records, or the second time
     */
    public Bytes build(Compression wanted) {
        return build(wanted, CompressionTypes.ANY);
    }

    /**
     * The finished batch, compressed as wanted, or otherwise if that is not allowed. Where it must be compressed and does not become
     * smaller by it, it may pass its bound. The builder takes no further calls.
     *
     * @throws IllegalStateException if there are no records, or the second time
     */
    public Bytes build(Compression wanted, CompressionTypes types) {
        requireNotBuilt();
        if (count == 0) {
            throw new IllegalStateException("a batch has at least one record");
        }
        built = true;
        Compression closest = types.closestTo(wanted);
        Compression compression = compress(closest, !types.allow(Compression.NONE)) ? closest : Compression.NONE;
        putLong(array, BatchLayout.BASE_OFFSET, 0);
        putInt(array, BatchLayout.BATCH_LENGTH, end - BatchLayout.LENGTH_OVERHEAD);
        putInt(array, BatchLayout.PARTITION_LEADER_EPOCH, RecordBatch.NO_LEADER_EPOCH);
        array[BatchLayout.MAGIC] = BatchLayout.MAGIC_V2;
        putShort(array, BatchLayout.ATTRIBUTES, (short) compression.id());
        putInt(array, BatchLayout.LAST_OFFSET_DELTA, count - 1);
        putLong(array, BatchLayout.BASE_TIMESTAMP, baseTimestampMillis);
        putLong(array, BatchLayout.MAX_TIMESTAMP, maxTimestampMillis);
        putLong(array, BatchLayout.PRODUCER_ID, producerId);
        putShort(array, BatchLayout.PRODUCER_EPOCH, producerEpoch);
        putInt(array, BatchLayout.BASE_SEQUENCE, baseSequence);
        putInt(array, BatchLayout.RECORD_COUNT, count);
        putInt(array, BatchLayout.CRC, BatchLayout.crcOf(array, 0, end));
        return Bytes.wrap(array, 0, end);
    }

    /** Puts the compressed records in the place of the records, unless they are no smaller and need not be compressed. */
    private boolean compress(Compression wanted, boolean always) {
        if (wanted == Compression.NONE) {
            return false;
        }
        int plainSize = end - BatchLayout.RECORDS;
        Bytes compressed = Codec.compress(wanted, Bytes.wrap(array, BatchLayout.RECORDS, plainSize));
        if (compressed.size() >= plainSize && !always) {
            return false;
        }
        if (BatchLayout.RECORDS + compressed.size() > array.length) {
            array = Arrays.copyOf(array, BatchLayout.RECORDS + compressed.size());
        }
        compressed.copyTo(array, BatchLayout.RECORDS);
        end = BatchLayout.RECORDS + compressed.size();
        return true;
    }

    private void write(
            long body, long timestampDelta, @Nullable Bytes key, @Nullable Bytes value, List<Header> headers) {
        end = Varint.write(array, end, body);
        array[end++] = 0; // Attributes.
        end = Varint.write(array, end, timestampDelta);
        end = Varint.write(array, end, count);
        end = writeBytes(end, key);
        end = writeBytes(end, value);
        end = Varint.write(array, end, headers.size());
        for (Header header : headers) {
            end = Varint.write(array, end, Utf8.sizeOf(header.key()));
            end = Utf8.write(array, end, header.key());
            end = writeBytes(end, header.value());
        }
    }

    private int writeBytes(int at, @Nullable Bytes bytes) {
        if (bytes == null) {
            return Varint.write(array, at, -1);
        }
        int contentAt = Varint.write(array, at, bytes.size());
        bytes.copyTo(array, contentAt);
        return contentAt + bytes.size();
    }

    private static long sizeOfBody(
            long timestampDelta, int offsetDelta, @Nullable Bytes key, @Nullable Bytes value, List<Header> headers) {
        long size = 1 + Varint.sizeOf(timestampDelta) + Varint.sizeOf(offsetDelta) + sizeOf(key) + sizeOf(value);
        size += Varint.sizeOf(headers.size());
        for (Header header : headers) {
            size += withLength(Utf8.sizeOf(header.key())) + sizeOf(header.value());
        }
        return size;
    }

    private static long sizeOf(@Nullable Bytes bytes) {
        return bytes == null ? Varint.sizeOf(-1) : withLength(bytes.size());
    }

    private static long withLength(long size) {
        return Varint.sizeOf(size) + size;
    }

    private void ensureCapacity(int size) {
        if (size > array.length) {
            long doubled = Math.min(2L * array.length, sizeMax);
            array = Arrays.copyOf(array, (int) Math.max(doubled, size));
        }
    }

    private void requireNotBuilt() {
        if (built) {
            throw new IllegalStateException("the batch is built");
        }
    }
}
