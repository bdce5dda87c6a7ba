package io.millrace.partition.raft;

import java.util.Random;

/**
 * When a member has waited long enough for its leader, and what it promises by waiting.
 *
 * <p>After a campaign in vain the next wait is twice as long, and four times at most, until there is a leader: where an election
 * takes longer than the timeout – a thousand groups elect at once, and wait for each other's disks – trying again as soon would
 * never end. More would keep those waiting who come back.
 */
final class ElectionTimer {
    private static final int DOUBLINGS_MAX = 2;
    private static final long NEVER_MILLIS = Long.MIN_VALUE / 2;

    private final RaftSettings settings;
    private final Random random;
    private final long startedMillis;
    private long heardMillis = NEVER_MILLIS;
    private long deadlineMillis;
    /** Since a leader was heard of. */
    private int campaigns;

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
        long wait = settings.electionTimeoutMillisMin() + random.nextLong(spread + 1);
        deadlineMillis = nowMillis + (wait << Math.min(Math.max(campaigns - 1, 0), DOUBLINGS_MAX));
    }

    void campaignBegun() {
        campaigns++;
    }

    void leaderElected() {
        campaigns = 0;
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
        leaderElected();
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
