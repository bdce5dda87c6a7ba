package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Tells sleeping members when a broker that they rely on cannot be reached any more, or one that they go without is back: the
 * failure detector of all groups that have none of their own for now (see {@code Quiescence}). One for each broker; whoever
 * knows Akka's view of the cluster feeds it. Who is awake is not in it, so a broker that comes and goes costs one message for
 * each group that slept.
 *
 * <p>Safe to use from any thread.
 */
public final class BrokerWatch {
    private record Watched(Set<Integer> present, Set<Integer> absent) {
        private Stream<Integer> brokers() {
            return Stream.concat(present.stream(), absent.stream());
        }
    }

    private final Map<Integer, Set<ActorRef<RaftCommand>>> watchers = new HashMap<>();
    private final Map<ActorRef<RaftCommand>, Watched> watched = new HashMap<>();
    private final Set<Integer> unreachable = new HashSet<>();
    private final Set<Integer> reachable = new HashSet<>();

    /** Cannot be reached, has left, or was replaced by a new process of the same id. */
    public void unreachable(int brokerId) {
        List<ActorRef<RaftCommand>> sleepers;
        synchronized (this) {
            unreachable.add(brokerId);
            reachable.remove(brokerId);
            sleepers = forgetWhoWaitsFor(brokerId, true);
        }
        sleepers.forEach(sleeper -> sleeper.tell(new RaftCommand.BrokerUnreachable(brokerId)));
    }

    /** Can be reached (again). */
    public void reachable(int brokerId) {
        List<ActorRef<RaftCommand>> sleepers;
        synchronized (this) {
            unreachable.remove(brokerId);
            reachable.add(brokerId);
            sleepers = forgetWhoWaitsFor(brokerId, false);
        }
        sleepers.forEach(sleeper -> sleeper.tell(new RaftCommand.BrokerReachable(brokerId)));
    }

    /**
     * From now on, tell this member once if one of these brokers is, or becomes, other than it thinks. Replaces what it asked for
     * before; for no brokers: do not tell it any more.
     */
    void watch(ActorRef<RaftCommand> sleeper, Set<Integer> present, Set<Integer> absent) {
        RaftCommand news;
        synchronized (this) {
            forget(sleeper);
            news = Stream.<RaftCommand>concat(
                            present.stream().filter(unreachable::contains).map(RaftCommand.BrokerUnreachable::new),
                            absent.stream().filter(reachable::contains).map(RaftCommand.BrokerReachable::new))
                    .findFirst()
                    .orElse(null);
            if (news == null && !(present.isEmpty() && absent.isEmpty())) {
                Watched asked = new Watched(Set.copyOf(present), Set.copyOf(absent));
                watched.put(sleeper, asked);
                asked.brokers().forEach(broker -> watchers.computeIfAbsent(broker, b -> new LinkedHashSet<>())
                        .add(sleeper));
            }
        }
        if (news != null) {
            sleeper.tell(news);
        }
    }

    private List<ActorRef<RaftCommand>> forgetWhoWaitsFor(int brokerId, boolean present) {
        List<ActorRef<RaftCommand>> waiting = new ArrayList<>();
        for (ActorRef<RaftCommand> each : watchers.getOrDefault(brokerId, Set.of())) {
            Watched asked = watched.get(each);
            if (asked != null && (present ? asked.present() : asked.absent()).contains(brokerId)) {
                waiting.add(each);
            }
        }
        waiting.forEach(this::forget);
        return waiting;
    }

    private void forget(ActorRef<RaftCommand> sleeper) {
        Watched asked = watched.remove(sleeper);
        if (asked == null) {
            return;
        }
        asked.brokers().forEach(broker -> {
            Set<ActorRef<RaftCommand>> others = watchers.get(broker);
            if (others != null && others.remove(sleeper) && others.isEmpty()) {
                watchers.remove(broker);
            }
        });
    }
}
