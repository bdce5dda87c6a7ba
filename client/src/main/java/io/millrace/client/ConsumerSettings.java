package io.millrace.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a consumer reads.
 *
 * @param fetchBytesMax of one partition in one answer, but at least one batch
 * @param prefetchBytesMax what may wait of each partition until it is polled, in bytes as they were written; one answer fits in
 *     any case
 * @param fetchWaitMax how long a broker holds back the answer while there is nothing to read; at most 60 s. Records that come do not wait
 * @param pollRecordsMax in one {@link Consumer#poll}
 * @param reset where to begin without a position
 * @param anyReplica whether replicas that do not lead may be read: those in the client's rack if there are any. They take load off the
 *     leaders, and are some milliseconds behind
 * @param group to take part in, or to keep offsets in; null: none
 */
public record ConsumerSettings(
        int fetchBytesMax,
        int prefetchBytesMax,
        Duration fetchWaitMax,
        int pollRecordsMax,
        ResetPolicy reset,
        boolean anyReplica,
        @Nullable GroupSettings group) {
    private static final Duration WAIT_MAX = Duration.ofSeconds(60);

    /** 1 MiB an answer, 4 MiB waiting for each partition, 5 s to wait, 1,000 records a poll, from the earliest, of leaders. */
    public static final ConsumerSettings DEFAULT =
            new ConsumerSettings(1 << 20, 4 << 20, Duration.ofSeconds(5), 1_000, ResetPolicy.EARLIEST, false, null);

    /**
     * Checks all of them.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public ConsumerSettings {
        if (fetchBytesMax <= 0 || prefetchBytesMax < fetchBytesMax || pollRecordsMax <= 0) {
            throw new IllegalArgumentException(
                    "0 < fetchBytesMax <= prefetchBytesMax and 0 < pollRecordsMax do not hold: " + fetchBytesMax + ", "
                            + prefetchBytesMax + ", " + pollRecordsMax);
        }
        if (fetchWaitMax.isNegative() || fetchWaitMax.compareTo(WAIT_MAX) > 0) {
            throw new IllegalArgumentException("fetchWaitMax is 0 to 60 s, not " + fetchWaitMax);
        }
    }

    /** The same with another {@link #fetchBytesMax}. */
    public ConsumerSettings withFetchBytesMax(int newFetchBytesMax) {
        return new ConsumerSettings(
                newFetchBytesMax, prefetchBytesMax, fetchWaitMax, pollRecordsMax, reset, anyReplica, group);
    }

    /** The same with another {@link #prefetchBytesMax}. */
    public ConsumerSettings withPrefetchBytesMax(int newPrefetchBytesMax) {
        return new ConsumerSettings(
                fetchBytesMax, newPrefetchBytesMax, fetchWaitMax, pollRecordsMax, reset, anyReplica, group);
    }

    /** The same with another {@link #fetchWaitMax}. */
    public ConsumerSettings withFetchWaitMax(Duration newFetchWaitMax) {
        return new ConsumerSettings(
                fetchBytesMax, prefetchBytesMax, newFetchWaitMax, pollRecordsMax, reset, anyReplica, group);
    }

    /** The same with another {@link #pollRecordsMax}. */
    public ConsumerSettings withPollRecordsMax(int newPollRecordsMax) {
        return new ConsumerSettings(
                fetchBytesMax, prefetchBytesMax, fetchWaitMax, newPollRecordsMax, reset, anyReplica, group);
    }

    /** The same with another {@link #reset}. */
    public ConsumerSettings withReset(ResetPolicy newReset) {
        return new ConsumerSettings(
                fetchBytesMax, prefetchBytesMax, fetchWaitMax, pollRecordsMax, newReset, anyReplica, group);
    }

    /** The same with another {@link #anyReplica}. */
    public ConsumerSettings withAnyReplica(boolean newAnyReplica) {
        return new ConsumerSettings(
                fetchBytesMax, prefetchBytesMax, fetchWaitMax, pollRecordsMax, reset, newAnyReplica, group);
    }

    /** The same with another {@link #group}. */
    public ConsumerSettings withGroup(GroupSettings newGroup) {
        return new ConsumerSettings(
                fetchBytesMax, prefetchBytesMax, fetchWaitMax, pollRecordsMax, reset, anyReplica, newGroup);
    }

    /** The same in the group of this name, with {@link GroupSettings#of}. */
    public ConsumerSettings withGroup(String newGroup) {
        return withGroup(GroupSettings.of(newGroup));
    }
}
