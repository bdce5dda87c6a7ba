package io.millrace.protocol.record;

/** The bytes are not a record batch, or not one that can be accepted. Says what is wrong and where. */
public final class CorruptRecordBatchException extends RuntimeException {
    private final Reason reason;
    private final int position;

    /** What is wrong, for programs; the message has the numbers. */
    public enum Reason {
        /** Fewer bytes than a header has, or than the batch's length asks for. */
        TRUNCATED,
        /** A length that contradicts another one: negative, past the end of what contains it, or short of it. */
        BAD_LENGTH,
        /** Not version 2 of the format. */
        BAD_MAGIC,
        /** The content is not what the checksum was computed from. */
        BAD_CRC,
        /** Attribute bits without a meaning here. */
        BAD_ATTRIBUTES,
        /** Compressed in a way that is unknown. */
        UNSUPPORTED_CODEC,
        /** Not what its codec writes. */
        BAD_COMPRESSION,
        /** More records than allowed, in bytes, when decompressed. */
        TOO_LARGE,
        /** A batch of no records. */
        EMPTY,
        /** A number of records or headers that is negative, cannot fit, or contradicts the last offset. */
        BAD_COUNT,
        /** Offsets that are negative, pass {@code 2^63 - 1}, or are not 0, 1, 2 … within the batch. */
        BAD_OFFSET,
        /** Timestamps below -1 or out of range, or a base or maximum that the records contradict. */
        BAD_TIMESTAMP,
        /** A producer id below -1, or one without a valid epoch or sequence number. */
        BAD_PRODUCER,
        /** A variable-length integer that does not fit its type. */
        BAD_VARINT
    }

    /**
     * For this package.
     *
     * @param position in the {@link io.millrace.protocol.Bytes} that were being read
     */
    CorruptRecordBatchException(Reason reason, int position, String detail) {
        super(reason + " at byte " + position + ": " + detail);
        this.reason = reason;
        this.position = position;
    }

    public Reason reason() {
        return reason;
    }

    /** Where the batch, record or field is that is wrong, in the {@link io.millrace.protocol.Bytes} that were read. */
    public int position() {
        return position;
    }
}
