package io.millrace.controller;

import io.millrace.controller.balance.BalancerSettings;
import io.millrace.controller.metadata.ClusterMetadata;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * How the {@link Controller} behaves.
 *
 * @param partitionsPerTopicMax what a user may ask for; at most {@link ClusterMetadata#PARTITIONS_PER_TOPIC_MAX}
 * @param requestsWaitingMax beyond, requests are refused
 * @param requestTimeoutMax nobody waits longer, whatever he asks for
 * @param retryDelayMin before a claim or command is proposed again for which there was no leader; doubled each time
 * @param retryDelayMax and never more
 * @param claimTimeout after which a claim that was not answered is made again
 * @param deposedPause how long a controller that found itself superseded lets the other one rule before it claims
 *     again. Longer than the split brain resolver needs to decide which side of a split goes on: by then the
 *     controller of the other side is gone, and only one of the two ever comes to the end of the pause
 * @param decisionsKept for inspection
 * @param cycle how often it looks what is to be done although nobody has asked for it
 * @param leaderBalance empty: leaders are moved only for who asks
 * @param moves how replicas are moved
 */
public record ControllerSettings(
        int partitionsPerTopicMax,
        int requestsWaitingMax,
        Duration requestTimeoutMax,
        Duration retryDelayMin,
        Duration retryDelayMax,
        Duration claimTimeout,
        Duration deposedPause,
        int decisionsKept,
        Duration cycle,
        Optional<BalancerSettings> leaderBalance,
        Moves moves) {

    /**
     * @param lookEvery how often the controller looks for what is to be moved, if nothing else makes it look
     * @param perBrokerMax so many partitions are on their way to or from a broker at the same time, of those that the controller moves
     *     by itself
     * @param replacementDelay a broker that has been away for so long has its replicas made anew on others. Redpanda's
     *     {@code partition_autobalancing_node_availability_timeout_sec} is 15 minutes as well: longer than a restart or a reboot,
     *     since a replacement copies all there is
     * @param balanced whether replicas are moved to even out what brokers carry when that is advised, and not only for who asks
     * @param metadataVoters the brokers that vote on metadata, by the brokers' settings: they cannot be unregistered
     */
    public record Moves(
            Duration lookEvery,
            int perBrokerMax,
            Duration replacementDelay,
            boolean balanced,
            Set<Integer> metadataVoters) {
        /**
         * Checks each.
         *
         * @throws IllegalArgumentException naming what is wrong
         */
        public Moves {
            metadataVoters = Set.copyOf(metadataVoters);
            check(isPositive(lookEvery), "lookEvery is positive");
            check(perBrokerMax >= 1, "perBrokerMax is at least 1");
            check(isPositive(replacementDelay), "replacementDelay is positive");
        }
    }

    public static final ControllerSettings DEFAULT = new ControllerSettings(
            ClusterMetadata.PARTITIONS_PER_TOPIC_MAX,
            1_000,
            Duration.ofMinutes(1),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            100,
            Duration.ofSeconds(10),
            Optional.of(BalancerSettings.DEFAULT),
            new Moves(Duration.ofSeconds(1), 5, Duration.ofMinutes(15), false, Set.of()));

    public ControllerSettings withMoves(Moves changed) {
        return new ControllerSettings(
                partitionsPerTopicMax,
                requestsWaitingMax,
                requestTimeoutMax,
                retryDelayMin,
                retryDelayMax,
                claimTimeout,
                deposedPause,
                decisionsKept,
                cycle,
                leaderBalance,
                changed);
    }

    /**
     * Checks each.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public ControllerSettings {
        check(
                partitionsPerTopicMax >= 1 && partitionsPerTopicMax <= ClusterMetadata.PARTITIONS_PER_TOPIC_MAX,
                "partitionsPerTopicMax is 1 to " + ClusterMetadata.PARTITIONS_PER_TOPIC_MAX);
        check(requestsWaitingMax >= 1, "requestsWaitingMax is at least 1");
        check(isPositive(requestTimeoutMax), "requestTimeoutMax is positive");
        check(isPositive(retryDelayMin), "retryDelayMin is positive");
        check(retryDelayMax.compareTo(retryDelayMin) >= 0, "retryDelayMax is not below retryDelayMin");
        check(isPositive(claimTimeout), "claimTimeout is positive");
        check(isPositive(deposedPause), "deposedPause is positive");
        check(decisionsKept >= 1, "decisionsKept is at least 1");
        check(isPositive(cycle), "cycle is positive");
    }

    /** The same, but for what is done in cycles. */
    public ControllerSettings withCycle(Duration newCycle, Optional<BalancerSettings> newLeaderBalance) {
        return new ControllerSettings(
                partitionsPerTopicMax,
                requestsWaitingMax,
                requestTimeoutMax,
                retryDelayMin,
                retryDelayMax,
                claimTimeout,
                deposedPause,
                decisionsKept,
                newCycle,
                newLeaderBalance,
                moves);
    }

    private static boolean isPositive(Duration duration) {
        return duration.compareTo(Duration.ZERO) > 0;
    }

    private static void check(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }
}
