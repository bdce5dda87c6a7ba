package io.millrace.partition.raft;

/**
 * One entry of a replicated log. Index and term together identify it and, by log matching (Raft §5.3), everything
 * before it.
 *
 * @param index position in the log, from 1, without gaps
 * @param term the term of the leader that made it
 */
public record Entry(long index, long term, EntryType type, Payload payload) {
    public Entry {
        if (index < 1 || term < 1) {
            throw new IllegalArgumentException("an entry has index and term from 1, not " + index + " and " + term);
        }
    }

    public LogPosition position() {
        return new LogPosition(index, term);
    }
}
