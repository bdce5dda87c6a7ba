package io.millrace.partition.raft;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * Immutable bytes that consensus carries and never looks into.
 *
 * <p>A payload is a window on an array: making one copies nothing, so whoever hands an array over must not write to it
 * afterwards. Equality is by content.
 */
public final class Payload {
    public static final Payload EMPTY = new Payload(new byte[0], 0, 0);

    private final byte[] array;
    private final int offset;
    private final int length;

    private Payload(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /** The whole array, not copied. */
    public static Payload wrap(byte[] array) {
        return array.length == 0 ? EMPTY : new Payload(array, 0, array.length);
    }

    /**
     * {@code length} bytes of the array from {@code offset}, not copied.
     *
     * @throws IndexOutOfBoundsException if the window is not inside the array
     */
    public static Payload wrap(byte[] array, int offset, int length) {
        java.util.Objects.checkFromIndexSize(offset, length, array.length);
        return length == 0 ? EMPTY : new Payload(array, offset, length);
    }

    /**
     * Part of it, not copied.
     *
     * @throws IndexOutOfBoundsException if that is not inside
     */
    public Payload slice(int from, int sizeBytes) {
        java.util.Objects.checkFromIndexSize(from, sizeBytes, length);
        return wrap(array, offset + from, sizeBytes);
    }

    public int sizeBytes() {
        return length;
    }

    /** The array behind this window, to be read only, from {@link #arrayOffset()} for {@link #sizeBytes()} bytes. */
    public byte[] array() {
        return array;
    }

    public int arrayOffset() {
        return offset;
    }

    /** A copy of the bytes. */
    public byte[] toByteArray() {
        return Arrays.copyOfRange(array, offset, offset + length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Payload that
                && Arrays.equals(array, offset, offset + length, that.array, that.offset, that.offset + that.length);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    @Override
    public String toString() {
        int shown = Math.min(length, 16);
        return length + " bytes " + HexFormat.of().formatHex(array, offset, offset + shown)
                + (shown < length ? "…" : "");
    }
}
