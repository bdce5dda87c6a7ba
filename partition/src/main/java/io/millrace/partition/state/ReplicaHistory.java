package io.millrace.partition.state;

import io.millrace.partition.state.WriteHistory.Logged;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * The {@link WriteHistory} of a replica, from its start on: first found again, then following the log.
 *
 * <p>How much of a log that was found on disk is committed is not known, and what is not may be cut off. So the history is
 * made of entries only as they are known to be committed, until it has passed the end of what was found; what is appended
 * meanwhile waits.
 *
 * <pre>
 *   from a snapshot    read as it is committed     found, perhaps cut off       appended since
 *  ─────────────────┬────────────────────────────┬───────────────────────────┬─────────────────▶
 *                                              applied                   lastFound    waiting
 * </pre>
 *
 * <p>A leader's own first entry comes after all that was found: once that is committed, the history can be completed.
 */
public final class ReplicaHistory {
    /** Entries that the history needs, both ends included. */
    public record Range(long first, long last) {}

    private final ArrayDeque<Logged> waiting = new ArrayDeque<>();
    private WriteHistory history = new WriteHistory(Optional.empty());
    private boolean restored;
    private boolean complete;
    private long applied;
    private long lastFound;
    private long committed;

    /** @param lastFound the last entry of the log as it was found */
    public ReplicaHistory(long lastFound) {
        this.lastFound = lastFound;
    }

    /**
     * Where to begin: with the history as of an entry that was committed, or with an empty one before the first entry.
     *
     * @param index at most that of the last entry found
     */
    public void restored(WriteHistory from, long index) {
        history = from;
        applied = index;
        committed = Math.max(committed, index);
        restored = true;
        completeIfPossible();
    }

    /** The last entry of the log as it was found, as far as that is still there. */
    public long lastFound() {
        return lastFound;
    }

    /** Whether the history says all that the log does. */
    public boolean isComplete() {
        return complete;
    }

    /** @throws IllegalStateException unless {@link #isComplete()} */
    public WriteHistory complete() {
        if (!complete) {
            throw new IllegalStateException("not everything is known yet that was written");
        }
        return history;
    }

    /** These entries are committed and found on disk, and the history lacks them; empty if there is nothing to read now. */
    public Optional<Range> toRead() {
        long last = Math.min(committed, lastFound);
        return restored && !complete && applied < last ? Optional.of(new Range(applied + 1, last)) : Optional.empty();
    }

    /**
     * What {@link #toRead()} asked for, or the beginning of it.
     *
     * @param found what these entries say, in order
     * @param last the last entry that was read
     */
    public void read(List<Logged> found, long last) {
        if (last <= applied || last > Math.min(committed, lastFound)) {
            throw new IllegalStateException("broken invariant: read up to entry " + last + ", applied " + applied
                    + ", committed " + committed + ", found " + lastFound);
        }
        found.forEach(history::appended);
        history.committed(last);
        applied = last;
        completeIfPossible();
    }

    public void appended(Logged logged) {
        if (complete) {
            history.appended(logged);
        } else {
            waiting.add(logged);
        }
    }

    /** Entry {@code fromIndex} and all after it are gone. */
    public void truncated(long fromIndex) {
        if (complete) {
            history.truncated(fromIndex);
            return;
        }
        while (!waiting.isEmpty() && waiting.getLast().index() >= fromIndex) {
            waiting.removeLast();
        }
        lastFound = Math.min(lastFound, fromIndex - 1);
        completeIfPossible();
    }

    /** What was proposed here and did not arrive in the log never will. */
    public void abandonProposed() {
        history.abandonProposed();
    }

    public void committed(long index) {
        committed = Math.max(committed, index);
        if (complete) {
            history.committed(committed);
        }
    }

    /**
     * The last entry known to be committed. After a start that may be more than Raft knows: a snapshot was taken of what was
     * committed.
     */
    public long committedIndex() {
        return committed;
    }

    private void completeIfPossible() {
        if (restored && !complete && applied >= lastFound) {
            complete = true;
            waiting.forEach(history::appended);
            waiting.clear();
            history.committed(committed);
        }
    }
}
