package io.millrace.partition.sim;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** How often what happened. */
final class FaultCounts {
    private final EnumMap<Fault, Long> counts = new EnumMap<>(Fault.class);

    void count(Fault fault) {
        counts.merge(fault, 1L, Long::sum);
    }

    void add(FaultCounts other) {
        other.counts.forEach((fault, count) -> counts.merge(fault, count, Long::sum));
    }

    Map<Fault, Long> toMap() {
        return Collections.unmodifiableMap(counts);
    }
}
