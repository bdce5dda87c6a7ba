package io.millrace.partition.replica;

import io.millrace.partition.log.LogSettings;
import io.millrace.partition.raft.RaftSettings;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What all replicas of one broker share.
 *
 * @param directory each replica has its own below it, named by its group
 * @param cacheBytesMax of recent entries that each replica keeps in memory
 * @param clusterId of this broker; empty while it knows none
 * @param monotonicMillis a clock that never goes back and counts on while the process is stopped
 */
public record ReplicaContext(
        Path directory,
        RaftSettings raft,
        LogSettings log,
        int cacheBytesMax,
        PeerRouter peers,
        Supplier<String> clusterId,
        LongSupplier monotonicMillis) {
    /** Configuration path of the dispatcher on which log I/O may block. */
    public static final String LOG_DISPATCHER = "millrace.log-dispatcher";

    public ReplicaContext withRaft(RaftSettings settings) {
        return new ReplicaContext(directory, settings, log, cacheBytesMax, peers, clusterId, monotonicMillis);
    }

    /** Where a replica has its log. */
    public Path directoryOf(ReplicaId id) {
        return directory.resolve(id.group());
    }
}
