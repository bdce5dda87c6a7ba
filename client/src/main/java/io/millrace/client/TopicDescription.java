package io.millrace.client;

import io.millrace.protocol.v1.Partition;
import io.millrace.protocol.v1.PartitionState;
import io.millrace.protocol.v1.Topic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A topic and its partitions.
 *
 * @param name unique now
 * @param id unique for ever: a topic that is deleted and created again has another
 * @param replicationFactor on how many brokers each partition is kept
 * @param settings all that apply, by name, those that were not set as well
 * @param partitions in order
 */
public record TopicDescription(
        String name,
        long id,
        int replicationFactor,
        SortedMap<String, String> settings,
        List<PartitionDescription> partitions) {
    /** Takes copies. */
    public TopicDescription {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        partitions = List.copyOf(partitions);
    }

    /**
     * One partition. What only its leader knows is there if the topic was described, and the leader answered.
     *
     * @param replicas ids of the brokers that keep it; the first is the preferred leader
     * @param leader id of the broker that leads it, if there is one now
     * @param leaderTerm the Raft term of that leader
     * @param logStartOffset the first offset that can be read
     * @param highWatermark the offset after the last committed record
     * @param sizeBytes on the leader's disk
     * @param inSyncReplicas ids of the brokers that have everything that is committed
     */
    public record PartitionDescription(
            int partition,
            List<Integer> replicas,
            OptionalInt leader,
            long leaderTerm,
            OptionalLong logStartOffset,
            OptionalLong highWatermark,
            OptionalLong sizeBytes,
            List<Integer> inSyncReplicas) {
        /** Takes copies. */
        public PartitionDescription {
            replicas = List.copyOf(replicas);
            inSyncReplicas = List.copyOf(inSyncReplicas);
        }
    }

    static TopicDescription of(Topic topic, List<PartitionState> states) {
        Map<Integer, PartitionState> byPartition = new HashMap<>();
        states.forEach(state -> byPartition.put(state.getPartition(), state));
        List<PartitionDescription> partitions = new ArrayList<>();
        for (Partition partition : topic.getPartitionsList()) {
            PartitionState state =
                    byPartition.getOrDefault(partition.getPartition(), PartitionState.getDefaultInstance());
            partitions.add(new PartitionDescription(
                    partition.getPartition(),
                    partition.getReplicasList(),
                    partition.hasLeader() ? OptionalInt.of(partition.getLeader()) : OptionalInt.empty(),
                    partition.getLeaderTerm(),
                    state.hasLogStartOffset() ? OptionalLong.of(state.getLogStartOffset()) : OptionalLong.empty(),
                    state.hasHighWatermark() ? OptionalLong.of(state.getHighWatermark()) : OptionalLong.empty(),
                    state.hasSizeBytes() ? OptionalLong.of(state.getSizeBytes()) : OptionalLong.empty(),
                    state.getInSyncReplicasList()));
        }
        return new TopicDescription(
                topic.getName(),
                topic.getId(),
                topic.getReplicationFactor(),
                new TreeMap<>(topic.getSettingsMap()),
                partitions);
    }
}
