package io.millrace.partition.replica;

import java.util.function.LongSupplier;

/**
 * Bounds how many bytes a second the leaders on one broker send to members that catch up, all groups together: so that moving replicas
 * leaves room for clients, and for followers, which are never held back.
 *
 * <p>A token bucket that may owe: who wants to send takes what it may come to, and waits until what was taken before is paid. So all wait in the
 * order in which they came, and none is woken in vain. Whoever comes to send less gives the rest back. The rate may be another each time. Used by all
 * replicas; time is handed in.
 */
public final class MoveThrottle {
    /** Nobody waits. */
    public static final long UNLIMITED = 0;

    /** So much of what was not used is not lost: timers are late by some milliseconds each time. */
    private static final long SAVED_MILLIS_MAX = 100;

    private final LongSupplier rate;
    private double balanceBytes;
    private long countedMillis = Long.MIN_VALUE;

    /** @param rate bytes a second or {@link #UNLIMITED}, asked each time */
    public MoveThrottle(LongSupplier rate) {
        this.rate = rate;
    }

    /**
     * Takes that much.
     *
     * @param nowMillis any clock that does not go back
     * @return for how many milliseconds to wait before it is sent
     */
    synchronized long take(long bytes, long nowMillis) {
        long bytesPerSecond = rate.getAsLong();
        if (bytesPerSecond == UNLIMITED) {
            balanceBytes = 0;
            countedMillis = Math.max(countedMillis, nowMillis);
            return 0;
        }
        if (countedMillis != Long.MIN_VALUE) {
            double earned = Math.max(0, nowMillis - countedMillis) * (bytesPerSecond / 1000.0);
            balanceBytes = Math.min(balanceBytes + earned, SAVED_MILLIS_MAX * (bytesPerSecond / 1000.0));
        }
        countedMillis = Math.max(countedMillis, nowMillis);
        long waitMillis = balanceBytes >= 0 ? 0 : (long) Math.ceil(-balanceBytes * 1000 / bytesPerSecond);
        balanceBytes -= bytes;
        return waitMillis;
    }

    /** What was taken and not sent; less than nothing, if more was. */
    synchronized void giveBack(long bytes) {
        balanceBytes += bytes;
    }
}
