package io.millrace.protocol.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Where the fields of a batch are, relative to its first byte; the table is in the package's documentation. */
final class BatchLayout {
    static final int BASE_OFFSET = 0;
    static final int BATCH_LENGTH = 8;
    static final int PARTITION_LEADER_EPOCH = 12;
    static final int MAGIC = 16;
    static final int CRC = 17;
    static final int ATTRIBUTES = 21;
    static final int LAST_OFFSET_DELTA = 23;
    static final int BASE_TIMESTAMP = 27;
    static final int MAX_TIMESTAMP = 35;
    static final int PRODUCER_ID = 43;
    static final int PRODUCER_EPOCH = 51;
    static final int BASE_SEQUENCE = 53;
    static final int RECORD_COUNT = 57;
    static final int RECORDS = 61;

    /** What {@code batchLength} does not count: itself and what stands before it. */
    static final int LENGTH_OVERHEAD = BATCH_LENGTH + Integer.BYTES;

    static final byte MAGIC_V2 = 2;

    static final int CODEC_MASK = 0b111;
    static final int LOG_APPEND_TIME_BIT = 1 << 3;
    static final int TRANSACTIONAL_BIT = 1 << 4;
    static final int CONTROL_BIT = 1 << 5;
    static final int KNOWN_ATTRIBUTES = CODEC_MASK | LOG_APPEND_TIME_BIT | TRANSACTIONAL_BIT | CONTROL_BIT;

    /** Length, attributes, two deltas, two lengths of -1 or 0 and a header count of 0: one byte each. */
    static final int RECORD_SIZE_MIN = 7;
    /** Two lengths: one byte each. */
    static final int HEADER_SIZE_MIN = 2;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private BatchLayout() {}

    static short getShort(byte[] array, int at) {
        return (short) SHORT.get(array, at);
    }

    static int getInt(byte[] array, int at) {
        return (int) INT.get(array, at);
    }

    static long getLong(byte[] array, int at) {
        return (long) LONG.get(array, at);
    }

    static void putShort(byte[] array, int at, short value) {
        SHORT.set(array, at, value);
    }

    static void putInt(byte[] array, int at, int value) {
        INT.set(array, at, value);
    }

    static void putLong(byte[] array, int at, long value) {
        LONG.set(array, at, value);
    }

    /** The checksum that a batch of this size at this place should carry: CRC32C from its attributes to its end. */
    static int crcOf(byte[] array, int batchAt, int batchSize) {
        CRC32C crc = new CRC32C();
        crc.update(array, batchAt + ATTRIBUTES, batchSize - ATTRIBUTES);
        return (int) crc.getValue();
    }
}
