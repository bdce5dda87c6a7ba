package io.millrace.client;

import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Lets one thread wait for anything to happen, without missing what happens before it waits. */
final class Signal {
    private long count;
    private boolean woken;

    /** How often it was raised. */
    synchronized long count() {
        return count;
    }

    synchronized void raise() {
        count++;
        notifyAll();
    }

    /** Ends one wait: the present one, or the next. */
    synchronized void wakeup() {
        woken = true;
        notifyAll();
    }

    /**
     * Waits until it has been raised more often than {@code seen}.
     *
     * @return whether it was; if not, the time is over, or {@link #wakeup} was called, which {@link #takeWakeup} tells
     * @throws MillraceException INTERRUPTED
     */
    synchronized boolean await(long seen, long deadlineNanos) {
        try {
            while (count == seen && !woken) {
                long remainingNanos = deadlineNanos - System.nanoTime();
                if (remainingNanos <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(remainingNanos, 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MillraceException(FailureReason.INTERRUPTED, "interrupted while waiting for records", Map.of());
        }
        return count != seen;
    }

    /** Whether it was woken; a wakeup is taken once. */
    synchronized boolean takeWakeup() {
        boolean was = woken;
        woken = false;
        return was;
    }
}
