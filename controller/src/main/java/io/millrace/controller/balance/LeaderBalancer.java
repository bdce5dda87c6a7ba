package io.millrace.controller.balance;

import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides which leaders should move so that all brokers carry about the same.
 *
 * <p>What a broker carries is the sum of what it leads, for its capacity. Each partition weighs the same share of all partitions, plus its share
 * of the cluster's load – the mean of its shares of bytes in, bytes out and requests. So an idle cluster is balanced by number, and the
 * more passes through it, the more that counts. Leaders that are even are left where they are; of moves that do the same good, those to a
 * partition's preferred leader come first.
 *
 * <p>That it comes to an end: each move makes the sum of squares of what brokers carry smaller, and the taker must stay below what
 * the giver was by a margin; balancing begins at one threshold and ends at a lower one; and what was moved stays for a while, whatever the
 * load does. During a fault nothing moves: then who leads where is the elections' business, and everybody has enough to do.
 */
public final class LeaderBalancer {
    /** Below, load is too little to tell brokers apart by it: shares are of at least so much, in the whole cluster. */
    private static final double BYTES_PER_SECOND_MIN = 1 << 20;

    private static final double REQUESTS_PER_SECOND_MIN = 100;

    /** How much better a move looks that goes to the preferred leader, and how much worse one that goes away from it. */
    private static final double PREFERENCE = 1.25;

    /**
     * What to do now.
     *
     * @param obstacle why nothing may be moved; empty if it may
     * @param carried what each broker carries, the mean being 1; empty if there is an obstacle
     * @param carriedAfter the same when all moves are done
     */
    public record Plan(
            List<LeaderMove> moves,
            Optional<String> obstacle,
            NavigableMap<Integer, Double> carried,
            NavigableMap<Integer, Double> carriedAfter,
            BalanceHistory history) {
        public Plan {
            moves = List.copyOf(moves);
        }
    }

    /**
     * @param heirs that could lead: its replicas, but for those on their way out
     * @param preferred who should lead, when what is under way is done
     */
    private record Candidate(
            String topic, PartitionId id, int leader, List<Integer> heirs, int preferred, double weight) {}

    private record Step(Candidate partition, int to, double gain) {}

    private final Situation situation;
    private final BalanceHistory history;
    private final BalancerSettings settings;
    private final long stayedSinceMillis;
    private final NavigableMap<Integer, Double> carried = new TreeMap<>();
    private final List<Candidate> movable = new ArrayList<>();

    private LeaderBalancer(Situation situation, BalanceHistory history, BalancerSettings settings) {
        this.situation = situation;
        this.history = history;
        this.settings = settings;
        this.stayedSinceMillis = situation.nowMillis() - settings.stayMillis();
    }

    /** The same situation, history and settings give the same plan. */
    public static Plan plan(Situation situation, BalanceHistory history, BalancerSettings settings) {
        return new LeaderBalancer(situation, history, settings).plan();
    }

    private Plan plan() {
        Map<PartitionId, Situation.Led> led = situation.led();
        Optional<String> obstacle = obstacle(led);
        if (obstacle.isPresent()) {
            return new Plan(
                    List.of(),
                    obstacle,
                    new TreeMap<>(),
                    new TreeMap<>(),
                    history.after(history.balancing(), stayedSinceMillis));
        }
        weigh(led);
        NavigableMap<Integer, Double> before = relativeToMean();
        double limit = settings.threshold() * (history.balancing() ? BalancerSettings.ENOUGH : 1);
        List<LeaderMove> moves = new ArrayList<>();
        boolean uneven = imbalance() > limit;
        while (uneven && moves.size() < settings.movesMax()) {
            Optional<Step> best = best();
            if (best.isEmpty()) {
                uneven = false; // as even as it gets
            } else {
                moves.add(take(best.get()));
                uneven = imbalance() > settings.threshold() * BalancerSettings.ENOUGH;
            }
        }
        return new Plan(moves, Optional.empty(), before, relativeToMean(), history.after(uneven, stayedSinceMillis));
    }

    // ----------------------------------------------------------------------------------------------------- obstacles

    private Optional<String> obstacle(Map<PartitionId, Situation.Led> led) {
        for (int broker : holders()) {
            if (!situation.alive().contains(broker)) {
                return Optional.of("broker " + broker + " cannot be reached");
            }
        }
        long settledMillis = history.brokersChangedMillis() + settings.settleMillis();
        if (situation.nowMillis() < settledMillis) {
            return Optional.of("a broker has come or gone a short time ago");
        }
        for (int broker : holders()) {
            LoadReport report = situation.reports().get(broker);
            if (report == null
                    || report.receivedMillis() <= history.lastMoveMillis()
                    || report.receivedMillis() < situation.nowMillis() - settings.reportAgeMillisMax()) {
                return Optional.of("broker " + broker + " has not reported its load lately");
            }
        }
        for (TopicMetadata topic : situation.metadata().topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                Situation.Led known = led.get(new PartitionId(topic.id(), partition));
                if (known == null) {
                    return Optional.of("partition " + topic.name() + "-" + partition + " has no leader");
                } else if (known.load().behind() > 0) {
                    return Optional.of("a replica of partition " + topic.name() + "-" + partition + " is behind");
                }
            }
        }
        return Optional.empty();
    }

    /** Brokers that hold a replica of anything. */
    private NavigableSet<Integer> holders() {
        NavigableSet<Integer> holders = new TreeSet<>();
        situation.metadata().topics().values().forEach(topic -> topic.partitions()
                .forEach(holders::addAll));
        return holders;
    }

    // ------------------------------------------------------------------------------------------------------- weights

    private void weigh(Map<PartitionId, Situation.Led> led) {
        for (int broker : holders()) {
            if (!situation.draining().contains(broker)) {
                carried.put(broker, 0.0);
            }
        }
        double bytesIn = 0;
        double bytesOut = 0;
        double requests = 0;
        for (Situation.Led one : led.values()) {
            bytesIn += one.load().bytesInPerSecond();
            bytesOut += one.load().bytesOutPerSecond();
            requests += one.load().requestsPerSecond();
        }
        bytesIn = Math.max(bytesIn, BYTES_PER_SECOND_MIN);
        bytesOut = Math.max(bytesOut, BYTES_PER_SECOND_MIN);
        requests = Math.max(requests, REQUESTS_PER_SECOND_MIN);
        for (TopicMetadata topic : situation.metadata().topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                PartitionId id = new PartitionId(topic.id(), partition);
                Situation.Led known = led.get(id);
                if (known == null || !carried.containsKey(known.broker())) {
                    continue;
                }
                double weight = 1.0 / led.size()
                        + (known.load().bytesInPerSecond() / bytesIn
                                        + known.load().bytesOutPerSecond() / bytesOut
                                        + known.load().requestsPerSecond() / requests)
                                / 3;
                carried.merge(known.broker(), weight, Double::sum);
                if (!history.stays(id, stayedSinceMillis)) {
                    List<Integer> wanted = topic.wanted(partition);
                    List<Integer> heirs = topic.replicas(partition).stream()
                            .filter(wanted::contains)
                            .toList();
                    movable.add(new Candidate(topic.name(), id, known.broker(), heirs, wanted.get(0), weight));
                }
            }
        }
    }

    private double capacityOf(int broker) {
        return situation
                .metadata()
                .broker(broker)
                .map(BrokerRegistration::capacity)
                .orElse(BrokerRegistration.CAPACITY_USUAL);
    }

    /** Of what is carried, for a broker of capacity 1. */
    private double mean() {
        double all = carried.values().stream().mapToDouble(Double::doubleValue).sum();
        double capacity =
                carried.keySet().stream().mapToDouble(this::capacityOf).sum();
        return carried.isEmpty() ? 0 : all / capacity;
    }

    private NavigableMap<Integer, Double> relativeToMean() {
        double mean = mean();
        NavigableMap<Integer, Double> relative = new TreeMap<>();
        carried.forEach((broker, weight) -> relative.put(broker, mean == 0 ? 1 : weight / capacityOf(broker) / mean));
        return relative;
    }

    /** By how much of the mean the broker differs that differs most. */
    private double imbalance() {
        return relativeToMean().values().stream()
                .mapToDouble(relative -> Math.abs(relative - 1))
                .max()
                .orElse(0);
    }

    // --------------------------------------------------------------------------------------------------------- moves

    private Optional<Step> best() {
        double margin = BalancerSettings.MARGIN * mean();
        Step best = null;
        for (Candidate partition : movable) {
            Double giver = carried.get(partition.leader());
            for (int to : partition.heirs()) {
                Double taker = carried.get(to);
                if (giver == null || taker == null || to == partition.leader()) {
                    continue;
                }
                double perCapacity = (1 / capacityOf(partition.leader()) + 1 / capacityOf(to)) / 2;
                double difference = giver / capacityOf(partition.leader())
                        - taker / capacityOf(to)
                        - partition.weight() * perCapacity;
                if (difference < margin) {
                    continue;
                }
                // By so much, but for a factor of two, does the sum of squares become smaller.
                double gain = partition.weight() * difference * preference(partition, to);
                if (best == null || gain > best.gain()) {
                    best = new Step(partition, to, gain);
                }
            }
        }
        return Optional.ofNullable(best);
    }

    private static double preference(Candidate partition, int to) {
        if (to == partition.preferred()) {
            return PREFERENCE;
        }
        return partition.leader() == partition.preferred() ? 1 / PREFERENCE : 1;
    }

    private LeaderMove take(Step step) {
        Candidate partition = step.partition();
        NavigableMap<Integer, Double> before = relativeToMean();
        carried.merge(partition.leader(), -partition.weight(), Double::sum);
        carried.merge(step.to(), partition.weight(), Double::sum);
        movable.remove(partition);
        return new LeaderMove(
                partition.topic(),
                partition.id().topicId(),
                partition.id().partition(),
                partition.leader(),
                step.to(),
                String.format(
                        Locale.ROOT,
                        "broker %d carries %.0f %% of the mean, broker %d %.0f %%%s",
                        partition.leader(),
                        100 * before.getOrDefault(partition.leader(), 0.0),
                        step.to(),
                        100 * before.getOrDefault(step.to(), 0.0),
                        step.to() == partition.preferred() ? " and is its preferred leader" : ""));
    }
}
