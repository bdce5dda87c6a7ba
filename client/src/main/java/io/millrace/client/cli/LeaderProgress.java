package io.millrace.client.cli;

import java.util.Locale;
import java.util.Optional;

/** What to say, and for how long to wait, while the partitions of a topic get their leaders. Pure: time is handed in. */
final class LeaderProgress {
    /** So that who watches sees that it goes on, and a log is not filled. */
    private static final long TELL_EVERY_NANOS = 2_000_000_000L;

    private final long patienceNanos;
    private int most;
    private long grewNanos;
    private long toldNanos;

    /** @param patienceNanos for so long it may go on without one more leader */
    LeaderProgress(long patienceNanos, long nowNanos) {
        this.patienceNanos = patienceNanos;
        this.grewNanos = nowNanos;
        this.toldNanos = nowNanos - TELL_EVERY_NANOS;
    }

    /** A line for whoever waits, if it is time for one. */
    Optional<String> look(int withLeader, int partitions, long nowNanos) {
        if (withLeader > most) {
            most = withLeader;
            grewNanos = nowNanos;
        }
        if (withLeader == partitions || nowNanos - toldNanos < TELL_EVERY_NANOS) {
            return Optional.empty();
        }
        toldNanos = nowNanos;
        return Optional.of(String.format(Locale.ROOT, "%,d of %,d partitions have a leader", withLeader, partitions));
    }

    /** Whether nothing has come of waiting for so long that something must be in the way. */
    boolean isStuck(long nowNanos) {
        return nowNanos - grewNanos >= patienceNanos;
    }
}
