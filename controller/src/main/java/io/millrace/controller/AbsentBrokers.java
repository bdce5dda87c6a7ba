package io.millrace.controller;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which registered brokers have been away, and for how long, as this controller has seen it: a new one begins to count anew. Time in
 * which nobody looked does not count for more than {@link #STEP_MILLIS_MAX}, be it that the controller stood still or that its clock
 * jumped: replicas are not given up for that.
 */
final class AbsentBrokers {
    static final long STEP_MILLIS_MAX = 5_000;

    private final Map<Integer, Long> awayMillis = new HashMap<>();
    private long lookedAtMillis = Long.MAX_VALUE;

    /** To be called again and again. */
    void look(Set<Integer> registered, Set<Integer> alive, long nowMillis) {
        long step = Math.max(0, Math.min(STEP_MILLIS_MAX, nowMillis - lookedAtMillis));
        lookedAtMillis = nowMillis;
        awayMillis.keySet().removeIf(broker -> alive.contains(broker) || !registered.contains(broker));
        for (int broker : registered) {
            if (!alive.contains(broker)) {
                awayMillis.compute(broker, (id, away) -> away == null ? 0 : away + step);
            }
        }
    }

    void forget() {
        awayMillis.clear();
        lookedAtMillis = Long.MAX_VALUE;
    }

    NavigableSet<Integer> awayFor(long millis) {
        NavigableSet<Integer> away = new TreeSet<>();
        awayMillis.forEach((broker, since) -> {
            if (since >= millis) {
                away.add(broker);
            }
        });
        return away;
    }
}
