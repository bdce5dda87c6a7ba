package io.millrace.partition.log;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The most recent entries of one replica, without gaps, up to a number of bytes: tail reads do not touch the disk. What
 * {@link #keepFrom} names stays beyond that number: the disk does not have it yet, and may have other entries in its place.
 *
 * <p>One thread adds and removes; any number look up. Every call holds a lock for as long as it takes to copy a few
 * references, never during I/O. An empty cache holds nothing but its fields.
 */
public final class EntryCache {
    /** What an entry costs beside its payload: the objects around it, roughly. */
    private static final int ENTRY_OVERHEAD_BYTES = 96;

    /** A next offset that is not known: the first record to come tells. */
    public static final long UNKNOWN = -1;

    private static final int SLOTS_MIN = 16;
    private static final @Nullable Entry[] NO_ENTRIES = new Entry[0];
    private static final long[] NO_OFFSETS = new long[0];

    private final long bytesMax;
    private final OffsetReader offsets;

    /** Rings of the same length, a power of two; the entry with index i is in slot i modulo that. */
    private @Nullable Entry[] entries = NO_ENTRIES;

    private long[] nextOffsets = NO_OFFSETS;

    private long firstIndex;
    private int count;
    private long sizeBytes;
    /** This entry and all after it are not dropped to make room. */
    private long keptFrom = Long.MAX_VALUE;

    private long keptBytes;

    /** Of the first record in or after the first entry. */
    private long baseOffset;

    private long nextOffset;

    /**
     * An empty cache.
     *
     * @param bytesMax what it holds at most, but for what {@link #keepFrom} says; not even the most recent entry is kept
     *     if it alone is larger
     * @param nextOffset of the first record that will be added, or {@link #UNKNOWN}
     */
    public EntryCache(long bytesMax, OffsetReader offsets, long nextOffset) {
        if (bytesMax < 0) {
            throw new IllegalArgumentException("a cache of " + bytesMax + " bytes");
        }
        this.bytesMax = bytesMax;
        this.offsets = offsets;
        this.nextOffset = nextOffset;
    }

    /**
     * Adds the entries that were appended to the log, and drops the oldest to make room.
     *
     * @throws IllegalArgumentException if they do not follow what is cached
     */
    public synchronized void append(List<Entry> appended) {
        for (Entry entry : appended) {
            if (count > 0 && entry.index() != firstIndex + count) {
                throw new IllegalArgumentException(
                        "entry " + entry.index() + " does not follow " + (firstIndex + count - 1));
            }
            if (entry.type() == EntryType.DATA && nextOffset == UNKNOWN) {
                learnNextOffset(offsets.baseOffset(entry.payload()));
            }
            if (count == 0) {
                firstIndex = entry.index();
                baseOffset = nextOffset;
            }
            if (entry.type() == EntryType.DATA) {
                nextOffset = offsets.nextOffset(entry.payload(), nextOffset);
            }
            if (count == entries.length) {
                resize(Math.max(SLOTS_MIN, count * 2));
            }
            int slot = slotOf(entry.index());
            entries[slot] = entry;
            nextOffsets[slot] = nextOffset;
            count++;
            sizeBytes += costOf(entry);
            keptBytes += entry.index() >= keptFrom ? costOf(entry) : 0;
            shrinkTo(bytesMax);
        }
    }

    /** None of the cached entries has a record, or the offset would be known. */
    private void learnNextOffset(long offset) {
        nextOffset = offset;
        baseOffset = offset;
        for (long index = firstIndex; index < firstIndex + count; index++) {
            nextOffsets[slotOf(index)] = offset;
        }
    }

    /**
     * The entries of a range, as far as their payloads fit into {@code maxBytes}, at least one; or nothing if the first
     * is not cached: then the log has it, or nobody.
     */
    public synchronized Optional<List<Entry>> read(long from, long toInclusive, int maxBytes) {
        if (!isCached(from) || toInclusive < from) {
            return Optional.empty();
        }
        long to = Math.min(toInclusive, firstIndex + count - 1);
        List<Entry> found = new ArrayList<>((int) Math.min(to - from + 1, 64));
        long budget = maxBytes;
        for (long index = from; index <= to; index++) {
            Entry entry = entryAt(index);
            budget -= entry.payload().sizeBytes();
            if (budget < 0 && !found.isEmpty()) {
                break;
            }
            found.add(entry);
        }
        return Optional.of(found);
    }

    /** The index of the entry that holds the record with an offset, or nothing if that is not cached. */
    public synchronized OptionalLong indexOfOffset(long offset) {
        if (count == 0 || offset >= nextOffset || offset < baseOffset) {
            return OptionalLong.empty();
        }
        long low = firstIndex;
        long high = firstIndex + count - 1;
        while (low < high) { // the first entry whose records end after the offset
            long middle = (low + high) >>> 1;
            if (nextOffsets[slotOf(middle)] > offset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return OptionalLong.of(low);
    }

    /** The offset after the last record of all entries up to an index, or nothing if that is not cached. */
    public synchronized OptionalLong nextOffsetAt(long index) {
        return isCached(index) && nextOffsets[slotOf(index)] != UNKNOWN
                ? OptionalLong.of(nextOffsets[slotOf(index)])
                : OptionalLong.empty();
    }

    /** The oldest entry that is cached, or nothing if none is. */
    public synchronized OptionalLong firstIndex() {
        return count > 0 ? OptionalLong.of(firstIndex) : OptionalLong.empty();
    }

    /** This entry and all after it stay, whatever they cost, until a later index is named here; the others need not. */
    public synchronized void keepFrom(long index) {
        keptFrom = index;
        keptBytes = 0;
        for (long kept = Math.max(index, firstIndex); kept < firstIndex + count; kept++) {
            keptBytes += costOf(entryAt(kept));
        }
        shrinkTo(bytesMax);
    }

    /**
     * Drops the entries from an index on, as the log did.
     *
     * @param nextOffsetThere the log's next offset afterwards, or {@link #UNKNOWN}
     */
    public synchronized void truncateFrom(long index, long nextOffsetThere) {
        while (count > 0 && firstIndex + count - 1 >= index) {
            long last = firstIndex + count - 1;
            sizeBytes -= costOf(entryAt(last));
            keptBytes -= last >= keptFrom ? costOf(entryAt(last)) : 0;
            entries[slotOf(last)] = null;
            count--;
        }
        nextOffset = nextOffsetThere;
        releaseIfEmpty();
    }

    /** Drops the oldest entries until at most so many bytes are held, or only what must be kept. */
    public synchronized void shrinkTo(long bytes) {
        while (count > 0 && sizeBytes > bytes && firstIndex < keptFrom) {
            sizeBytes -= costOf(entryAt(firstIndex));
            baseOffset = nextOffsets[slotOf(firstIndex)];
            entries[slotOf(firstIndex)] = null;
            firstIndex++;
            count--;
        }
        releaseIfEmpty();
    }

    /** What those of {@link #keepFrom} cost. */
    public synchronized long keptBytes() {
        return keptBytes;
    }

    /** What the cached entries cost, their objects included. */
    public synchronized long sizeBytes() {
        return sizeBytes;
    }

    private boolean isCached(long index) {
        return count > 0 && index >= firstIndex && index < firstIndex + count;
    }

    private Entry entryAt(long index) {
        Entry entry = entries[slotOf(index)];
        if (entry == null || entry.index() != index) {
            throw new IllegalStateException("entry " + index + " is not where it should be");
        }
        return entry;
    }

    private int slotOf(long index) {
        return (int) index & (entries.length - 1);
    }

    private void resize(int slots) {
        @Nullable Entry[] oldEntries = entries;
        long[] oldOffsets = nextOffsets;
        entries = new Entry[slots];
        nextOffsets = new long[slots];
        for (long index = firstIndex; index < firstIndex + count; index++) {
            int old = (int) index & (oldEntries.length - 1);
            entries[slotOf(index)] = oldEntries[old];
            nextOffsets[slotOf(index)] = oldOffsets[old];
        }
    }

    private void releaseIfEmpty() {
        if (count == 0) {
            entries = NO_ENTRIES;
            nextOffsets = NO_OFFSETS;
        }
    }

    private static long costOf(Entry entry) {
        return ENTRY_OVERHEAD_BYTES + (long) entry.payload().sizeBytes();
    }
}
