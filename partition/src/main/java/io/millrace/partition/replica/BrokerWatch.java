package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Wakes sleeping members when a broker that they rely on cannot be reached any more: the failure detector of all groups that
 * have none of their own for now (see {@code Quiescence}). One for each broker; whoever knows Akka's view of the cluster feeds
 * it. Who is awake is not in it, so a broker that comes and goes costs one message for each group that slept.
 *
 * <p>Safe to use from any thread.
 */
public final class BrokerWatch {
    private final Map<Integer, Set<ActorRef<RaftCommand>>> watchers = new HashMap<>();
    private final Map<ActorRef<RaftCommand>, Set<Integer>> watched = new HashMap<>();
    private final Set<Integer> unreachable = new HashSet<>();

    /** Cannot be reached, has left, or was replaced by a new process of the same id. */
    public void unreachable(int brokerId) {
        List<ActorRef<RaftCommand>> sleepers;
        synchronized (this) {
            unreachable.add(brokerId);
            sleepers = new ArrayList<>(watchers.getOrDefault(brokerId, Set.of()));
            sleepers.forEach(this::forget);
        }
        sleepers.forEach(sleeper -> sleeper.tell(new RaftCommand.BrokerUnreachable(brokerId)));
    }

    /** Can be reached (again). */
    public synchronized void reachable(int brokerId) {
        unreachable.remove(brokerId);
    }

    /**
     * From now on, tell this member once if one of these brokers is, or becomes, unreachable. Replaces what it asked for
     * before; for no brokers: do not tell it any more.
     */
    void watch(ActorRef<RaftCommand> sleeper, Set<Integer> brokers) {
        int lost;
        synchronized (this) {
            forget(sleeper);
            lost = brokers.stream().filter(unreachable::contains).findFirst().orElse(-1);
            if (lost < 0 && !brokers.isEmpty()) {
                watched.put(sleeper, Set.copyOf(brokers));
                brokers.forEach(broker -> watchers.computeIfAbsent(broker, b -> new LinkedHashSet<>())
                        .add(sleeper));
            }
        }
        if (lost >= 0) {
            sleeper.tell(new RaftCommand.BrokerUnreachable(lost));
        }
    }

    private void forget(ActorRef<RaftCommand> sleeper) {
        Set<Integer> brokers = watched.remove(sleeper);
        if (brokers != null) {
            for (Integer broker : brokers) {
                Set<ActorRef<RaftCommand>> others = watchers.get(broker);
                if (others != null && others.remove(sleeper) && others.isEmpty()) {
                    watchers.remove(broker);
                }
            }
        }
    }
}
