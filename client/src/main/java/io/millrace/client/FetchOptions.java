package io.millrace.client;

import java.time.Duration;

/**
 * How much to wait for and to take.
 *
 * @param bytesMax stop after so many bytes of batches, but give at least one batch; more than 0
 * @param bytesMin answer when there are so many, or the wait is over; more than 0
 * @param waitMax how long to wait for them, at most 60 s; 0: answer at once with what is there
 */
public record FetchOptions(int bytesMax, int bytesMin, Duration waitMax) {
    private static final Duration WAIT_MAX = Duration.ofSeconds(60);

    /** Up to 1 MiB, and up to 500 ms for the first byte. */
    public static final FetchOptions DEFAULT = new FetchOptions(1024 * 1024, 1, Duration.ofMillis(500));

    /**
     * Checks all three.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public FetchOptions {
        if (bytesMax <= 0 || bytesMin <= 0) {
            throw new IllegalArgumentException("bytesMax and bytesMin are more than 0");
        }
        if (waitMax.isNegative() || waitMax.compareTo(WAIT_MAX) > 0) {
            throw new IllegalArgumentException("waitMax is 0 to 60 s, not " + waitMax);
        }
    }

    /** The same with another {@link #bytesMax}. */
    public FetchOptions withBytesMax(int newBytesMax) {
        return new FetchOptions(newBytesMax, bytesMin, waitMax);
    }

    /** The same with another {@link #waitMax}. */
    public FetchOptions withWaitMax(Duration newWaitMax) {
        return new FetchOptions(bytesMax, bytesMin, newWaitMax);
    }
}
