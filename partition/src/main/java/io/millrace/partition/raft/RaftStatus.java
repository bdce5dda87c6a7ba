package io.millrace.partition.raft;

import java.util.Collections;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A member as it stands now, for people and for the controller.
 *
 * @param logStart the position before the first entry that is kept
 * @param peers on a leader, what it knows of each other member; else empty
 */
public record RaftStatus(
        NodeId self,
        Role role,
        HardState hardState,
        Optional<NodeId> leader,
        Membership membership,
        LogPosition logStart,
        LogPosition lastPosition,
        long commitIndex,
        long durableIndex,
        NavigableMap<NodeId, Peer> peers) {
    public RaftStatus {
        peers = Collections.unmodifiableNavigableMap(new TreeMap<>(peers));
    }

    /**
     * @param probing whether the leader still looks for where the logs agree
     * @param silentMillis since the last answer; empty if this leader has had none
     * @param awaitedMillis for how long an answer is awaited: since the last one, or since the leader was elected or got up
     */
    public record Peer(
            boolean voter,
            long matchIndex,
            long nextIndex,
            boolean probing,
            long inflightBytes,
            OptionalLong silentMillis,
            long awaitedMillis) {
        static Peer of(Progress progress, boolean voter, long nowMillis) {
            return new Peer(
                    voter,
                    progress.matchIndex(),
                    progress.nextIndex(),
                    progress.isProbing(),
                    progress.inflightBytes(),
                    progress.silentMillis(nowMillis),
                    nowMillis - progress.lastHeardMillis());
        }
    }
}
