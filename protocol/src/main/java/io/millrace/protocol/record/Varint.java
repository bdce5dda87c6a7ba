package io.millrace.protocol.record;

/**
 * Writes zigzag base-128 integers, as Protocol Buffers' {@code sint32} and {@code sint64}.
 *
 * <p>One pair of methods for both: the zigzag of an {@code int} has the same bits whether computed in 32 or in 64 bits.
 * Reading is in {@link RecordCursor}, where the bounds are known.
 */
final class Varint {
    private Varint() {}

    /** How many bytes the value takes: 1 to 10. */
    static int sizeOf(long value) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(zigzag(value));
        return Math.max(1, (bits + 6) / 7);
    }

    /** Writes the value from {@code at} on and returns where it ends. */
    static int write(byte[] target, int at, long value) {
        int end = at;
        long rest = zigzag(value);
        while ((rest & ~0x7fL) != 0) {
            target[end++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        target[end++] = (byte) rest;
        return end;
    }

    private static long zigzag(long value) {
        return value << 1 ^ value >> 63;
    }
}
