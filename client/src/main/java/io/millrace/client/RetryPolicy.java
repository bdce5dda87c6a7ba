package io.millrace.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long to wait before asking again: exponential back-off with jitter, so that many clients that failed together do not
 * come back together. For how long in all is not decided here but by the time-out of each call.
 *
 * @param backoffInitial before the first retry; more than 0
 * @param backoffMax before any retry, unless the broker asks for more
 * @param jitter the part of a wait that is random, 0 to 1: with 0.5, a wait of 100 ms is 50 to 100 ms
 */
public record RetryPolicy(Duration backoffInitial, Duration backoffMax, double jitter) {
    /**
     * From 20 ms to 500 ms: an election takes 0.5 to 1 s, and the new leader should not be kept waiting for much longer than
     * it took.
     */
    public static final RetryPolicy DEFAULT = new RetryPolicy(Duration.ofMillis(20), Duration.ofMillis(500), 0.5);

    /**
     * A broker may be behind: a topic that was just created is unknown to it for a moment. So its word is not taken alone,
     * and the same answer must come this often.
     */
    private static final int UNKNOWN_TOPIC_ANSWERS_MAX = 3;

    /**
     * Checks all three.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public RetryPolicy {
        if (backoffInitial.isNegative() || backoffInitial.isZero() || backoffMax.compareTo(backoffInitial) < 0) {
            throw new IllegalArgumentException(
                    "0 < backoffInitial <= backoffMax does not hold: " + backoffInitial + ", " + backoffMax);
        }
        if (!(jitter >= 0 && jitter <= 1)) {
            throw new IllegalArgumentException("jitter is 0 to 1, not " + jitter);
        }
    }

    /**
     * How long to wait after so many failures in a row.
     *
     * @param failures 1 or more
     */
    public Duration backoff(int failures, RandomGenerator random) {
        long nanosMax = backoffMax.toNanos();
        long nanos = backoffInitial.toNanos();
        for (int i = 1; i < failures && nanos < nanosMax; i++) {
            nanos *= 2;
        }
        nanos = Math.min(nanos, nanosMax);
        return Duration.ofNanos(nanos - (long) (nanos * jitter * random.nextDouble()));
    }

    /**
     * Whether to try again, and after how long.
     *
     * @param failures how often it has failed by now, this one included
     * @param betterTarget whether the failure itself named somebody else to ask, whom this call has not asked yet
     * @param repeatable whether the request may be applied twice
     * @param remaining until the call's time is over
     * @return empty to give up: another attempt would be wrong, or would be too late
     */
    Optional<Duration> delayBeforeRetry(
            MillraceException failure,
            int failures,
            boolean betterTarget,
            boolean repeatable,
            Duration remaining,
            RandomGenerator random) {
        boolean perhapsBehind =
                failure.reason() == FailureReason.UNKNOWN_TOPIC || failure.reason() == FailureReason.UNKNOWN_PARTITION;
        boolean retriable = perhapsBehind
                ? failures < UNKNOWN_TOPIC_ANSWERS_MAX
                : failure.isRetriable() && (repeatable || !failure.isOutcomeUnknown());
        if (!retriable || remaining.isNegative() || remaining.isZero()) {
            return Optional.empty();
        }
        if (betterTarget) {
            return Optional.of(Duration.ZERO);
        }
        Duration delay = backoff(failures, random);
        Duration asked = failure.retryDelay().orElse(Duration.ZERO);
        if (asked.compareTo(delay) > 0) {
            delay = asked;
        }
        return delay.compareTo(remaining) < 0 ? Optional.of(delay) : Optional.empty();
    }
}
