package io.millrace.protocol;

/**
 * When the records of a topic are forced to disk, and with that, what it means that they are acknowledged.
 *
 * <p>It is about records alone. Whatever Raft goes by is on disk before it counts, always: terms and votes, configurations, each leader's
 * first entry, cuts, snapshots. See decision 013.
 *
 * @param intervalMillis how long records may wait to be forced; 0 where that is not a matter of time
 */
public record FlushPolicy(When when, long intervalMillis) {
    public enum When {
        /** Records count once they are on disk: a majority has them there when they are acknowledged. */
        COMMIT,
        /** Records count once the operating system has them; they are forced after a while. */
        INTERVAL,
        /** Records count once the operating system has them; they are forced when their segment is full or closed. */
        OS
    }

    public static final FlushPolicy COMMIT = new FlushPolicy(When.COMMIT, 0);
    public static final FlushPolicy OS = new FlushPolicy(When.OS, 0);

    public FlushPolicy {
        if (intervalMillis < 0 || (when == When.INTERVAL) != (intervalMillis > 0)) {
            throw new IllegalArgumentException(when + " with an interval of " + intervalMillis + " ms");
        }
    }

    public static FlushPolicy every(long millis) {
        return new FlushPolicy(When.INTERVAL, millis);
    }
}
