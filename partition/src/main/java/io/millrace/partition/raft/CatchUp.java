package io.millrace.partition.raft;

/**
 * Whether a member keeps up with the leader (§4.2.1). Replication to it is divided into rounds: each brings all entries that
 * the leader had when the round began. A member has caught up while its rounds take less than an election timeout.
 */
final class CatchUp {
    private long roundEndsWithIndex;
    private long roundSinceMillis;
    private boolean lastRoundWasShort;

    /** A first round. */
    void begin(long lastIndex, long nowMillis) {
        roundEndsWithIndex = lastIndex;
        roundSinceMillis = nowMillis;
        lastRoundWasShort = false;
    }

    void matches(long matchIndex, long lastIndex, long nowMillis, long roundMillisMax) {
        if (matchIndex >= roundEndsWithIndex) {
            boolean isShort = nowMillis - roundSinceMillis <= roundMillisMax;
            begin(lastIndex, nowMillis);
            lastRoundWasShort = isShort;
        }
    }

    boolean isDone(long nowMillis, long roundMillisMax) {
        return lastRoundWasShort && nowMillis - roundSinceMillis <= roundMillisMax;
    }
}
