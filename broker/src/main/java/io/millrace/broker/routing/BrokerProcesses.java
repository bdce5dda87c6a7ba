package io.millrace.broker.routing;

import java.util.HashMap;
import java.util.Map;

/**
 * Which processes of the cluster say that they are which broker, and whether any of them can be reached. Mostly there is one of each; there are
 * two while a broker that was started again elsewhere waits for the end of its former process to be noticed, and while an
 * id is used twice by mistake. Then one that leaves must not take the other along.
 *
 * @param <P> what tells processes apart
 */
final class BrokerProcesses<P> {
    private final Map<Integer, Map<P, Boolean>> reachable = new HashMap<>();

    /** A process of this broker is a member, and can be reached or not. */
    void seen(int brokerId, P process, boolean canBeReached) {
        reachable.computeIfAbsent(brokerId, id -> new HashMap<>()).put(process, canBeReached);
    }

    /** It is no member any more. */
    void left(int brokerId, P process) {
        reachable.computeIfPresent(brokerId, (id, processes) -> {
            processes.remove(process);
            return processes.isEmpty() ? null : processes;
        });
    }

    boolean hasAny(int brokerId) {
        return reachable.containsKey(brokerId);
    }

    boolean canBeReached(int brokerId) {
        return reachable.getOrDefault(brokerId, Map.of()).containsValue(true);
    }
}
