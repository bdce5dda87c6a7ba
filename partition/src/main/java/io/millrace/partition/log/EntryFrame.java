package io.millrace.partition.log;

import io.millrace.partition.raft.Payload;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Where the fields of a frame are; the layout and its reasons are in the package description. */
final class EntryFrame {
    static final int CRC = 0;
    static final int LENGTH = 4;
    static final int INDEX = 8;
    static final int TERM = 16;
    static final int DURABLE = 24;
    static final int NEXT_OFFSET = 32;
    static final int TYPE = 40;
    static final int HEADER_BYTES = 41;

    /** In the place of an entry's type: not an entry, but a note on how much is durable. */
    static final byte MARK = 0;

    private EntryFrame() {}

    static int frameBytes(Payload payload) {
        return Math.addExact(HEADER_BYTES, payload.sizeBytes());
    }

    /** Puts a header at the start of an array, the checksum over header and payload included. */
    static void encodeHeader(
            byte[] array,
            long salt,
            long position,
            byte type,
            long index,
            long term,
            long durable,
            long nextOffset,
            Payload payload) {
        ByteBuffer header = ByteBuffer.wrap(array);
        header.putInt(LENGTH, payload.sizeBytes());
        header.putLong(INDEX, index);
        header.putLong(TERM, term);
        header.putLong(DURABLE, durable);
        header.putLong(NEXT_OFFSET, nextOffset);
        header.put(TYPE, type);
        CRC32C crc = new CRC32C();
        crc.update(array, LENGTH, HEADER_BYTES - LENGTH);
        crc.update(payload.array(), payload.arrayOffset(), payload.sizeBytes());
        header.putInt(CRC, (int) crc.getValue() ^ mask(salt, position));
    }

    static boolean checksumHolds(byte[] array, int at, int payloadBytes, long salt, long position) {
        CRC32C crc = new CRC32C();
        crc.update(array, at + LENGTH, HEADER_BYTES - LENGTH + payloadBytes);
        int stored = ByteBuffer.wrap(array).getInt(at + CRC);
        return stored == ((int) crc.getValue() ^ mask(salt, position));
    }

    /**
     * Ties a checksum to one place in one segment: a frame that a producer copied into a message, or that the disk
     * wrote to the wrong place, is no frame. (The finalizer of SplitMix64.)
     */
    private static int mask(long salt, long position) {
        long z = salt + position * 0x9E37_79B9_7F4A_7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return (int) (z ^ (z >>> 31));
    }
}
