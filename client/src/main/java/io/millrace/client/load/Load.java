package io.millrace.client.load;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Sends records, as many as are taken or at an even pace, and measures their acknowledgements. Latencies count from the time at
 * which a record was due, so that a stall is not left out of them (coordinated omission).
 */
public final class Load {
    private static final long HIGHEST_MICROS = Duration.ofMinutes(10).toNanos() / 1_000;

    /** Where records go. */
    public interface Target {
        /** Sends the record of this number, 0 and on; may wait while there is no room for it. */
        void send(long number, Acknowledgement acknowledgement);

        /** Waits until everything that was sent is acknowledged or has failed. */
        void flush();
    }

    /** Told once of each record, on any thread. */
    public interface Acknowledgement {
        /** @param failure null if the record is acknowledged */
        void completed(@Nullable Throwable failure);
    }

    /** Told when the times begin and end, on the sending thread. */
    public interface Listener {
        /** Does not listen. */
        Listener NONE = new Listener() {};

        /** @param nanos when the first record is due, by {@link System#nanoTime}; the others follow at their pace */
        default void begins(long nanos) {}

        /** The warm-up is over. */
        default void measuringBegins() {}

        /** The measured time is over; records may still be under way. */
        default void measuringEnds() {}
    }

    /** The clock, handed in by tests. */
    interface Time {
        Time SYSTEM = new Time() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void pauseUntil(long nanos) {
                for (long left = nanos - nanos(); left > 0; left = nanos - nanos()) {
                    LockSupport.parkNanos(left);
                }
            }
        };

        long nanos();

        void pauseUntil(long nanos);
    }

    /**
     * What was measured.
     *
     * @param acknowledged records acknowledged in the measured time
     * @param failed records that failed at any time
     * @param duration the measured time
     * @param latencyMicros from due to acknowledged, of records due in the measured time
     * @param longestGap without an acknowledgement, in the measured time
     */
    public record Result(
            long acknowledged, long failed, Duration duration, Histogram latencyMicros, Duration longestGap) {
        public double recordsPerSecond() {
            return acknowledged / (duration.toNanos() / 1e9);
        }

        public double latencyMillis(double percentile) {
            return latencyMicros.getValueAtPercentile(percentile) / 1e3;
        }
    }

    private final int ratePerSecond;
    private final Duration warmUp;
    private final Duration duration;
    private final Time time;

    private final Histogram latencyMicros = new Histogram(HIGHEST_MICROS, 3);
    private long measureFrom;
    private long end;
    private long acknowledged;
    private long failed;
    private long lastAckNanos;
    private long longestGapNanos;
    private @Nullable Throwable firstFailure;

    /**
     * For one run.
     *
     * @param ratePerSecond records; 0: as many as are taken
     * @param warmUp how long to send before anything is measured
     * @param duration how long to measure
     */
    public Load(int ratePerSecond, Duration warmUp, Duration duration) {
        this(ratePerSecond, warmUp, duration, Time.SYSTEM);
    }

    Load(int ratePerSecond, Duration warmUp, Duration duration, Time time) {
        this.ratePerSecond = ratePerSecond;
        this.warmUp = warmUp;
        this.duration = duration;
        this.time = time;
    }

    /** {@link #run(Target, Listener)} with nobody who listens. */
    public Result run(Target target) {
        return run(target, Listener.NONE);
    }

    /** Sends until the time is over and everything is acknowledged or has failed. */
    public Result run(Target target, Listener listener) {
        long start = time.nanos();
        measureFrom = start + warmUp.toNanos();
        end = measureFrom + duration.toNanos();
        listener.begins(start);
        boolean measuring = false;
        long number = 0;
        for (long due = start; due < end; number++) {
            if (!measuring && due >= measureFrom) {
                measuring = true;
                listener.measuringBegins();
            }
            long dueNanos = due;
            target.send(number, failure -> completed(dueNanos, failure));
            due = ratePerSecond == 0 ? time.nanos() : start + (number + 1) * 1_000_000_000L / ratePerSecond;
            time.pauseUntil(due);
        }
        listener.measuringEnds();
        target.flush();
        return result();
    }

    private synchronized void completed(long dueNanos, @Nullable Throwable failure) {
        if (failure != null) {
            failed++;
            firstFailure = firstFailure == null ? failure : firstFailure;
            return;
        }
        long now = time.nanos();
        if (now >= measureFrom && now <= end) {
            acknowledged++;
            if (lastAckNanos != 0) {
                longestGapNanos = Math.max(longestGapNanos, now - lastAckNanos);
            }
            lastAckNanos = now;
        }
        if (dueNanos >= measureFrom) {
            latencyMicros.recordValue(Math.min(HIGHEST_MICROS, (now - dueNanos) / 1_000));
        }
    }

    private synchronized Result result() {
        return new Result(acknowledged, failed, duration, latencyMicros.copy(), Duration.ofNanos(longestGapNanos));
    }

    /** Why the first record that failed did. */
    public synchronized @Nullable Throwable firstFailure() {
        return firstFailure;
    }
}
