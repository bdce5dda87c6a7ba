package io.millrace.broker.load;

/**
 * Something a second, as a mean that forgets exponentially. The first value counts in full, as there is nothing to be remembered
 * beside it: a broker that has just taken over a partition knows soon what passes there.
 */
final class MovingRate {
    private static final double FORGET_AFTER_SECONDS = 30;

    private double perSecond;
    private double weightSeconds;

    /** So much within so many seconds, more than 0. */
    void add(long amount, double seconds) {
        weightSeconds = weightSeconds * Math.exp(-seconds / FORGET_AFTER_SECONDS) + seconds;
        perSecond += ((double) amount / seconds - perSecond) * seconds / weightSeconds;
    }

    double perSecond() {
        return perSecond;
    }
}
