package io.millrace.partition.state;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The contents of a partition's latest records, so that a leader can tell a record that is there already.
 *
 * <p>As the {@link ProducerTable}, it follows the log and not the commit, and is a function of the log: what is cut off is taken
 * back, and what is too old goes when the records that make it so are committed. Time is that of the digests in the log; only when
 * a leader looks for a record, it compares with the time of its proposal.
 *
 * <p>A ring of hashes by offset – all records of such a partition are in it, without gaps, from the first on that somebody compared – and chains through the ring from buckets,
 * each from its latest record to its earliest:
 *
 * <pre>
 *   buckets   ┌──────────────────────┐         slot of an offset: its low bits
 *             ▼                      │
 *   ring   [ a ] [ b ] [ c ] [ a ] [ d ]       32 bytes a record, and as much room again at most
 *            ▲___________________older
 * </pre>
 */
final class DedupWindow {
    /** In no chain, so that it is never found. */
    private static final ContentHash UNKNOWN = new ContentHash(-1, -1);

    private static final int CAPACITY_MIN = 16;
    /** Of the slots' numbers, which begin with 1. */
    private static final int NONE = 0;

    static final int RECORD_BYTES = 3 * 8;

    /** After entry {@code index}, the next record has offset {@code end}, and it was this late. */
    private record Mark(long index, long end, long millis) {}

    private final DedupBounds bounds;
    private long[] high;
    private long[] low;
    private long[] millis;
    /** The slot of an earlier record in the same bucket. */
    private int[] older;
    /** The slot of the latest record in each. */
    private int[] buckets;

    private long first;
    private long end;
    private long committedEnd;
    /** Of the entries that are not committed. */
    private final ArrayDeque<Mark> uncommitted = new ArrayDeque<>();
    /** Records that a leader has proposed and that the log does not have yet, by content. */
    private final Map<ContentHash, Long> proposed = new HashMap<>();

    DedupWindow(DedupBounds bounds) {
        this.bounds = bounds;
        this.high = new long[CAPACITY_MIN];
        this.low = new long[CAPACITY_MIN];
        this.millis = new long[CAPACITY_MIN];
        this.older = new int[CAPACITY_MIN];
        this.buckets = new int[CAPACITY_MIN];
    }

    /**
     * Where a record of this content is, if it counts as there.
     *
     * @param nextOffset the one that the record in question would get
     * @param nowMillis when it is proposed
     */
    OptionalLong find(ContentHash hash, long nextOffset, long nowMillis) {
        OptionalLong found = latest(hash);
        if (found.isEmpty() || nextOffset - found.getAsLong() > bounds.records()) {
            return OptionalLong.empty();
        }
        boolean isProposed = found.getAsLong() >= end;
        return isProposed || nowMillis - millis[slot(found.getAsLong())] <= bounds.millis()
                ? found
                : OptionalLong.empty();
    }

    /** Where the latest record of this content is, as far as anything is known of it. */
    OptionalLong latest(ContentHash hash) {
        Long ahead = proposed.get(hash);
        if (ahead != null) {
            return OptionalLong.of(ahead);
        }
        for (int slot = buckets[bucket(hash)]; slot != NONE; slot = older[slot - 1]) {
            if (high[slot - 1] == hash.high() && low[slot - 1] == hash.low()) {
                return OptionalLong.of(offsetAt(slot - 1));
            }
        }
        return OptionalLong.empty();
    }

    /** A record of this content gets this offset, if its proposal arrives in the log. */
    void propose(ContentHash hash, long offset) {
        proposed.put(hash, offset);
    }

    void abandonProposed() {
        proposed.clear();
    }

    /** The log has these records, or none and only the time, in an entry that may yet be cut off. */
    void appended(long index, long atMillis, long baseOffset, List<ContentHash> hashes) {
        if (!hashes.isEmpty() && first == end) {
            first = baseOffset;
            end = baseOffset;
            committedEnd = baseOffset;
        }
        if (!hashes.isEmpty()) {
            requireEnd(baseOffset);
        }
        for (ContentHash hash : hashes) {
            proposed.remove(hash, end);
            add(hash, atMillis);
        }
        uncommitted.add(new Mark(index, end, atMillis));
    }

    /** The log has these records, and nobody has noted what is in them. They count, and are never found. */
    void appendedUnknown(long index, long baseOffset, int count) {
        long atMillis = 0;
        if (first == end) {
            first = baseOffset + count;
            end = first;
        } else {
            requireEnd(baseOffset);
            atMillis = millis[slot(end - 1)]; // of their own time nothing is known either
            for (int i = 0; i < count; i++) {
                add(UNKNOWN, atMillis);
            }
        }
        uncommitted.add(new Mark(index, end, atMillis));
    }

    private void requireEnd(long baseOffset) {
        if (baseOffset != end) {
            throw new IllegalStateException(
                    "broken invariant: records from offset " + baseOffset + " on after those up to " + end);
        }
    }

    void truncated(long fromIndex) {
        while (!uncommitted.isEmpty() && uncommitted.getLast().index() >= fromIndex) {
            uncommitted.removeLast();
        }
        long until =
                uncommitted.isEmpty() ? committedEnd : uncommitted.getLast().end();
        while (end > Math.max(first, until)) {
            removeLatest();
        }
    }

    void committed(long index) {
        while (!uncommitted.isEmpty() && uncommitted.getFirst().index() <= index) {
            Mark mark = uncommitted.removeFirst();
            committedEnd = mark.end();
            while (first < committedEnd && (isUnknown(slot(first)) || isTooOld(mark))) {
                removeEarliest();
            }
        }
    }

    private boolean isTooOld(Mark now) {
        return now.end() - first > bounds.records() || now.millis() - millis[slot(first)] > bounds.millis();
    }

    int size() {
        return (int) (end - first);
    }

    /** The same as of the last committed entry. */
    DedupWindow committedCopy() {
        DedupWindow copy = new DedupWindow(bounds);
        copy.high = high.clone();
        copy.low = low.clone();
        copy.millis = millis.clone();
        copy.older = older.clone();
        copy.buckets = buckets.clone();
        copy.first = first;
        copy.end = end;
        copy.committedEnd = committedEnd;
        copy.truncated(Long.MIN_VALUE);
        return copy;
    }

    int sizeInBytes() {
        return DedupBounds.BYTES + 8 + 4 + RECORD_BYTES * size();
    }

    void writeTo(ByteWriter to) {
        bounds.writeTo(to);
        to.put(size() == 0 ? 0 : first, 8); // of an empty one, it depends on what was cut off
        to.put(size(), 4);
        for (long offset = first; offset < end; offset++) {
            to.put(high[slot(offset)], 8);
            to.put(low[slot(offset)], 8);
            to.put(millis[slot(offset)], 8);
        }
    }

    /** What follows the bounds. */
    static DedupWindow readFrom(ByteReader from, DedupBounds bounds) {
        DedupWindow window = new DedupWindow(bounds);
        window.first = from.get(8);
        window.end = window.first;
        for (long left = from.count(RECORD_BYTES); left > 0; left--) {
            window.add(new ContentHash(from.get(8), from.get(8)), from.get(8));
        }
        window.committedEnd = window.end;
        return window;
    }

    // ------------------------------------------------------------------------------------------------------- the ring

    private void add(ContentHash hash, long atMillis) {
        if (size() == high.length) {
            grow();
        }
        int slot = slot(end++);
        high[slot] = hash.high();
        low[slot] = hash.low();
        millis[slot] = atMillis;
        chain(slot);
    }

    private boolean isUnknown(int slot) {
        return high[slot] == UNKNOWN.high() && low[slot] == UNKNOWN.low();
    }

    private void chain(int slot) {
        if (isUnknown(slot)) {
            return;
        }
        int bucket = bucket(new ContentHash(high[slot], low[slot]));
        older[slot] = buckets[bucket];
        buckets[bucket] = slot + 1;
    }

    /** The latest of all is the latest of its bucket. */
    private void removeLatest() {
        int slot = slot(--end);
        if (isUnknown(slot)) {
            return;
        }
        buckets[bucket(new ContentHash(high[slot], low[slot]))] = older[slot];
    }

    /** The earliest of all is the end of its chain. */
    private void removeEarliest() {
        int slot = slot(first++);
        if (isUnknown(slot)) {
            return;
        }
        int bucket = bucket(new ContentHash(high[slot], low[slot]));
        if (buckets[bucket] == slot + 1) {
            buckets[bucket] = NONE;
            return;
        }
        int before = buckets[bucket] - 1;
        while (older[before] != slot + 1) {
            before = older[before] - 1;
        }
        older[before] = NONE;
    }

    private void grow() {
        int capacity = Math.multiplyExact(2, high.length);
        DedupWindow larger = new DedupWindow(bounds);
        larger.high = new long[capacity];
        larger.low = new long[capacity];
        larger.millis = new long[capacity];
        larger.older = new int[capacity];
        larger.buckets = new int[capacity];
        larger.first = first;
        larger.end = first;
        for (long offset = first; offset < end; offset++) {
            int slot = slot(offset);
            larger.add(new ContentHash(high[slot], low[slot]), millis[slot]);
        }
        high = larger.high;
        low = larger.low;
        millis = larger.millis;
        older = larger.older;
        buckets = larger.buckets;
    }

    private int slot(long offset) {
        return (int) (offset & (high.length - 1));
    }

    /** Of a slot that is in use. */
    private long offsetAt(int slot) {
        return first + (slot - first & (high.length - 1));
    }

    private int bucket(ContentHash hash) {
        return (int) (hash.low() & (buckets.length - 1));
    }
}
