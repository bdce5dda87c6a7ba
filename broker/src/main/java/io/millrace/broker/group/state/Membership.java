package io.millrace.broker.group.state;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How a member wants to take part; what is not given is empty, what had a default has it.
 *
 * @param topics by name
 * @param pattern and those whose whole name it matches; RE2 syntax
 * @param assignor by name; empty: whatever the others want
 */
public record Membership(
        SortedSet<String> topics,
        String pattern,
        String instanceId,
        String rack,
        String assignor,
        long sessionTimeoutMillis,
        long rebalanceTimeoutMillis) {
    public Membership {
        topics = Collections.unmodifiableSortedSet(new TreeSet<>(topics));
    }

    boolean isStatic() {
        return !instanceId.isEmpty();
    }
}
