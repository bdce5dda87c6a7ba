package io.millrace.partition.replica;

import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.state.PartitionOffsets;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A replica as it stands now, in plain values that any serializer can carry.
 *
 * @param state {@code RECOVERING} while its log is opened or its new end looked up, {@code REBUILDING} while it has no vote because
 *     its disk was lost, {@code RUNNING} or {@code FAILED}
 * @param problem why it failed; null if it did not
 * @param damage what of its log cannot be read any more, though it goes on with the rest; null if nothing is known
 * @param role {@code FOLLOWER}, {@code PRE_CANDIDATE}, {@code CANDIDATE} or {@code LEADER}
 * @param leader the broker it takes for the leader of {@code term}; null if none
 * @param logStartOffset the first offset that can be read
 * @param highWatermark the offset after the last record known here to be committed
 * @param logEndOffset the offset after the last record in the log, committed or not
 * @param proposed what it has proposed since it was started
 * @param peers on a leader, the other members
 */
public record PartitionStatus(
        String topic,
        long topicId,
        int partition,
        int brokerId,
        String state,
        @Nullable String problem,
        @Nullable String damage,
        String role,
        long term,
        @Nullable Integer leader,
        long commitIndex,
        long durableIndex,
        long lastIndex,
        long logStartOffset,
        long highWatermark,
        long logEndOffset,
        long sizeBytes,
        ProposalCounters proposed,
        List<Peer> peers) {
    public PartitionStatus {
        peers = List.copyOf(peers);
    }

    public static PartitionStatus notRunning(ReplicaId id, String state, @Nullable String problem, long term) {
        return new PartitionStatus(
                id.topic(),
                id.topicId(),
                id.partition(),
                id.brokerId(),
                state,
                problem,
                null,
                "FOLLOWER",
                term,
                null,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                ProposalCounters.NONE,
                List.of());
    }

    /** Of a member of a group whose entries are no records. */
    public static PartitionStatus withoutRecords(
            ReplicaId id, RaftStatus raft, ReplicaLog log, @Nullable String damage) {
        return running(id, raft, new PartitionOffsets(0, 0, 0), log, damage, ProposalCounters.NONE);
    }

    static PartitionStatus running(
            ReplicaId id,
            RaftStatus raft,
            PartitionOffsets offsets,
            ReplicaLog log,
            @Nullable String damage,
            ProposalCounters proposed) {
        List<Peer> peers = raft.peers().entrySet().stream()
                .map(peer -> new Peer(
                        peer.getKey().value(),
                        peer.getValue().voter(),
                        peer.getValue().matchIndex(),
                        raft.lastPosition().index() - peer.getValue().matchIndex(),
                        peer.getValue().probing(),
                        known(peer.getValue().silentMillis()),
                        peer.getValue().awaitedMillis()))
                .toList();
        return new PartitionStatus(
                id.topic(),
                id.topicId(),
                id.partition(),
                id.brokerId(),
                raft.hardState().recovering() ? "REBUILDING" : "RUNNING",
                null,
                damage,
                raft.role().name(),
                raft.hardState().term(),
                raft.leader().map(NodeId::value).orElse(null),
                raft.commitIndex(),
                raft.durableIndex(),
                raft.lastPosition().index(),
                log.startOffset(),
                offsets.highWatermark(),
                offsets.logEndOffset(),
                log.sizeBytes(),
                proposed,
                peers);
    }

    /**
     * @param lagEntries how many of the leader's log entries it is not known to have on disk
     * @param silentMillis since it was last heard of; null if this leader has never heard of it
     * @param awaitedMillis for how long it is waited for: since it was last heard of, or since the leader was elected or the group woke,
     *     which asks nothing of anybody while it sleeps
     */
    public record Peer(
            int brokerId,
            boolean voter,
            long matchIndex,
            long lagEntries,
            boolean probing,
            @Nullable Long silentMillis,
            long awaitedMillis) {}

    private static @Nullable Long known(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }
}
