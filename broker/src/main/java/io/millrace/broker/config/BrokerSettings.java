package io.millrace.broker.config;

import com.typesafe.config.Config;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.controller.ControllerSettings;
import io.millrace.controller.balance.BalancerSettings;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.replica.PartitionSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everything an operator has decided, valid as a whole. The meaning of each is in {@code reference.conf}.
 *
 * @param rack what fails together with this broker
 * @param capacity how much it can carry beside others
 * @param diskReserve kept free
 * @param decompressedBytesMax of the records of one compressed batch
 * @param scrubBytesPerSecond 0: never
 * @param scrubRest before each round
 * @param cacheBytesMax of recent entries, for each replica
 * @param retention of topics that have none of their own
 * @param groupOffsetsRetention for which groups without members are remembered
 * @param cleanupInterval from one application of retention to the next
 * @param leaders how they are spread over the brokers
 * @param followerRead whether replicas here that do not lead answer reads that allow it
 * @param metricsTopicsMax that have series of their own in the metrics
 * @param moveBytesPerSecond that leaders here send to members that catch up, all together; 0: no limit
 * @param akka all that Akka reads, derived from these settings where it must be
 */
public record BrokerSettings(
        int brokerId,
        Optional<String> rack,
        double capacity,
        Path dataDir,
        DiskReserve diskReserve,
        long scrubBytesPerSecond,
        Duration scrubRest,
        Optional<Path> logFile,
        LogFormat logFormat,
        Cluster cluster,
        FrontDoor frontDoor,
        Http http,
        int messageBytesMax,
        int requestBytesMax,
        int decompressedBytesMax,
        LogSettings log,
        int cacheBytesMax,
        RaftSettings raft,
        PartitionSettings partition,
        Retention retention,
        Duration cleanupInterval,
        Duration groupOffsetsRetention,
        Leaders leaders,
        boolean followerRead,
        int metricsTopicsMax,
        Duration shutdownTimeout,
        ControllerSettings.Moves moves,
        long moveBytesPerSecond,
        Config akka) {

    /** What a line of the log is. */
    public enum LogFormat {
        TEXT,
        JSON
    }

    /**
     * @param address where other brokers reach this one
     * @param bind where it listens for them; the same, unless something forwards from there to here
     * @param seeds HTTP addresses of the brokers that know, or found, the cluster; empty: this one
     * @param metadataLogBytesMax with more, the metadata's log is shortened
     */
    public record Cluster(
            String name,
            HostPort address,
            HostPort bind,
            List<HostPort> seeds,
            Set<Integer> metadataVoters,
            long metadataLogBytesMax) {
        public Cluster {
            seeds = List.copyOf(seeds);
            metadataVoters = Set.copyOf(metadataVoters);
        }
    }

    /**
     * @param reportInterval from one report of load to the controller to the next
     * @param cycleInterval from one look of the controller to the next
     * @param balancer empty: leaders are moved only for who asks
     */
    public record Leaders(Duration reportInterval, Duration cycleInterval, Optional<BalancerSettings> balancer) {}

    /**
     * @param advertised where other brokers, and people, are told to look
     * @param allowsChanges whether anything can be changed over it
     */
    public record Http(HostPort address, HostPort advertised, boolean allowsChanges) {}

    /**
     * @param advertised where clients are told to connect to
     * @param pendingBytesMax of requests taken and not answered
     * @param connectionBytesMax of produce requests of one connection
     */
    public record FrontDoor(
            HostPort address,
            HostPort advertised,
            Duration requestTimeout,
            Duration requestTimeoutMax,
            int streamParallelism,
            long pendingBytesMax,
            long connectionBytesMax,
            int pendingRequestsMax,
            int routers) {}
}
