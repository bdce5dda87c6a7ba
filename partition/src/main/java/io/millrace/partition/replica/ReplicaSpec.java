package io.millrace.partition.replica;

import java.util.List;

/**
 * What a broker must know to run a replica.
 *
 * @param replicas the brokers that hold one, the preferred leader first; contains {@code id.brokerId()}
 */
public record ReplicaSpec(ReplicaId id, List<Integer> replicas) {
    public ReplicaSpec {
        replicas = List.copyOf(replicas);
    }
}
