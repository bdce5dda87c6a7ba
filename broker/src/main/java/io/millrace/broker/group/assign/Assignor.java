package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.Map;
import java.util.Set;

/**
 * Shares out partitions. Those of the broker are in {@link Assignors}; others are found by {@link java.util.ServiceLoader}, on every broker
 * alike.
 *
 * <p>Implementations keep no state. The answer depends on the question alone, and to a question whose members have what they should have
 * already, it is just that: assignments are computed anew at any time, and must not change for no reason.
 */
public interface Assignor {
    /** By which members ask for it. */
    String name();

    /**
     * For each member, by its id, what it should have. Each partition that somebody reads goes to exactly one member, who must read its
     * topic. An answer that is not so is not used.
     */
    Map<String, Set<PartitionKey>> assign(Sharing sharing);
}
