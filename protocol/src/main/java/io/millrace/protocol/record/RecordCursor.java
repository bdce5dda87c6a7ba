package io.millrace.protocol.record;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CorruptRecordBatchException.Reason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Walks the records of a batch in place: one object for all of them. Stands before the first one until {@link #next()};
 * the other methods are about the record that it reached, and allocate only what they return.
 *
 * <pre>{@code
 * RecordCursor cursor = batch.cursor();
 * while (cursor.next()) {
 *     index(cursor.offset(), cursor.key());
 * }
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class RecordCursor {
    static final int NOT_COMPRESSED = -1;

    private final byte[] array;
    /** Where position 0 of error messages is, in the array. */
    private final int origin;

    private final int compressedAt;

    private final int sectionEnd;
    private final int count;
    private final long baseOffset;
    private final long baseTimestampMillis;
    private final long maxTimestampMillis;
    private final boolean logAppendTime;

    /** The next byte to read; all positions are in the array. */
    private int at;

    private int index = -1;
    private int recordStart;
    private long timestampMillis;
    private int keyAt;
    private int keySize;
    private int valueAt;
    private int valueSize;
    private int headersAt;
    private int headerCount;

    /**
     * For {@link RecordBatch}, which has checked its header.
     *
     * @param section the records, uncompressed
     * @param origin where position 0 of error messages is, in the section's array
     * @param compressedAt the position of all errors, since a record in a compressed batch has none of its own; or
     *     {@link #NOT_COMPRESSED}
     */
    RecordCursor(RecordBatch batch, Bytes section, int origin, int compressedAt) {
        this.array = section.unsafeArray();
        this.origin = origin;
        this.compressedAt = compressedAt;
        this.at = section.unsafeOffset();
        this.sectionEnd = at + section.size();
        this.recordStart = at;
        this.count = batch.recordCount();
        this.baseOffset = batch.baseOffset();
        this.baseTimestampMillis = batch.baseTimestampMillis();
        this.maxTimestampMillis = batch.maxTimestampMillis();
        this.logAppendTime = batch.timestampType() == TimestampType.LOG_APPEND_TIME;
    }

    /** Whether {@link #next()} would read another record, or throw for it. */
    public boolean hasNext() {
        return index + 1 < count;
    }

    /**
     * Moves on to the next record and checks it to its last byte.
     *
     * @return false after the last one
     * @throws CorruptRecordBatchException BAD_LENGTH, BAD_VARINT, BAD_COUNT, BAD_OFFSET, BAD_ATTRIBUTES or BAD_TIMESTAMP;
     *     the cursor is of no use then
     */
    public boolean next() {
        if (!hasNext()) {
            return false;
        }
        index++;
        recordStart = at;
        int length = readVarint(sectionEnd);
        if (length < BatchLayout.RECORD_SIZE_MIN - 1 || length > sectionEnd - at) {
            throw corrupt(Reason.BAD_LENGTH, "length " + length + " with " + (sectionEnd - at) + " bytes to the end");
        }
        int end = at + length;
        if (array[at] != 0) {
            throw corrupt(Reason.BAD_ATTRIBUTES, "record attributes " + array[at] + " have no meaning here");
        }
        at++;
        readTimestamp(end);
        int offsetDelta = readVarint(end);
        if (offsetDelta != index) {
            throw corrupt(Reason.BAD_OFFSET, "offset delta " + offsetDelta + " instead of " + index);
        }
        keySize = readLength(end, "key");
        keyAt = skip(keySize);
        valueSize = readLength(end, "value");
        valueAt = skip(valueSize);
        headerCount = readVarint(end);
        headersAt = at;
        skipHeaders(end);
        if (at != end) {
            throw corrupt(Reason.BAD_LENGTH, (end - at) + " bytes are left over in the record");
        }
        if (!hasNext() && at != sectionEnd) {
            throw corrupt(Reason.BAD_LENGTH, (sectionEnd - at) + " bytes are left over after the last record");
        }
        return true;
    }

    public long offset() {
        return baseOffset + index;
    }

    /** The record's timestamp, or the batch's if that is a log append time; {@link RecordBatch#NO_TIMESTAMP} if none. */
    public long timestampMillis() {
        return logAppendTime ? maxTimestampMillis : timestampMillis;
    }

    /** A slice of the batch. */
    public @Nullable Bytes key() {
        return slice(keyAt, keySize);
    }

    /** A slice of the batch. */
    public @Nullable Bytes value() {
        return slice(valueAt, valueSize);
    }

    public int headerCount() {
        return headerCount;
    }

    /** The headers, decoded anew each time. A key that is not UTF-8 has U+FFFD where it is not. */
    public List<Header> headers() {
        if (headerCount == 0) {
            return List.of();
        }
        int resume = at;
        at = headersAt;
        Header[] headers = new Header[headerCount]; // Bounded by next(), which also checked what is read here.
        for (int i = 0; i < headers.length; i++) {
            int nameSize = readVarint(sectionEnd);
            String name = Bytes.wrap(array, at, nameSize).toUtf8();
            at += nameSize;
            int size = readVarint(sectionEnd);
            headers[i] = new Header(name, slice(at, size));
            skip(size);
        }
        at = resume;
        return List.of(headers);
    }

    /** All of the record, as slices of the batch. */
    public StoredRecord toRecord() {
        return new StoredRecord(offset(), timestampMillis(), key(), value(), headers());
    }

    /** The record's size in the batch, its length field included. */
    public int sizeInBytes() {
        return at - recordStart;
    }

    private void readTimestamp(int end) {
        long delta = readVarlong(end);
        timestampMillis = baseTimestampMillis + delta;
        // A sum past the largest long is less than -1 too; from -1 to the largest long, the delta itself has wrapped
        // around.
        // With log append time the delta is what remains of the producer's clock: it must be readable, and means
        // nothing.
        if (!logAppendTime && timestampMillis < RecordBatch.NO_TIMESTAMP) {
            throw corrupt(Reason.BAD_TIMESTAMP, "timestamp delta " + delta + " to " + baseTimestampMillis);
        }
    }

    private void skipHeaders(int end) {
        if (headerCount < 0 || headerCount > (end - at) / BatchLayout.HEADER_SIZE_MIN) {
            throw corrupt(Reason.BAD_COUNT, headerCount + " headers in " + (end - at) + " bytes");
        }
        for (int i = 0; i < headerCount; i++) {
            int nameSize = readLength(end, "header key");
            if (nameSize < 0) {
                throw corrupt(Reason.BAD_LENGTH, "the key of header " + i + " is null");
            }
            skip(nameSize);
            skip(readLength(end, "header value"));
        }
    }

    /** Reads the length of bytes that must fit before {@code end}; -1 for null. */
    private int readLength(int end, String what) {
        int length = readVarint(end);
        if (length < -1 || length > end - at) {
            throw corrupt(
                    Reason.BAD_LENGTH,
                    what + " length " + length + " with " + (end - at) + " bytes to the record's end");
        }
        return length;
    }

    /** Passes so many bytes, none for null, and returns where they began. */
    private int skip(int size) {
        int from = at;
        at += Math.max(size, 0);
        return from;
    }

    private @Nullable Bytes slice(int from, int size) {
        return size < 0 ? null : Bytes.wrap(array, from, size);
    }

    private int readVarint(int end) {
        int raw = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = readVarintByte(end);
            if (shift == 28 && (b & 0xf0) != 0) {
                throw corrupt(Reason.BAD_VARINT, "a varint of more than 32 bits");
            }
            raw |= (b & 0x7f) << shift;
            if (b >= 0) {
                return raw >>> 1 ^ -(raw & 1);
            }
        }
    }

    private long readVarlong(int end) {
        long raw = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = readVarintByte(end);
            if (shift == 63 && (b & 0xfe) != 0) {
                throw corrupt(Reason.BAD_VARINT, "a varlong of more than 64 bits");
            }
            raw |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return raw >>> 1 ^ -(raw & 1);
            }
        }
    }

    private byte readVarintByte(int end) {
        if (at >= end) {
            throw corrupt(Reason.BAD_LENGTH, "what contains it ends within a varint");
        }
        return array[at++];
    }

    /** The position is the record's: its number is what a user can look up. */
    private CorruptRecordBatchException corrupt(Reason reason, String detail) {
        int position = compressedAt == NOT_COMPRESSED ? recordStart - origin : compressedAt;
        return new CorruptRecordBatchException(reason, position, "record " + index + " of " + count + ": " + detail);
    }
}
