package io.millrace.partition.replica;

import io.millrace.partition.raft.RaftSettings;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * What all replicas of one broker share.
 *
 * @param directory each replica has its own below it, named by its group
 * @param clusterId of this broker; empty while it knows none
 * @param blockingDispatcher the configuration path of the dispatcher that log I/O runs on
 */
public record ReplicaContext(
        Path directory, RaftSettings raft, PeerRouter peers, Supplier<String> clusterId, String blockingDispatcher) {}
