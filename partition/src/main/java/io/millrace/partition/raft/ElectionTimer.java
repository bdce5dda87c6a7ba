package io.millrace.partition.raft;

import java.util.Random;

/** When a member has waited long enough for its leader, and what it promises by waiting. */
final class ElectionTimer {
    private static final long NEVER_MILLIS = Long.MIN_VALUE / 2;

    private final RaftSettings settings;
    private final Random random;
    private final long startedMillis;
    private long heardMillis = NEVER_MILLIS;
    private long deadlineMillis;

    ElectionTimer(RaftSettings settings, Random random, long nowMillis) {
        this.settings = settings;
        this.random = random;
        this.startedMillis = nowMillis;
        this.deadlineMillis = nowMillis;
    }

    long deadlineMillis() {
        return deadlineMillis;
    }

    void restart(long nowMillis) {
        long spread = settings.electionTimeoutMillisMax() - settings.electionTimeoutMillisMin();
        deadlineMillis = nowMillis + settings.electionTimeoutMillisMin() + random.nextLong(spread + 1);
    }

    /** The failure detector has waited long enough. Many groups get up now: not all at once. */
    void restartAfterDetection(long nowMillis) {
        deadlineMillis = nowMillis + random.nextLong(settings.electionTimeoutMillisMin() + 1);
    }

    /** When what {@link #isBound} speaks of is over. */
    void restartWhenUnbound() {
        deadlineMillis = Math.max(heardMillis, startedMillis) + settings.electionTimeoutMillisMin();
    }

    void leaderHeard(long nowMillis) {
        heardMillis = nowMillis;
        restart(nowMillis);
    }

    boolean hasHeardLeaderLately(long nowMillis) {
        return nowMillis - heardMillis < settings.electionTimeoutMillisMin();
    }

    /**
     * §6.4.1: whoever has confirmed a leader votes for nobody for the shortest election timeout, whatever it learns meanwhile;
     * and who has just started may have confirmed one before.
     */
    boolean isBound(long nowMillis) {
        return settings.readLeaseMillis() > 0
                && nowMillis - Math.max(heardMillis, startedMillis) < settings.electionTimeoutMillisMin();
    }
}
