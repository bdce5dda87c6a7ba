package io.millrace.protocol.record;

import static io.millrace.protocol.record.BatchLayout.getInt;
import static io.millrace.protocol.record.BatchLayout.getLong;
import static io.millrace.protocol.record.BatchLayout.getShort;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CorruptRecordBatchException.Reason;
import java.io.IOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A record batch where it lies: the header's fields are read in place, the records only if asked for.
 *
 * <p>Four depths, each safe on bytes from anywhere:
 * <ol>
 *   <li>{@link #at}: there is a batch here and all of it is here. Fields may still say anything.
 *   <li>{@link #validate()}: the checksum matches and the header is consistent. What a broker does to every batch.
 *   <li>{@link #validateRecords()}: the records are what the header says. No allocation per record.
 *   <li>{@link #records()} or {@link #cursor()}: the records themselves.
 * </ol>
 *
 * <p>The checksum covers neither {@code baseOffset} nor {@code partitionLeaderEpoch}, so that a leader can write them
 * without reading the batch; damage to these two is not found here but by the checksum of the log's or the wire's frame.
 */
public final class RecordBatch {
    /** A batch without an idempotent producer. */
    public static final long NO_PRODUCER_ID = -1;

    public static final short NO_PRODUCER_EPOCH = -1;
    public static final int NO_SEQUENCE = -1;
    /** Not appended by a leader yet. */
    public static final int NO_LEADER_EPOCH = -1;
    /** A record whose producer gave no time. */
    public static final long NO_TIMESTAMP = -1;
    /** A bound on decompressed records for who has no other: more than any broker takes by default. */
    public static final int DECOMPRESSED_BYTES_MAX = 64 << 20;
    /** Bytes before the first record: no batch is smaller. */
    public static final int HEADER_SIZE = BatchLayout.RECORDS;

    private final Bytes source;
    private final byte[] array;
    /** Of the batch's first byte, in the array. */
    private final int start;

    private final int size;

    private RecordBatch(Bytes source, int start, int size) {
        this.source = source;
        this.array = source.unsafeArray();
        this.start = start;
        this.size = size;
    }

    /**
     * The batch that begins at this position; more bytes may follow it. Checks that it is of this version of the format and
     * entirely there, and no more.
     *
     * @throws CorruptRecordBatchException TRUNCATED, BAD_MAGIC or BAD_LENGTH
     * @throws IndexOutOfBoundsException unless {@code 0 <= position <= bytes.size()}
     */
    public static RecordBatch at(Bytes bytes, int position) {
        int present = bytes.slice(position, bytes.size()).size();
        byte[] array = bytes.unsafeArray();
        int start = bytes.unsafeOffset() + position;
        // The magic before the rest: all versions have it at this place, and an older batch may be shorter than this
        // header.
        if (present > BatchLayout.MAGIC && array[start + BatchLayout.MAGIC] != BatchLayout.MAGIC_V2) {
            throw new CorruptRecordBatchException(
                    Reason.BAD_MAGIC, position, "version " + array[start + BatchLayout.MAGIC] + ", only 2 is known");
        }
        if (present < HEADER_SIZE) {
            throw new CorruptRecordBatchException(
                    Reason.TRUNCATED, position, present + " bytes, a header has " + HEADER_SIZE);
        }
        int length = getInt(array, start + BatchLayout.BATCH_LENGTH);
        if (length < HEADER_SIZE - BatchLayout.LENGTH_OVERHEAD) {
            throw new CorruptRecordBatchException(
                    Reason.BAD_LENGTH, position, "batch length " + length + " is less than the header takes");
        }
        if (length > present - BatchLayout.LENGTH_OVERHEAD) {
            throw new CorruptRecordBatchException(
                    Reason.TRUNCATED,
                    position,
                    "batch length " + length + ", but " + (present - BatchLayout.LENGTH_OVERHEAD) + " bytes follow it");
        }
        return new RecordBatch(bytes, start, BatchLayout.LENGTH_OVERHEAD + length);
    }

    /** The first record's offset; of a batch that no leader has appended, whatever its producer wrote. */
    public long baseOffset() {
        return getLong(array, start + BatchLayout.BASE_OFFSET);
    }

    public long lastOffset() {
        return baseOffset() + lastOffsetDelta();
    }

    /** Where the next batch of the partition begins. */
    public long nextOffset() {
        return lastOffset() + 1;
    }

    public int lastOffsetDelta() {
        return getInt(array, start + BatchLayout.LAST_OFFSET_DELTA);
    }

    /** The number of records; trust it after {@link #validate()}. */
    public int recordCount() {
        return getInt(array, start + BatchLayout.RECORD_COUNT);
    }

    public int partitionLeaderEpoch() {
        return getInt(array, start + BatchLayout.PARTITION_LEADER_EPOCH);
    }

    /** The CRC32C that the batch carries, as the 32 bits that it is. */
    public int crc() {
        return getInt(array, start + BatchLayout.CRC);
    }

    /**
     * How the records are compressed.
     *
     * @throws CorruptRecordBatchException UNSUPPORTED_CODEC if the attributes have a number that means nothing
     */
    public Compression compression() {
        int id = attributes() & BatchLayout.CODEC_MASK;
        Compression compression = Compression.forId(id);
        if (compression == null) {
            throw corrupt(Reason.UNSUPPORTED_CODEC, BatchLayout.ATTRIBUTES, "codec " + id + " is unknown");
        }
        return compression;
    }

    public TimestampType timestampType() {
        return (attributes() & BatchLayout.LOG_APPEND_TIME_BIT) == 0
                ? TimestampType.CREATE_TIME
                : TimestampType.LOG_APPEND_TIME;
    }

    public boolean isTransactional() {
        return (attributes() & BatchLayout.TRANSACTIONAL_BIT) != 0;
    }

    /** Whether its records are for the system and not for applications. No producer may send such. */
    public boolean isControl() {
        return (attributes() & BatchLayout.CONTROL_BIT) != 0;
    }

    /** What the records' timestamps are relative to, in milliseconds since 1970. */
    public long baseTimestampMillis() {
        return getLong(array, start + BatchLayout.BASE_TIMESTAMP);
    }

    /** The largest timestamp; with {@link TimestampType#LOG_APPEND_TIME} that of every record. */
    public long maxTimestampMillis() {
        return getLong(array, start + BatchLayout.MAX_TIMESTAMP);
    }

    public boolean hasProducer() {
        return producerId() != NO_PRODUCER_ID;
    }

    public long producerId() {
        return getLong(array, start + BatchLayout.PRODUCER_ID);
    }

    public short producerEpoch() {
        return getShort(array, start + BatchLayout.PRODUCER_EPOCH);
    }

    /** The producer's sequence number of the first record. */
    public int baseSequence() {
        return getInt(array, start + BatchLayout.BASE_SEQUENCE);
    }

    /** The producer's sequence number of the last record; after {@code 2^31 - 1} comes 0. */
    public int lastSequence() {
        int base = baseSequence();
        return base == NO_SEQUENCE ? NO_SEQUENCE : base + lastOffsetDelta() & Integer.MAX_VALUE;
    }

    public int sizeInBytes() {
        return size;
    }

    /** Where the batch begins in the bytes that {@link #at} was given. */
    public int position() {
        return start - source.unsafeOffset();
    }

    /** The batch's own bytes, header and all, without copying. */
    public Bytes bytes() {
        return source.slice(position(), position() + size);
    }

    /**
     * Checks the checksum and the header, compressed or not. Reads each byte once and decodes no record.
     *
     * @throws CorruptRecordBatchException BAD_CRC, or what {@link #validateHeader()} throws
     */
    public void validate() {
        int computed = BatchLayout.crcOf(array, start, size);
        if (computed != crc()) {
            // Nothing else is worth saying: any field may be the damaged one.
            throw corrupt(
                    Reason.BAD_CRC,
                    0,
                    String.format("stored %08x, computed %08x over %d bytes", crc(), computed, size));
        }
        validateHeader();
    }

    /**
     * Checks that the header's fields agree with each other and with the size, without reading any further.
     *
     * @throws CorruptRecordBatchException BAD_ATTRIBUTES, UNSUPPORTED_CODEC, EMPTY, BAD_COUNT, BAD_OFFSET, BAD_TIMESTAMP or
     *     BAD_PRODUCER
     */
    public void validateHeader() {
        int unknownAttributes = attributes() & 0xffff & ~BatchLayout.KNOWN_ATTRIBUTES;
        if (unknownAttributes != 0) {
            throw corrupt(
                    Reason.BAD_ATTRIBUTES,
                    BatchLayout.ATTRIBUTES,
                    String.format("bits %04x have no meaning here", unknownAttributes));
        }
        validateCount();
        if (baseOffset() < 0 || baseOffset() > Long.MAX_VALUE - recordCount()) {
            throw corrupt(
                    Reason.BAD_OFFSET,
                    BatchLayout.BASE_OFFSET,
                    "base offset " + baseOffset() + " of " + recordCount() + " records");
        }
        validateTimestamps();
        validateProducer();
    }

    /** {@link #validateRecords(int)} with {@link #DECOMPRESSED_BYTES_MAX}. */
    public int validateRecords() {
        return validateRecords(DECOMPRESSED_BYTES_MAX);
    }

    /**
     * Checks everything: what {@link #validate()} checks, and every record to its last byte. Allocates nothing per record; if
     * the batch is compressed, room for the decompressed records, bounded.
     *
     * @param decompressedBytesMax of the records of a compressed batch
     * @return the size of the largest record, in bytes, its length field included
     * @throws CorruptRecordBatchException what {@code validate()} throws, BAD_COMPRESSION, TOO_LARGE, and BAD_LENGTH,
     *     BAD_VARINT, BAD_COUNT, BAD_OFFSET, BAD_ATTRIBUTES or BAD_TIMESTAMP for a record
     */
    public int validateRecords(int decompressedBytesMax) {
        validate();
        int largest = 0;
        RecordCursor cursor = cursor(decompressedBytesMax);
        boolean createTime = timestampType() == TimestampType.CREATE_TIME;
        long max = NO_TIMESTAMP;
        while (cursor.next()) {
            if (createTime && cursor.offset() == baseOffset() && cursor.timestampMillis() != baseTimestampMillis()) {
                throw corrupt(
                        Reason.BAD_TIMESTAMP,
                        BatchLayout.BASE_TIMESTAMP,
                        "base " + baseTimestampMillis() + ", but the first record's is " + cursor.timestampMillis());
            }
            max = Math.max(max, cursor.timestampMillis());
            largest = Math.max(largest, cursor.sizeInBytes());
        }
        if (max != maxTimestampMillis()) {
            throw corrupt(
                    Reason.BAD_TIMESTAMP,
                    BatchLayout.MAX_TIMESTAMP,
                    "maximum " + maxTimestampMillis() + ", but the records' is " + max);
        }
        return largest;
    }

    /** {@link #cursor(int)} with {@link #DECOMPRESSED_BYTES_MAX}. */
    public RecordCursor cursor() {
        return cursor(DECOMPRESSED_BYTES_MAX);
    }

    /**
     * A walk over the records from the first on, each checked when it is reached; of a compressed batch, all are decompressed
     * now. Does not look at the checksum.
     *
     * @param decompressedBytesMax of the records of a compressed batch
     * @throws CorruptRecordBatchException BAD_COMPRESSION, TOO_LARGE, or what {@link #validateHeader()} throws
     */
    public RecordCursor cursor(int decompressedBytesMax) {
        validateHeader();
        Compression compression = compression();
        int section = position() + BatchLayout.RECORDS;
        Bytes stored = source.slice(section, position() + size);
        if (compression == Compression.NONE) {
            return new RecordCursor(this, stored, source.unsafeOffset(), RecordCursor.NOT_COMPRESSED);
        }
        try {
            Bytes records = Codec.decompress(compression, stored, decompressedBytesMax);
            return new RecordCursor(this, records, 0, section);
        } catch (Codec.TooLargeException e) {
            throw corrupt(Reason.TOO_LARGE, BatchLayout.RECORDS, "records of " + e.getMessage());
        } catch (IOException e) {
            throw corrupt(
                    Reason.BAD_COMPRESSION,
                    BatchLayout.RECORDS,
                    "the records are not what " + compression + " writes: " + e.getMessage());
        }
    }

    /**
     * The records, decoded one at a time as they are asked for. Does not look at the checksum. Iterating throws what
     * {@link #cursor()} and {@link RecordCursor#next()} throw.
     */
    public Iterable<StoredRecord> records() {
        return () -> new RecordIterator(cursor());
    }

    @Override
    public String toString() {
        return "batch of " + recordCount() + " records from offset " + baseOffset() + " in " + size + " bytes";
    }

    void validateCount() {
        int count = recordCount();
        if (count == 0) {
            throw corrupt(Reason.EMPTY, BatchLayout.RECORD_COUNT, "a batch has at least one record");
        }
        if (count < 0) {
            throw corrupt(Reason.BAD_COUNT, BatchLayout.RECORD_COUNT, "record count " + count);
        }
        if (lastOffsetDelta() != count - 1) {
            throw corrupt(
                    Reason.BAD_COUNT,
                    BatchLayout.LAST_OFFSET_DELTA,
                    "last offset delta " + lastOffsetDelta() + " with " + count + " records");
        }
        int section = size - BatchLayout.RECORDS;
        if (compression() == Compression.NONE && count > section / BatchLayout.RECORD_SIZE_MIN) {
            throw corrupt(
                    Reason.BAD_COUNT,
                    BatchLayout.RECORD_COUNT,
                    count + " records cannot fit into " + section + " bytes");
        }
    }

    private void validateTimestamps() {
        long base = baseTimestampMillis();
        long max = maxTimestampMillis();
        if (base < NO_TIMESTAMP) {
            throw corrupt(Reason.BAD_TIMESTAMP, BatchLayout.BASE_TIMESTAMP, "base timestamp " + base);
        }
        if (max < NO_TIMESTAMP) {
            throw corrupt(Reason.BAD_TIMESTAMP, BatchLayout.MAX_TIMESTAMP, "maximum timestamp " + max);
        }
        // The broker's clock owes nothing to the producer's, which the base stays relative to.
        if (max < base && timestampType() == TimestampType.CREATE_TIME) {
            throw corrupt(
                    Reason.BAD_TIMESTAMP,
                    BatchLayout.MAX_TIMESTAMP,
                    "maximum timestamp " + max + " is less than the first, " + base);
        }
    }

    private void validateProducer() {
        if (producerId() < NO_PRODUCER_ID) {
            throw corrupt(Reason.BAD_PRODUCER, BatchLayout.PRODUCER_ID, "producer id " + producerId());
        }
        if (!hasProducer()) {
            return; // Epoch and sequence have no meaning then.
        }
        if (producerEpoch() < 0) {
            throw corrupt(
                    Reason.BAD_PRODUCER,
                    BatchLayout.PRODUCER_EPOCH,
                    "producer " + producerId() + " with epoch " + producerEpoch());
        }
        // The system's own records about a producer are not in the producer's sequence.
        if (baseSequence() < 0 && !isControl()) {
            throw corrupt(
                    Reason.BAD_PRODUCER,
                    BatchLayout.BASE_SEQUENCE,
                    "producer " + producerId() + " with sequence " + baseSequence());
        }
    }

    private short attributes() {
        return getShort(array, start + BatchLayout.ATTRIBUTES);
    }

    private CorruptRecordBatchException corrupt(Reason reason, int field, String detail) {
        return new CorruptRecordBatchException(reason, position() + field, detail);
    }

    private static final class RecordIterator implements Iterator<StoredRecord> {
        private final RecordCursor cursor;

        RecordIterator(RecordCursor cursor) {
            this.cursor = cursor;
        }

        @Override
        public boolean hasNext() {
            return cursor.hasNext();
        }

        @Override
        public StoredRecord next() {
            if (!cursor.next()) {
                throw new NoSuchElementException();
            }
            return cursor.toRecord();
        }
    }
}
