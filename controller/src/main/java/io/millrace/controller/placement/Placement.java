package io.millrace.controller.placement;

import io.millrace.controller.balance.PartitionId;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Where the replicas of new partitions go. The same metadata, brokers and weights give the same answer.
 *
 * <p>In this order of importance:
 *
 * <ol>
 *   <li>The replicas of a partition are in as many racks as can be; of a broker that names none, nothing is known to fail with it.
 *   <li>Each broker gets as much as the others, for its capacity, counted over the whole cluster: a partition goes to the racks, and
 *       in each to the broker, that will carry the least with it. Where all weighs the same and no rack has more than another, replicas per broker then differ by
 *       at most one, or by no more than they did before.
 *   <li>Among equals, to brokers that share few partitions yet, so that the work of a broker that fails is spread over
 *       all others.
 *   <li>Preferred leaders are as even, for the brokers' capacities, as the chosen replicas allow. Choosing the replica with the fewest leaders for one
 *       partition after the other would not achieve that, since a later partition may leave no good choice. So each new
 *       partition may push leaders of the same placement along: the optimal semi-matching of Harvey, Ladner, Lovász and
 *       Tamir (2006), algorithm 1. On an empty cluster leaders per broker differ by at most one. By load they are spread while they lead
 *       ({@link io.millrace.controller.balance.LeaderBalancer}): nobody knows it yet.
 * </ol>
 */
public final class Placement {
    /** Ascending ids; everything below names a broker by its position here. */
    private final int[] brokers;

    private final double[] capacity;
    /** The weight of all replicas. */
    private final double[] carried;

    private final int[] leaders;
    /** By broker; one that names none has a rack of its own, with a number that nobody else has. */
    private final int[] rack;

    private final double[] rackCapacity;
    private final double[] rackCarried;
    /** Of each replica that is placed. */
    private final double weight;
    /** How many partitions two brokers share. */
    private final int[][] together;

    /** The placement as it grows: replicas of each partition, the leader first. */
    private final List<int[]> placed = new ArrayList<>();
    /** {@code movable[a][b]}: new partitions that a leads and b could; with entries that are out of date. */
    private final List<List<Deque<Integer>>> movable = new ArrayList<>();

    private Placement(ClusterMetadata metadata, NavigableSet<Integer> alive, ReplicaWeights weights) {
        brokers = alive.stream().mapToInt(Integer::intValue).toArray();
        weight = weights.usual();
        capacity = new double[brokers.length];
        carried = new double[brokers.length];
        rack = new int[brokers.length];
        rackCapacity = new double[brokers.length];
        rackCarried = new double[brokers.length];
        Map<String, Integer> racks = new HashMap<>();
        for (int i = 0; i < brokers.length; i++) {
            Optional<BrokerRegistration> broker = metadata.broker(brokers[i]);
            capacity[i] = broker.map(BrokerRegistration::capacity).orElse(BrokerRegistration.CAPACITY_USUAL);
            int first = i;
            rack[i] = broker.flatMap(BrokerRegistration::rack)
                    .map(name -> racks.computeIfAbsent(name, unused -> first))
                    .orElse(i);
            rackCapacity[rack[i]] += capacity[i];
        }
        leaders = new int[brokers.length];
        together = new int[brokers.length][brokers.length];
        Map<Integer, Integer> positions = new HashMap<>();
        for (int i = 0; i < brokers.length; i++) {
            positions.put(brokers[i], i);
            movable.add(IntStream.range(0, brokers.length)
                    .<Deque<Integer>>mapToObj(to -> new ArrayDeque<>())
                    .toList());
        }
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int number = 0; number < topic.partitionCount(); number++) {
                List<Integer> partition = topic.wanted(number);
                Integer leader = positions.get(partition.get(0));
                if (leader != null) {
                    leaders[leader]++;
                }
                int[] here = partition.stream()
                        .filter(positions::containsKey)
                        .mapToInt(positions::get)
                        .toArray();
                count(here, weights.of(new PartitionId(topic.id(), number)));
            }
        }
    }

    /**
     * For each new partition, in order, the brokers that shall hold it, the preferred leader first.
     *
     * @param alive the brokers to choose from
     * @param weights of the partitions that there are
     * @throws IllegalArgumentException if there are fewer brokers than replicas of a partition, or nothing to place
     */
    public static List<List<Integer>> place(
            ClusterMetadata metadata,
            Collection<Integer> alive,
            ReplicaWeights weights,
            int partitions,
            int replicationFactor) {
        NavigableSet<Integer> candidates = new TreeSet<>(alive);
        if (partitions < 1 || replicationFactor < 1 || replicationFactor > candidates.size()) {
            throw new IllegalArgumentException("cannot place " + partitions + " partitions with " + replicationFactor
                    + " replicas on brokers " + candidates);
        }
        Placement placement = new Placement(metadata, candidates, weights);
        for (int partition = 0; partition < partitions; partition++) {
            placement.add(partition, replicationFactor);
        }
        return placement.placed.stream()
                .map(replicas -> Arrays.stream(replicas)
                        .mapToObj(at -> placement.brokers[at])
                        .toList())
                .toList();
    }

    private void add(int partition, int replicationFactor) {
        int[] chosen = new int[replicationFactor];
        for (int i = 0; i < replicationFactor; i++) {
            chosen[i] = next(Arrays.copyOf(chosen, i));
        }
        count(chosen, weight);
        placed.add(chosen);
        lead(partition);
    }

    /** The best broker for one more replica beside those chosen already. */
    private int next(int[] chosen) {
        return IntStream.range(0, brokers.length)
                .filter(at -> Arrays.stream(chosen).noneMatch(other -> other == at))
                .boxed()
                .min(Comparator.<Integer>comparingLong(at -> Arrays.stream(chosen)
                                .filter(other -> rack[other] == rack[at])
                                .count())
                        .thenComparingDouble(at -> (rackCarried[rack[at]] + weight) / rackCapacity[rack[at]])
                        .thenComparingDouble(at -> (carried[at] + weight) / capacity[at])
                        .thenComparingInt(at -> Arrays.stream(chosen)
                                .map(other -> together[at][other])
                                .sum())
                        .thenComparingDouble(this::ledWithOneMore)
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }

    private void count(int[] partition, double each) {
        for (int a : partition) {
            carried[a] += each;
            rackCarried[rack[a]] += each;
            for (int b : partition) {
                together[a][b]++;
            }
        }
    }

    /**
     * Gives the partition a leader: finds the broker with the fewest leaders that can be made to lead one partition more,
     * directly or by a chain of brokers that each give one to the next.
     */
    private void lead(int partition) {
        int[] cameFrom = new int[brokers.length];
        Arrays.fill(cameFrom, -1);
        boolean[] reached = new boolean[brokers.length];
        Deque<Integer> frontier = new ArrayDeque<>();
        for (int at : placed.get(partition)) {
            reached[at] = true;
            frontier.add(at);
        }
        double fewest = IntStream.range(0, brokers.length)
                .mapToDouble(this::ledWithOneMore)
                .min()
                .orElseThrow();
        int best = frontier.element();
        // Breadth first: of equals the one with the shortest chain. Nobody is better than the fewest leaders of all.
        for (Integer at = frontier.poll(); at != null; at = frontier.poll()) {
            if (ledWithOneMore(at) < ledWithOneMore(best)) {
                best = at;
            }
            if (ledWithOneMore(best) <= fewest) {
                break;
            }
            for (int to = 0; to < brokers.length; to++) {
                if (!reached[to] && movableFrom(at, to)) {
                    reached[to] = true;
                    cameFrom[to] = at;
                    frontier.add(to);
                }
            }
        }
        leaders[best]++;
        int taker = best;
        while (cameFrom[taker] >= 0) {
            int giver = cameFrom[taker];
            setLeader(movable.get(giver).get(taker).remove(), taker);
            taker = giver;
        }
        setLeader(partition, taker);
    }

    private double ledWithOneMore(int at) {
        return (leaders[at] + 1) / capacity[at];
    }

    private boolean movableFrom(int leader, int to) {
        Deque<Integer> candidates = movable.get(leader).get(to);
        while (!candidates.isEmpty() && placed.get(candidates.element())[0] != leader) {
            candidates.remove();
        }
        return !candidates.isEmpty();
    }

    private void setLeader(int partition, int leader) {
        int[] replicas = placed.get(partition);
        for (int i = 0; i < replicas.length; i++) {
            if (replicas[i] == leader) {
                replicas[i] = replicas[0];
                replicas[0] = leader;
            }
        }
        for (int i = 1; i < replicas.length; i++) {
            movable.get(leader).get(replicas[i]).add(partition);
        }
    }
}
