package io.millrace.partition.sim;

/**
 * The monotonic clock of one machine. It never goes back; but it may run faster or slower than others, jump forward, and
 * stand still while the machine is suspended.
 */
final class NodeClock {
    private static final int PER_MILLE = 1_000;

    private final Timeline timeline;
    private long sinceMicros;
    private long shownMicros;
    /** 1,000: as the world's time. */
    private int ratePerMille = PER_MILLE;

    private boolean standing;

    NodeClock(Timeline timeline) {
        this.timeline = timeline;
    }

    long nowMillis() {
        return nowMicros() / 1_000;
    }

    private long nowMicros() {
        return standing ? shownMicros : shownMicros + (timeline.nowMicros() - sinceMicros) * ratePerMille / PER_MILLE;
    }

    /** When, in the world's time, this clock will show so much, if nothing happens to it. */
    long worldMicrosAt(long millis) {
        long left = Math.max(0, millis * 1_000 - nowMicros());
        return timeline.nowMicros() + (left * PER_MILLE + ratePerMille - 1) / ratePerMille;
    }

    void jump(long micros) {
        settle();
        shownMicros += micros;
    }

    void runAt(int perMille) {
        settle();
        ratePerMille = perMille;
    }

    void stand(boolean stands) {
        settle();
        standing = stands;
    }

    private void settle() {
        shownMicros = nowMicros();
        sinceMicros = timeline.nowMicros();
    }
}
