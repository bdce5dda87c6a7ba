package io.millrace.controller.placement;

import io.millrace.controller.balance.PartitionId;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
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
 *   <li>Preferred leaders are as even, for the brokers' capacities, as the chosen replicas allow: each new partition may push leaders of the same
 *       placement along ({@link PreferredLeaders}). On an empty cluster leaders per broker differ by at most one. By load they are spread while they lead
 *       ({@link io.millrace.controller.balance.LeaderBalancer}): nobody knows it yet.
 * </ol>
 */
public final class Placement {
    /** Ascending ids; everything below names a broker by its position here. */
    private final int[] brokers;

    private final double[] capacity;
    /** The weight of all replicas. */
    private final double[] carried;

    /** Of what is placed; it grows with the placement. */
    private final PreferredLeaders leaders;
    /** By broker; one that names none has a rack of its own, with a number that nobody else has. */
    private final int[] rack;

    private final double[] rackCapacity;
    private final double[] rackCarried;
    /** Of each replica that is placed. */
    private final double weight;
    /** How many partitions two brokers share. */
    private final int[][] together;

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
        int[] led = new int[brokers.length];
        together = new int[brokers.length][brokers.length];
        Map<Integer, Integer> positions = new HashMap<>();
        for (int i = 0; i < brokers.length; i++) {
            positions.put(brokers[i], i);
        }
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int number = 0; number < topic.partitionCount(); number++) {
                List<Integer> partition = topic.wanted(number);
                Integer leader = positions.get(partition.get(0));
                if (leader != null) {
                    led[leader]++;
                }
                int[] here = partition.stream()
                        .filter(positions::containsKey)
                        .mapToInt(positions::get)
                        .toArray();
                count(here, weights.of(new PartitionId(topic.id(), number)));
            }
        }
        leaders = new PreferredLeaders(capacity, led);
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
            placement.add(replicationFactor);
        }
        return placement.leaders.partitions().stream()
                .map(replicas -> Arrays.stream(replicas)
                        .mapToObj(at -> placement.brokers[at])
                        .toList())
                .toList();
    }

    private void add(int replicationFactor) {
        int[] chosen = new int[replicationFactor];
        for (int i = 0; i < replicationFactor; i++) {
            chosen[i] = next(Arrays.copyOf(chosen, i));
        }
        count(chosen, weight);
        leaders.place(chosen);
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
                        .thenComparingDouble(leaders::withOneMore)
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
}
