package io.millrace.broker.routing;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/** What a {@link LeaderDirectory} knows, to be read by any thread at any time. */
public final class LeaderView {
    private final Map<PartitionKey, Leader> leaders = new ConcurrentHashMap<>();

    public Optional<Leader> leaderOf(PartitionKey partition) {
        return Optional.ofNullable(leaders.get(partition));
    }

    /** How many partitions that broker leads and takes requests for. */
    public int ledBy(int broker) {
        int led = 0;
        for (Leader leader : leaders.values()) {
            led += leader.readyRef() != null && leader.broker().equals(OptionalInt.of(broker)) ? 1 : 0;
        }
        return led;
    }

    /** Only the directory writes. */
    Map<PartitionKey, Leader> leaders() {
        return leaders;
    }
}
