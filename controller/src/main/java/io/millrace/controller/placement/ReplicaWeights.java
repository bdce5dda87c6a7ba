package io.millrace.controller.placement;

import io.millrace.controller.balance.PartitionId;
import io.millrace.controller.balance.PartitionLoad;
import io.millrace.controller.balance.Situation;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.HashMap;
import java.util.Map;

/**
 * What a replica weighs for the broker that holds it: 1 for being there, and on top of that, as far as leaders have reported it, its partition's
 * part of what is written to the whole cluster and of what is kept there, half of each; as much again, in the mean over all partitions. What
 * consumers read is not in it: that is on the leader, wherever the replicas are. So an idle cluster is even by number, and the more there is in it,
 * the more that counts.
 */
public final class ReplicaWeights {
    /** Nothing is known: all are alike. */
    public static final ReplicaWeights ALIKE = new ReplicaWeights(Map.of(), Map.of(), 1);

    /** Below, it is too little to tell brokers apart by it: parts are of at least so much, in the whole cluster. */
    private static final double BYTES_PER_SECOND_MIN = 10 << 20;

    private static final double BYTES_KEPT_MIN = 10L << 30;

    private final Map<PartitionId, Situation.Led> led;
    private final Map<PartitionId, Double> known;
    private final double usual;

    private ReplicaWeights(Map<PartitionId, Situation.Led> led, Map<PartitionId, Double> known, double usual) {
        this.led = led;
        this.known = known;
        this.usual = usual;
    }

    public static ReplicaWeights of(Situation situation) {
        Map<PartitionId, Situation.Led> led = situation.led();
        double written = 0;
        double kept = 0;
        for (Situation.Led one : led.values()) {
            written += one.load().bytesInPerSecond();
            kept += one.load().sizeBytes();
        }
        int partitions = situation.metadata().topics().values().stream()
                .mapToInt(TopicMetadata::partitionCount)
                .sum();
        Map<PartitionId, Double> weights = new HashMap<>();
        double sum = 0;
        for (Map.Entry<PartitionId, Situation.Led> one : led.entrySet()) {
            PartitionLoad load = one.getValue().load();
            double share = (load.bytesInPerSecond() / Math.max(written, BYTES_PER_SECOND_MIN)
                            + load.sizeBytes() / Math.max(kept, BYTES_KEPT_MIN))
                    / 2;
            weights.put(one.getKey(), 1 + partitions * share);
            sum += share;
        }
        return new ReplicaWeights(led, weights, 1 + sum);
    }

    double of(PartitionId partition) {
        return known.getOrDefault(partition, 1.0);
    }

    /** That is written to each replica; 0 if nothing is known. */
    long bytesInPerSecond(PartitionId partition) {
        Situation.Led leader = led.get(partition);
        return leader == null ? 0 : leader.load().bytesInPerSecond();
    }

    /** Of each replica; 0 if nothing is known. */
    long sizeBytes(PartitionId partition) {
        Situation.Led leader = led.get(partition);
        return leader == null ? 0 : leader.load().sizeBytes();
    }

    /** Of a partition that is yet to be: as the others are in the mean. */
    double usual() {
        return usual;
    }
}
