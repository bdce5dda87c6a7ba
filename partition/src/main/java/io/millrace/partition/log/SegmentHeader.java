package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The first bytes of a segment; the layout is in the package description.
 *
 * @param previous the position before the first entry
 * @param baseOffset the next offset there
 * @param salt makes frames of this segment distinguishable from copies of frames of any other
 */
record SegmentHeader(LogPosition previous, long baseOffset, long salt) {
    static final int BYTES = 64;

    private static final int MAGIC = 0x4D4C_4F47; // MLOG
    private static final short VERSION = 1;
    private static final int CRC_AT = 40;

    private static final String SUFFIX = ".log";
    private static final int NAME_DIGITS = 20;

    long firstIndex() {
        return previous.index() + 1;
    }

    String fileName() {
        return fileName(firstIndex());
    }

    static String fileName(long firstIndex) {
        return digits(firstIndex) + SUFFIX;
    }

    static String digits(long firstIndex) {
        String number = Long.toString(firstIndex);
        return "0".repeat(NAME_DIGITS - number.length()) + number;
    }

    static boolean isFileName(String name) {
        return isNumbered(name, SUFFIX);
    }

    static boolean isNumbered(String name, String suffix) {
        return name.length() == NAME_DIGITS + suffix.length()
                && name.endsWith(suffix)
                && name.chars().limit(NAME_DIGITS).allMatch(c -> c >= '0' && c <= '9');
    }

    ByteBuffer encode() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        bytes.putInt(MAGIC).putShort(VERSION).putShort((short) 0);
        bytes.putLong(previous.index()).putLong(previous.term());
        bytes.putLong(baseOffset).putLong(salt);
        bytes.putInt(crcOf(bytes.array()));
        return bytes.clear();
    }

    /**
     * The header at the start of some bytes, or null if there is none that is whole.
     *
     * @throws UnsupportedOperationException if it is whole, and of a version that is not known here
     */
    static @Nullable SegmentHeader decode(byte[] array, int length) {
        if (length < BYTES) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(array);
        if (bytes.getInt() != MAGIC || bytes.getInt(CRC_AT) != crcOf(array)) {
            return null;
        }
        short version = bytes.getShort();
        if (version != VERSION) {
            throw new UnsupportedOperationException("a segment of format version " + version + "; known here: "
                    + VERSION + ". It was written by a newer release: run that one");
        }
        bytes.getShort();
        LogPosition previous = new LogPosition(bytes.getLong(), bytes.getLong());
        return new SegmentHeader(previous, bytes.getLong(), bytes.getLong());
    }

    private static int crcOf(byte[] array) {
        CRC32C crc = new CRC32C();
        crc.update(array, 0, CRC_AT);
        return (int) crc.getValue();
    }
}
