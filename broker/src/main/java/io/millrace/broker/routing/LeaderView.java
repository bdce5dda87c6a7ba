package io.millrace.broker.routing;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What a {@link LeaderDirectory} knows, to be read by any thread at any time. */
public final class LeaderView {
    private final Map<PartitionKey, Leader> leaders = new ConcurrentHashMap<>();

    public Optional<Leader> leaderOf(PartitionKey partition) {
        return Optional.ofNullable(leaders.get(partition));
    }

    /** Only the directory writes. */
    Map<PartitionKey, Leader> leaders() {
        return leaders;
    }
}
