package io.millrace.controller.placement;

import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All moves that are due: off brokers that are drained, and off those that have been away for too long. Each replica goes to a broker that
 * is up and not drained: in this order of importance to one in another rack than the partition's other replicas, if there is
 * any, to the one with the fewest replicas for its capacity, to the one with the lowest id. It takes the place of the one before it in the order of
 * preferred leaders. The same metadata and brokers give the same moves.
 *
 * <p>What is under way to a broker that must be left as well goes somewhere else; what was begun because of a broker that is
 * back now, or not drained any more, goes back.
 */
public final class ReplicaMoves {
    /**
     * @param moves in the order of topics and partitions
     * @param stuck partitions that should move and cannot, with the reason
     */
    public record Plan(List<ReplicaMove> moves, List<Stuck> stuck) {
        public Plan {
            moves = List.copyOf(moves);
            stuck = List.copyOf(stuck);
        }
    }

    /** @param why the same words for all partitions with the same reason */
    public record Stuck(String partition, String why) {}

    private final ClusterMetadata metadata;
    private final Set<Integer> alive;
    private final Set<Integer> lost;
    private final NavigableSet<Integer> active;
    private final NavigableSet<Integer> candidates;
    /** Replicas that each broker has when all is done. */
    private final Map<Integer, Integer> replicas;

    private final List<ReplicaMove> moves = new ArrayList<>();
    private final List<Stuck> stuck = new ArrayList<>();

    private ReplicaMoves(ClusterMetadata metadata, Set<Integer> alive, Set<Integer> lost) {
        this.metadata = metadata;
        this.alive = alive;
        this.lost = lost;
        this.active = metadata.activeBrokers();
        this.candidates = new TreeSet<>(active);
        candidates.retainAll(alive);
        candidates.removeAll(lost);
        this.replicas = replicasWanted(metadata);
    }

    /**
     * What is to be moved, as if nothing limited how much at once.
     *
     * @param alive brokers that can be reached
     * @param lost those that are given up
     */
    public static Plan plan(ClusterMetadata metadata, Set<Integer> alive, Set<Integer> lost) {
        ReplicaMoves planning = new ReplicaMoves(metadata, alive, lost);
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                planning.look(topic, partition);
            }
        }
        return new Plan(planning.moves, planning.stuck);
    }

    /** How many replicas each registered broker has when all that is under way is done. */
    public static Map<Integer, Integer> replicasWanted(ClusterMetadata metadata) {
        Map<Integer, Integer> count = new TreeMap<>();
        metadata.brokers().keySet().forEach(broker -> count.put(broker, 0));
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                topic.wanted(partition).forEach(broker -> count.merge(broker, 1, Integer::sum));
            }
        }
        return count;
    }

    /**
     * Of these moves those that may begin now.
     *
     * @param perBroker so many partitions may be under way to or from a broker at the same time
     */
    public static List<ReplicaMove> dueNow(List<ReplicaMove> moves, ClusterMetadata metadata, int perBroker) {
        Map<Integer, Integer> busy = new HashMap<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            topic.reassignments()
                    .forEach((partition, reassignment) -> reassignment.target().ifPresent(target -> affected(
                                    topic.replicas(partition), target)
                            .forEach(broker -> busy.merge(broker, 1, Integer::sum))));
        }
        List<ReplicaMove> due = new ArrayList<>();
        for (ReplicaMove move : moves) {
            Set<Integer> affected = affected(move.from(), move.to());
            boolean goesOnAnyway = metadata.topic(move.topic())
                    .flatMap(topic -> topic.target(move.partition()))
                    .isPresent();
            if (goesOnAnyway || affected.stream().allMatch(broker -> busy.getOrDefault(broker, 0) < perBroker)) {
                affected.forEach(broker -> busy.merge(broker, 1, Integer::sum));
                due.add(move);
            }
        }
        return due;
    }

    private static Set<Integer> affected(List<Integer> from, List<Integer> to) {
        Set<Integer> all = new HashSet<>(from);
        all.addAll(to);
        all.removeIf(broker -> from.contains(broker) && to.contains(broker));
        return all;
    }

    private void look(TopicMetadata topic, int partition) {
        if (topic.wanted(partition).stream().anyMatch(this::mustBeLeft)) {
            leave(topic, partition);
        } else if (isBackAgain(topic, partition)) {
            Set<Integer> returned = new LinkedHashSet<>(topic.replicas(partition));
            topic.wanted(partition).forEach(returned::remove);
            ReassignmentCause cause =
                    topic.reassignment(partition).orElseThrow().cause();
            String what = cause == ReassignmentCause.LOSS ? " back" : " not drained any more";
            add(topic, partition, topic.replicas(partition), cause, brokers(returned) + what);
        }
    }

    private boolean mustBeLeft(int broker) {
        return lost.contains(broker) || !active.contains(broker);
    }

    private boolean isBackAgain(TopicMetadata topic, int partition) {
        return topic.reassignment(partition)
                        .filter(known ->
                                known.cause() == ReassignmentCause.LOSS || known.cause() == ReassignmentCause.DRAIN)
                        .flatMap(Reassignment::target)
                        .filter(target -> !Set.copyOf(target).equals(Set.copyOf(topic.replicas(partition))))
                        .isPresent()
                && topic.replicas(partition).stream().allMatch(candidates::contains);
    }

    private void leave(TopicMetadata topic, int partition) {
        List<Integer> wanted = topic.wanted(partition);
        String name = topic.name() + "-" + partition;
        long up = topic.replicas(partition).stream().filter(alive::contains).count();
        if (up <= topic.replicas(partition).size() / 2) {
            stuck.add(new Stuck(name, "no majority of its replicas is up"));
            return;
        }
        List<Integer> to = new ArrayList<>(wanted);
        Set<Integer> left = new TreeSet<>();
        for (int place = 0; place < to.size(); place++) {
            int broker = to.get(place);
            if (mustBeLeft(broker)) {
                Optional<Integer> instead = best(to);
                if (instead.isEmpty()) {
                    stuck.add(new Stuck(
                            name, wanted.size() + " replicas, and no other broker for that on broker " + broker));
                } else {
                    to.set(place, instead.get());
                    left.add(broker);
                    replicas.merge(broker, -1, Integer::sum);
                    replicas.merge(instead.get(), 1, Integer::sum);
                }
            }
        }
        if (!left.isEmpty()) {
            boolean isLoss = left.stream().anyMatch(lost::contains);
            add(
                    topic,
                    partition,
                    to,
                    isLoss ? ReassignmentCause.LOSS : ReassignmentCause.DRAIN,
                    brokers(left) + (isLoss ? " lost" : " drained"));
        }
    }

    private Optional<Integer> best(List<Integer> others) {
        return candidates.stream()
                .filter(broker -> !others.contains(broker))
                .min(Comparator.<Integer>comparingLong(broker -> inSameRack(broker, others))
                        .thenComparing(broker -> (replicas.getOrDefault(broker, 0) + 1) / capacityOf(broker))
                        .thenComparing(Comparator.naturalOrder()));
    }

    private long inSameRack(int broker, List<Integer> others) {
        Optional<String> rack = rackOf(broker);
        return rack.isEmpty()
                ? 0
                : others.stream()
                        .filter(other -> !mustBeLeft(other) && rackOf(other).equals(rack))
                        .count();
    }

    private double capacityOf(int broker) {
        return metadata.broker(broker).map(BrokerRegistration::capacity).orElse(BrokerRegistration.CAPACITY_USUAL);
    }

    private Optional<String> rackOf(int broker) {
        return metadata.broker(broker).flatMap(BrokerRegistration::rack);
    }

    private void add(TopicMetadata topic, int partition, List<Integer> to, ReassignmentCause cause, String reason) {
        moves.add(new ReplicaMove(topic.name(), topic.id(), partition, topic.wanted(partition), to, cause, reason));
    }

    /** {@code broker 3 is}, {@code brokers 3, 4 are}. */
    private static String brokers(Set<Integer> ids) {
        String all = ids.toString().replaceAll("[\\[\\]]", "");
        return ids.size() == 1 ? "broker " + all + " is" : "brokers " + all + " are";
    }
}
