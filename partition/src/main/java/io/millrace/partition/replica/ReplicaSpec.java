package io.millrace.partition.replica;

import io.millrace.partition.log.Retention;
import io.millrace.partition.state.DedupBounds;
import io.millrace.protocol.FlushPolicy;
import java.util.List;
import java.util.Optional;

/**
 * What a broker must know to run a replica.
 *
 * @param replicas the brokers that hold one, the preferred leader first; contains {@code id.brokerId()}
 * @param isFounder whether the broker's data directory was there when the group was made; if not, and there is nothing on the
 *     disk, then it is lost
 * @param flush of its topic
 * @param retention of its topic
 * @param dedup of its topic, if records are compared by content
 */
public record ReplicaSpec(
        ReplicaId id,
        List<Integer> replicas,
        boolean isFounder,
        FlushPolicy flush,
        Retention retention,
        Optional<DedupBounds> dedup) {
    public ReplicaSpec {
        replicas = List.copyOf(replicas);
    }
}
