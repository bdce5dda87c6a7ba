package io.millrace.partition.log;

import java.util.Arrays;

/**
 * For one entry in every so many bytes of a segment: its index, the next offset before it, the latest timestamp before
 * it, and its position. One thread adds, any number look up; slots are published by the write to {@link #view}.
 */
final class SparseIndex {
    static final int SLOT_LONGS = 4;

    private static final int INDEX = 0;
    private static final int OFFSET = 1;
    private static final int TIMESTAMP = 2;
    private static final int POSITION = 3;

    private static final View NOTHING = new View(new long[0], 0);

    private volatile View view = NOTHING;

    /** The first {@code count} slots never change once published; the array may have room for more. */
    private static final class View {
        final long[] slots;
        final int count;

        View(long[] slots, int count) {
            this.slots = slots;
            this.count = count;
        }

        long field(int slot, int field) {
            return slots[slot * SLOT_LONGS + field];
        }

        /** The last slot whose field is at most (or, if strict, less than) the value; -1 if there is none. */
        int floor(int field, long value, boolean strict) {
            int low = 0;
            int high = count - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                long found = field(middle, field);
                if (found < value || (!strict && found == value)) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return high;
        }
    }

    /** A place to start reading from. */
    record Slot(long index, long offsetBefore, long maxTimestampBefore, long position) {}

    void add(long index, long offsetBefore, long maxTimestampBefore, long position) {
        View now = view;
        int at = now.count * SLOT_LONGS;
        long[] slots = at < now.slots.length
                ? now.slots
                : Arrays.copyOf(now.slots, Math.max(SLOT_LONGS, now.slots.length * 2));
        slots[at + INDEX] = index;
        slots[at + OFFSET] = offsetBefore;
        slots[at + TIMESTAMP] = maxTimestampBefore;
        slots[at + POSITION] = position;
        view = new View(slots, now.count + 1);
    }

    int count() {
        return view.count;
    }

    Slot slot(int number) {
        View now = view;
        return new Slot(
                now.field(number, INDEX),
                now.field(number, OFFSET),
                now.field(number, TIMESTAMP),
                now.field(number, POSITION));
    }

    /** The slot to start from to find an entry, or -1 for the first frame. */
    int floorOfIndex(long index) {
        return view.floor(INDEX, index, false);
    }

    /** The slot to start from to find the entry that holds an offset, or -1 for the first frame. */
    int floorOfOffset(long offset) {
        return view.floor(OFFSET, offset, false);
    }

    /** The slot to start from to find the first entry that has a timestamp or a later one, or -1 for the first frame. */
    int floorOfTimestamp(long timestamp) {
        return view.floor(TIMESTAMP, timestamp, true);
    }

    /** A new index of the first slots of this one. */
    SparseIndex prefix(int count) {
        View now = view;
        SparseIndex copy = new SparseIndex();
        copy.view = new View(Arrays.copyOf(now.slots, count * SLOT_LONGS), count);
        return copy;
    }
}
