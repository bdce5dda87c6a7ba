package io.millrace.partition.replica;

import io.millrace.partition.log.LogSettings;
import io.millrace.partition.raft.RaftSettings;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What all replicas of one broker share.
 *
 * @param disk has their logs
 * @param openLogs those of this broker's replicas, for the {@link Scrubber}
 * @param led the partitions that are led here, with what passes there
 * @param cacheBytesMax of recent entries that each replica keeps in memory
 * @param campaigns lets only so many of the groups elect at a time
 * @param throttle of what leaders send to members that catch up
 * @param metrics hears what all of them do
 * @param watch wakes replicas of idle groups
 * @param clusterId of this broker; empty while it knows none
 * @param monotonicMillis a clock that never goes back and counts on while the process is stopped
 * @param wallClockMillis since 1970; only for what leaders write into the log
 */
public record ReplicaContext(
        Disk disk,
        OpenLogs openLogs,
        LedPartitions led,
        RaftSettings raft,
        LogSettings log,
        int cacheBytesMax,
        PeerRouter peers,
        BrokerWatch watch,
        Campaigns campaigns,
        MoveThrottle throttle,
        ReplicaMetrics metrics,
        Supplier<String> clusterId,
        LongSupplier monotonicMillis,
        LongSupplier wallClockMillis) {
    /** Configuration path of the dispatcher on which log I/O may block. */
    public static final String LOG_DISPATCHER = "millrace.log-dispatcher";

    public ReplicaContext withLog(LogSettings settings) {
        return new ReplicaContext(
                disk,
                openLogs,
                led,
                raft,
                settings,
                cacheBytesMax,
                peers,
                watch,
                campaigns,
                throttle,
                metrics,
                clusterId,
                monotonicMillis,
                wallClockMillis);
    }
}
