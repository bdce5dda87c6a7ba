package io.millrace.partition.replica;

import io.millrace.partition.log.Retention;
import io.millrace.partition.state.DedupBounds;
import io.millrace.protocol.FlushPolicy;
import java.util.List;
import java.util.Optional;

/**
 * What a broker must know to run a replica.
 *
 * @param founders the brokers that the group was founded on, the preferred leader first
 * @param isFounder whether this is one of them, and the broker's data directory was there when the group was made; if not, and there
 *     is nothing on the disk, then it is lost, or the replica joins
 * @param othersHold whether other brokers hold the partition now, so that what is not here can be had from them
 * @param flush of its topic
 * @param retention of its topic
 * @param minInSync of its topic: with fewer voters in sync, itself among them, a leader takes no records
 * @param dedup of its topic, if records are compared by content
 */
public record ReplicaSpec(
        ReplicaId id,
        List<Integer> founders,
        boolean isFounder,
        boolean othersHold,
        FlushPolicy flush,
        Retention retention,
        int minInSync,
        Optional<DedupBounds> dedup) {
    public ReplicaSpec {
        founders = List.copyOf(founders);
    }
}
