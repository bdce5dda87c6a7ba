package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import java.util.ArrayDeque;
import java.util.OptionalLong;

/** The decisions to trim the log that are in it, and not committed. */
final class Trims {
    private record Trim(long entryIndex, TrimDecision decision) {}

    /** In the order of the log. */
    private final ArrayDeque<Trim> uncommitted = new ArrayDeque<>();

    /** One decision at a time: if one is cut off, another is made later. */
    boolean isEmpty() {
        return uncommitted.isEmpty();
    }

    void appended(Entry entry) {
        if (entry.type() == EntryType.TRIM) {
            uncommitted.add(new Trim(entry.index(), TrimDecision.decode(entry.payload())));
        }
    }

    void truncated(long fromIndex) {
        uncommitted.removeIf(trim -> trim.entryIndex() >= fromIndex);
    }

    /** The log is another. */
    void clear() {
        uncommitted.clear();
    }

    /** Up to which entry the log may be trimmed now that these are committed; empty if they say nothing of it. */
    OptionalLong committed(long index) {
        long last = -1;
        while (!uncommitted.isEmpty() && uncommitted.getFirst().entryIndex() <= index) {
            last = Math.max(last, uncommitted.removeFirst().decision().index());
        }
        return last < 0 ? OptionalLong.empty() : OptionalLong.of(last);
    }
}
