package io.millrace.partition.raft;

/**
 * How a group behaves in time and how much may be on its way. All members should have the same.
 *
 * @param heartbeatMillis a leader sends at least this often to each member
 * @param electionTimeoutMillisMin a follower hears nothing for a random time from this …
 * @param electionTimeoutMillisMax … to this, then stands for election; a leader that hears from no majority for this
 *     long steps down
 * @param commitNoticeMillis a leader tells followers of a new commit index at the latest after this time, if no entries
 *     carry the news earlier
 * @param appendBytesMax entries in one message, unless a single entry is larger
 * @param inflightBytesMax nothing more is sent to a member that has not answered for this much
 * @param inflightMessagesMax the same, as messages
 * @param readLeaseMillis for so long after a leader has asked a majority whether it leads, it answers reads without asking
 *     again; 0: it always asks. Needs clocks that run at about the same speed and never stand still
 * @param quiesceAfterMillis a group to which nothing happens for this long falls asleep; {@link #NEVER}: it stays awake
 */
public record RaftSettings(
        long heartbeatMillis,
        long electionTimeoutMillisMin,
        long electionTimeoutMillisMax,
        long commitNoticeMillis,
        int appendBytesMax,
        int inflightBytesMax,
        int inflightMessagesMax,
        long quiesceAfterMillis,
        long readLeaseMillis) {
    public static final long NEVER = Long.MAX_VALUE;

    /** Longer than a failure detector needs: a group that was in use when its leader died elects after its own timeouts. */
    private static final long QUIESCE_AFTER_MILLIS_DEFAULT = 5_000;

    public static final RaftSettings DEFAULT = new RaftSettings(100, 500, 1_000, 10, 1 << 20, 8 << 20, 64);

    public RaftSettings {
        if (heartbeatMillis < 1
                || electionTimeoutMillisMin <= heartbeatMillis
                || electionTimeoutMillisMax < electionTimeoutMillisMin) {
            throw new IllegalArgumentException("heartbeat < election timeout minimum <= maximum does not hold: "
                    + heartbeatMillis + ", " + electionTimeoutMillisMin + ", " + electionTimeoutMillisMax);
        }
        if (commitNoticeMillis < 0 || appendBytesMax < 1 || inflightBytesMax < 1 || inflightMessagesMax < 1) {
            throw new IllegalArgumentException("limits must be positive");
        }
        if (quiesceAfterMillis < 0) {
            throw new IllegalArgumentException("a group cannot fall asleep after " + quiesceAfterMillis + " ms");
        }
        if (readLeaseMillis < 0 || readLeaseMillis > electionTimeoutMillisMin - electionTimeoutMillisMin / 10) {
            throw new IllegalArgumentException("a lease of " + readLeaseMillis
                    + " ms is not at least a tenth less than the shortest election timeout");
        }
    }

    public RaftSettings(
            long heartbeatMillis,
            long electionTimeoutMillisMin,
            long electionTimeoutMillisMax,
            long commitNoticeMillis,
            int appendBytesMax,
            int inflightBytesMax,
            int inflightMessagesMax) {
        this(
                heartbeatMillis,
                electionTimeoutMillisMin,
                electionTimeoutMillisMax,
                commitNoticeMillis,
                appendBytesMax,
                inflightBytesMax,
                inflightMessagesMax,
                QUIESCE_AFTER_MILLIS_DEFAULT,
                0);
    }

    public RaftSettings withQuiesceAfterMillis(long millis) {
        return copy(commitNoticeMillis, millis, readLeaseMillis);
    }

    public RaftSettings withReadLeaseMillis(long millis) {
        return copy(commitNoticeMillis, quiesceAfterMillis, millis);
    }

    public RaftSettings withCommitNoticeMillis(long millis) {
        return copy(millis, quiesceAfterMillis, readLeaseMillis);
    }

    private RaftSettings copy(long newCommitNoticeMillis, long newQuiesceAfterMillis, long newReadLeaseMillis) {
        return new RaftSettings(
                heartbeatMillis,
                electionTimeoutMillisMin,
                electionTimeoutMillisMax,
                newCommitNoticeMillis,
                appendBytesMax,
                inflightBytesMax,
                inflightMessagesMax,
                newQuiesceAfterMillis,
                newReadLeaseMillis);
    }
}
