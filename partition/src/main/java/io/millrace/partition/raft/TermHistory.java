package io.millrace.partition.raft;

import java.util.ArrayList;
import java.util.List;

/**
 * All that consensus needs to know of a log: where each term begins, and where the log starts and ends. A few numbers a
 * term instead of the entries (Kafka's leader epoch cache, KIP-101, does the same).
 */
public final class TermHistory {
    private LogPosition start;
    /** By term and index, both strictly rising; every start lies after {@link #start} and not after the end. */
    private final ArrayList<TermStart> starts;

    private long lastIndex;

    /**
     * @param start the position before the first entry
     * @param starts where each term of the log begins, in order
     * @param lastIndex of the log; {@code start.index()} if it is empty
     */
    public TermHistory(LogPosition start, List<TermStart> starts, long lastIndex) {
        this.start = start;
        this.starts = new ArrayList<>(starts);
        this.lastIndex = lastIndex;
        LogPosition before = start;
        for (TermStart next : starts) {
            boolean rises = next.term() > before.term()
                    || (next.term() == before.term() && before.equals(start)); // trimmed in the middle of a term
            Invariant.check(
                    rises && next.firstIndex() > before.index() && next.firstIndex() <= lastIndex,
                    "terms of a log must rise: %s after %s, end %s",
                    next,
                    before,
                    lastIndex);
            before = new LogPosition(next.firstIndex(), next.term());
        }
        Invariant.check(
                starts.isEmpty() ? lastIndex == start.index() : starts.get(0).firstIndex() == start.index() + 1,
                "the first term must begin where the log does: %s, %s, end %s",
                start,
                starts,
                lastIndex);
    }

    public static TermHistory empty() {
        return new TermHistory(LogPosition.ZERO, List.of(), 0);
    }

    public LogPosition start() {
        return start;
    }

    public long lastIndex() {
        return lastIndex;
    }

    public LogPosition last() {
        return new LogPosition(lastIndex, termAt(lastIndex));
    }

    /** Whether the log has exactly this position, its start included. */
    public boolean contains(LogPosition position) {
        return position.index() >= start.index()
                && position.index() <= lastIndex
                && termAt(position.index()) == position.term();
    }

    /** The term of the entry at an index from {@code start().index()} to {@link #lastIndex()}. */
    public long termAt(long index) {
        Invariant.check(
                index >= start.index() && index <= lastIndex,
                "no entry %s in a log of %s to %s",
                index,
                start.index(),
                lastIndex);
        if (index == start.index()) {
            return start.term();
        }
        for (int i = starts.size() - 1; i >= 0; i--) { // almost always asked of the last term
            if (starts.get(i).firstIndex() <= index) {
                return starts.get(i).term();
            }
        }
        throw new IllegalStateException("unreachable: the first term begins where the log does");
    }

    /** The last position at or before {@code index} whose term is not later than {@code term}. */
    LogPosition lastAtMost(long index, long term) {
        long at = Math.min(index, lastIndex);
        for (int i = starts.size() - 1; i >= 0; i--) {
            TermStart run = starts.get(i);
            if (run.firstIndex() > at) {
                continue;
            }
            if (run.term() <= term) {
                return new LogPosition(at, run.term());
            }
            at = run.firstIndex() - 1;
        }
        return start;
    }

    void append(Entry entry) {
        Invariant.check(entry.index() == lastIndex + 1, "entry %s does not follow %s", entry.index(), lastIndex);
        long lastTerm =
                starts.isEmpty() ? start.term() : starts.get(starts.size() - 1).term();
        Invariant.check(entry.term() >= lastTerm, "term %s after term %s", entry.term(), lastTerm);
        if (starts.isEmpty() || entry.term() > lastTerm) {
            starts.add(new TermStart(entry.term(), entry.index()));
        }
        lastIndex = entry.index();
    }

    void truncateFrom(long index) {
        Invariant.check(index > start.index() && index <= lastIndex, "nothing to cut at %s", index);
        while (!starts.isEmpty() && starts.get(starts.size() - 1).firstIndex() >= index) {
            starts.remove(starts.size() - 1);
        }
        lastIndex = index - 1;
    }

    /** Everything up to {@code position}, which is in the log, is gone from it. */
    void trimTo(LogPosition position) {
        Invariant.check(contains(position), "%s is not in the log, and is to be its start", position);
        while (!starts.isEmpty() && nextStartAfterFirst() <= position.index() + 1) {
            starts.remove(0);
        }
        if (position.index() == lastIndex) {
            starts.clear();
        } else {
            starts.set(0, new TermStart(starts.get(0).term(), position.index() + 1));
        }
        start = position;
    }

    private long nextStartAfterFirst() {
        return starts.size() > 1 ? starts.get(1).firstIndex() : Long.MAX_VALUE;
    }

    /** Everything is gone; the next entry comes after {@code position}. */
    void restartAt(LogPosition position) {
        starts.clear();
        start = position;
        lastIndex = position.index();
    }
}
