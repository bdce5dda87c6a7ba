package io.millrace.partition.sim;

import java.util.Arrays;

/** Numbers in a row, cut at the end now and then. */
final class LongList {
    private long[] values = new long[16];
    private int size;

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    long get(long i) {
        if (i < 0 || i >= size) {
            throw new IndexOutOfBoundsException("number " + i + " of " + size);
        }
        return values[(int) i];
    }

    int size() {
        return size;
    }

    long lastOr(long other) {
        return size == 0 ? other : values[size - 1];
    }

    void cutTo(long newSize) {
        size = (int) Math.min(size, newSize);
    }

    boolean isEqualTo(LongList other) {
        return Arrays.equals(values, 0, size, other.values, 0, other.size);
    }
}
