package io.millrace.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * An immutable sequence of bytes: a range of an array that nobody writes to any more.
 *
 * <p>Wrapping and slicing copy nothing, so a small slice keeps its whole array in memory; {@link #toByteArray()} cuts it
 * loose. Two are equal if their contents are. Immutability is a promise of whoever wraps: the array must not change once it
 * is inside.
 */
public final class Bytes {
    public static final Bytes EMPTY = new Bytes(new byte[0], 0, 0);

    private static final int BYTES_SHOWN_MAX = 16;

    private final byte[] array;
    private final int offset;
    private final int size;

    private Bytes(byte[] array, int offset, int size) {
        this.array = array;
        this.offset = offset;
        this.size = size;
    }

    /** Wraps the whole array, without copying. */
    public static Bytes wrap(byte[] array) {
        return new Bytes(array, 0, array.length);
    }

    /**
     * Wraps {@code array[offset, offset + size)}, without copying.
     *
     * @throws IndexOutOfBoundsException if the range is not inside the array
     */
    public static Bytes wrap(byte[] array, int offset, int size) {
        Objects.checkFromIndexSize(offset, size, array.length);
        return new Bytes(array, offset, size);
    }

    /** What remains in the buffer, whose position stays. Copies only what has no accessible array (direct, read-only). */
    public static Bytes wrap(ByteBuffer buffer) {
        if (buffer.hasArray()) {
            return new Bytes(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
        }
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return wrap(copy);
    }

    /** The text in UTF-8; an unpaired surrogate becomes {@code ?}, as {@link String#getBytes} does. */
    public static Bytes utf8(String text) {
        return wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /**
     * The byte at this index.
     *
     * @throws IndexOutOfBoundsException unless {@code 0 <= index < size()}
     */
    public byte byteAt(int index) {
        return array[offset + Objects.checkIndex(index, size)];
    }

    /**
     * The bytes {@code [from, to)}, without copying.
     *
     * @throws IndexOutOfBoundsException unless {@code 0 <= from <= to <= size()}
     */
    public Bytes slice(int from, int to) {
        Objects.checkFromToIndex(from, to, size);
        return from == 0 && to == size ? this : new Bytes(array, offset + from, to - from);
    }

    /** A read-only view whose position 0 is the first byte. */
    public ByteBuffer asByteBuffer() {
        return ByteBuffer.wrap(array, offset, size).slice().asReadOnlyBuffer();
    }

    /**
     * Copies all of it to {@code target[at, at + size())}.
     *
     * @throws IndexOutOfBoundsException if it does not fit there
     */
    public void copyTo(byte[] target, int at) {
        System.arraycopy(array, offset, target, at, size);
    }

    /** A copy, which the caller may change. */
    public byte[] toByteArray() {
        return Arrays.copyOfRange(array, offset, offset + size);
    }

    /** The text that these bytes are in UTF-8; what is not UTF-8 becomes U+FFFD. */
    public String toUtf8() {
        return new String(array, offset, size, StandardCharsets.UTF_8);
    }

    /**
     * The array behind it, for code that must hand these bytes on without copying (checksums, I/O, gRPC). Only the
     * {@code size()} bytes from {@link #unsafeOffset()} belong here, and none may be written to.
     */
    public byte[] unsafeArray() {
        return array;
    }

    /** Where the first byte is in {@link #unsafeArray()}. */
    public int unsafeOffset() {
        return offset;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes that
                && Arrays.equals(array, offset, offset + size, that.array, that.offset, that.offset + that.size);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + size; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    /** The size and the first few bytes in hexadecimal: for a log line, not for reading it back. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder().append(size).append(" bytes");
        for (int i = 0; i < Math.min(size, BYTES_SHOWN_MAX); i++) {
            text.append(i == 0 ? " " : "").append(String.format("%02x", array[offset + i]));
        }
        return text.append(size > BYTES_SHOWN_MAX ? "…" : "").toString();
    }
}
