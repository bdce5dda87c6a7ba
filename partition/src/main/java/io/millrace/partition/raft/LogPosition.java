package io.millrace.partition.raft;

/**
 * A place in a replicated log: the index of an entry and the term in which it was made. {@link #ZERO} stands before
 * the first entry of a log that was never trimmed.
 */
public record LogPosition(long index, long term) {
    public static final LogPosition ZERO = new LogPosition(0, 0);

    /** Raft §5.4.1: the later term wins; in the same term, the longer log. */
    public boolean isAtLeastAsUpToDateAs(LogPosition other) {
        return term > other.term || (term == other.term && index >= other.index);
    }
}
