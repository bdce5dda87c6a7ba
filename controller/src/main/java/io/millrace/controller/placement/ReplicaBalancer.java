package io.millrace.controller.placement;

import io.millrace.controller.balance.PartitionId;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Decides which replicas should move so that all brokers carry about the same for their capacity, by {@link ReplicaWeights}: above all
 * when one was added, which new topics use and old ones do not. The same metadata, brokers and weights give the same moves.
 *
 * <p>A move takes one replica of a partition from a broker to another, such that afterwards the one carries no less than the other did, and the other clearly
 * less than the one did. So nobody ever comes to carry more than the fullest did, or less than the emptiest, and what was moved is
 * not moved back. No rack comes to have more replicas of a partition than the one had that the replica leaves. It takes the other's place in the order
 * of preferred leaders.
 *
 * <p>Each move copies all that a replica has, so a difference of less than half a replica stays; and nothing is moved during a fault.
 *
 * <p>When no replica is left to be moved, preferred leaders are evened out ({@link PreferredLeaders}), by number for the brokers' capacity as {@link Placement} does it: the order of a partition's
 * replicas becomes another, and nothing is copied.
 */
public final class ReplicaBalancer {
    /** Worth doing without being asked, if something can be done: a broker differs by more than this part of the mean. */
    private static final double THRESHOLD = 0.25;

    /** Of the usual weight of a replica: by so much the giver must be fuller than the taker will be. */
    private static final double MARGIN = 0.5;

    /**
     * What a broker has, or is to have when all that is under way is done.
     *
     * @param preferred partitions that it should lead
     * @param bytesInPerSecond that are written to its replicas, as far as leaders have reported it
     * @param sizeBytes of its replicas, likewise
     * @param carried by weight and for its capacity, the mean being 1
     */
    public record Share(int replicas, int preferred, long bytesInPerSecond, long sizeBytes, double carried) {}

    /**
     * @param moves in the order in which they are to be made; none if brokers are even, or there is an obstacle
     * @param obstacle why nothing may be moved; empty if it may
     * @param before by broker, of those that may have replicas
     * @param advised whether brokers differ so much that it is worth to do it without being asked
     */
    public record Plan(
            List<ReplicaMove> moves,
            Optional<String> obstacle,
            NavigableMap<Integer, Share> before,
            NavigableMap<Integer, Share> after,
            boolean advised) {
        public Plan {
            moves = List.copyOf(moves);
        }
    }

    /** @param replicas in the order of preferred leaders */
    private record Partition(TopicMetadata topic, int number, List<Integer> replicas, double weight) {
        PartitionId id() {
            return new PartitionId(topic.id(), number);
        }
    }

    private static final class Holder {
        final int id;
        final double capacity;
        final Optional<String> rack;
        /** Of what it has: what may be taken from it. */
        final List<Partition> movable = new ArrayList<>();

        double carried;
        int replicas;
        int preferred;
        long bytesInPerSecond;
        long sizeBytes;

        Holder(BrokerRegistration broker) {
            this.id = broker.brokerId();
            this.capacity = broker.capacity();
            this.rack = broker.rack();
        }

        int id() {
            return id;
        }

        double fullness() {
            return carried / capacity;
        }

        double fullnessWith(double weight) {
            return (carried + weight) / capacity;
        }

        double preferredWith(int more) {
            return (preferred + more) / capacity;
        }
    }

    private record Step(Holder from, Holder to, Partition partition, double gain, boolean evensLeaders) {}

    private final ClusterMetadata metadata;
    private final ReplicaWeights weights;
    private final NavigableMap<Integer, Holder> holders = new TreeMap<>();
    /** Of some partition a replica is on its way to another broker. */
    private boolean anyUnderWay;

    private ReplicaBalancer(ClusterMetadata metadata, ReplicaWeights weights) {
        this.metadata = metadata;
        this.weights = weights;
        metadata.activeBrokers()
                .forEach(id -> metadata.broker(id).ifPresent(broker -> holders.put(id, new Holder(broker))));
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int number = 0; number < topic.partitionCount(); number++) {
                List<Integer> replicas = topic.wanted(number);
                anyUnderWay |= !Set.copyOf(replicas).equals(Set.copyOf(topic.replicas(number)));
                Partition partition =
                        new Partition(topic, number, replicas, weights.of(new PartitionId(topic.id(), number)));
                for (int id : replicas) {
                    Holder holder = holders.get(id);
                    if (holder != null) {
                        count(holder, partition, replicas.get(0) == id, 1);
                        if (topic.target(number).isEmpty()) {
                            holder.movable.add(partition);
                        }
                    }
                }
            }
        }
    }

    /**
     * What should be moved.
     *
     * @param alive brokers that can be reached
     * @param movesMax the first of them, if there are more
     */
    public static Plan plan(ClusterMetadata metadata, Set<Integer> alive, ReplicaWeights weights, int movesMax) {
        ReplicaBalancer planning = new ReplicaBalancer(metadata, weights);
        NavigableMap<Integer, Share> before = planning.shares();
        Optional<String> obstacle = planning.obstacle(alive);
        List<ReplicaMove> moves = obstacle.isPresent() ? List.of() : planning.moves(movesMax);
        boolean advised = !moves.isEmpty()
                && before.values().stream().anyMatch(share -> Math.abs(share.carried() - 1) > THRESHOLD);
        return new Plan(moves, obstacle, before, planning.shares(), advised);
    }

    private Optional<String> obstacle(Set<Integer> alive) {
        for (int broker : metadata.brokers().keySet()) {
            boolean holds = metadata.replicasOn(broker) > 0;
            if (!alive.contains(broker) && (holds || holders.containsKey(broker))) {
                return Optional.of("broker " + broker + " cannot be reached");
            }
            if (holds && !holders.containsKey(broker)) {
                return Optional.of("broker " + broker + " is still being drained");
            }
        }
        return Optional.empty();
    }

    private List<ReplicaMove> moves(int movesMax) {
        List<ReplicaMove> moves = new ArrayList<>();
        while (moves.size() < movesMax) {
            Optional<Step> step = best();
            if (step.isEmpty()) {
                break;
            }
            moves.add(take(step.get()));
        }
        // What is under way may be moved on when it is there: until then the order would be for nothing.
        if (moves.size() < movesMax && !anyUnderWay) {
            evenOutLeaders(moves, movesMax);
        }
        return moves;
    }

    private void evenOutLeaders(List<ReplicaMove> moves, int movesMax) {
        List<Holder> brokers = List.copyOf(holders.values());
        List<Integer> ids = List.copyOf(holders.keySet());
        PreferredLeaders leaders = new PreferredLeaders(
                brokers.stream().mapToDouble(holder -> holder.capacity).toArray(),
                brokers.stream().mapToInt(holder -> holder.preferred).toArray());
        List<Partition> partitions = brokers.stream()
                .flatMap(holder -> holder.movable.stream()
                        .filter(partition -> partition.replicas().get(0) == holder.id))
                .toList();
        partitions.forEach(partition ->
                leaders.add(partition.replicas().stream().mapToInt(ids::indexOf).toArray()));
        Set<Integer> handedOver = new HashSet<>();
        List<PreferredLeaders.HandOver> chain = leaders.next();
        // A partition that would be handed on is for the next plan.
        while (!chain.isEmpty() && chain.stream().allMatch(link -> handedOver.add(link.partition()))) {
            Holder giver = brokers.get(chain.get(chain.size() - 1).from());
            Holder taker = brokers.get(chain.get(0).to());
            String reason = "broker " + giver.id + " is first choice for " + giver.preferred + " partitions, broker "
                    + taker.id + " for " + taker.preferred + "; nothing is copied";
            for (PreferredLeaders.HandOver link : chain) {
                if (moves.size() == movesMax) {
                    return;
                }
                moves.add(reorder(
                        partitions.get(link.partition()), brokers.get(link.from()), brokers.get(link.to()), reason));
            }
            chain = leaders.next();
        }
    }

    private static ReplicaMove reorder(Partition partition, Holder from, Holder to, String reason) {
        List<Integer> target = new ArrayList<>(partition.replicas());
        Collections.swap(target, 0, target.indexOf(to.id));
        from.preferred--;
        to.preferred++;
        return move(partition, target, reason);
    }

    private static ReplicaMove move(Partition partition, List<Integer> target, String reason) {
        return new ReplicaMove(
                partition.topic().name(),
                partition.topic().id(),
                partition.number(),
                partition.replicas(),
                target,
                ReassignmentCause.BALANCE,
                reason);
    }

    /** From the fullest that can be helped, to the emptiest that can help. */
    private Optional<Step> best() {
        List<Holder> byFullness = new ArrayList<>(holders.values());
        byFullness.sort(Comparator.comparingDouble(Holder::fullness).thenComparing(Holder::id));
        for (int from = byFullness.size() - 1; from > 0; from--) {
            for (int to = 0; to < from; to++) {
                Optional<Step> step = best(byFullness.get(from), byFullness.get(to));
                if (step.isPresent()) {
                    return step;
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Step> best(Holder from, Holder to) {
        double margin = MARGIN * weights.usual() / Math.max(from.capacity, to.capacity);
        Step best = null;
        for (Partition partition : from.movable) {
            double weight = partition.weight();
            if (partition.replicas().contains(to.id)
                    || to.fullnessWith(weight) > from.fullness() - margin
                    || from.fullnessWith(-weight) < to.fullness()
                    || inRackOf(to, from, partition) > inRackOf(from, from, partition)) {
                continue;
            }
            // By so much, but for a factor of two, does the sum of squares become smaller.
            double gain =
                    weight * (from.fullness() - to.fullness() - weight * (1 / from.capacity + 1 / to.capacity) / 2);
            boolean leads = partition.replicas().get(0) == from.id;
            boolean evensLeaders = leads == (from.preferredWith(0) > to.preferredWith(1));
            if (best == null || gain > best.gain() || (gain == best.gain() && evensLeaders && !best.evensLeaders())) {
                best = new Step(from, to, partition, gain, evensLeaders);
            }
        }
        return Optional.ofNullable(best);
    }

    /** The partition's replicas in that broker's rack, but for the one that leaves. */
    private long inRackOf(Holder broker, Holder leaves, Partition partition) {
        return broker.rack.isEmpty()
                ? 0
                : partition.replicas().stream()
                        .filter(other -> other != leaves.id
                                && metadata.broker(other)
                                        .flatMap(BrokerRegistration::rack)
                                        .equals(broker.rack))
                        .count();
    }

    private ReplicaMove take(Step step) {
        Holder from = step.from();
        Holder to = step.to();
        Partition partition = step.partition();
        String reason = String.format(
                Locale.ROOT,
                "broker %d carries %.0f %% of the mean, broker %d %.0f %%",
                from.id,
                100 * relative(from),
                to.id,
                100 * relative(to));
        List<Integer> target = new ArrayList<>(partition.replicas());
        target.replaceAll(id -> id == from.id ? to.id : id);
        boolean leads = partition.replicas().get(0) == from.id;
        count(from, partition, leads, -1);
        count(to, partition, leads, 1);
        partition.replicas().stream()
                .map(holders::get)
                .filter(Objects::nonNull)
                .forEach(holder -> holder.movable.remove(partition));
        return move(partition, target, reason);
    }

    private void count(Holder holder, Partition partition, boolean leads, int sign) {
        holder.carried += sign * partition.weight();
        holder.replicas += sign;
        holder.preferred += leads ? sign : 0;
        holder.bytesInPerSecond += sign * weights.bytesInPerSecond(partition.id());
        holder.sizeBytes += sign * weights.sizeBytes(partition.id());
    }

    private double relative(Holder holder) {
        double carried = 0;
        double capacity = 0;
        for (Holder each : holders.values()) {
            carried += each.carried;
            capacity += each.capacity;
        }
        return carried == 0 ? 1 : holder.fullness() / (carried / capacity);
    }

    private NavigableMap<Integer, Share> shares() {
        NavigableMap<Integer, Share> shares = new TreeMap<>();
        holders.forEach((id, holder) -> shares.put(
                id,
                new Share(
                        holder.replicas,
                        holder.preferred,
                        holder.bytesInPerSecond,
                        holder.sizeBytes,
                        relative(holder))));
        return shares;
    }
}
