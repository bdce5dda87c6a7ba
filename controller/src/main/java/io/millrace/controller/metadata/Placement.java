package io.millrace.controller.metadata;

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
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Where the replicas of a new topic go. The same metadata and brokers give the same answer.
 *
 * <p>In this order of importance:
 *
 * <ol>
 *   <li>Each broker gets as many replicas as the others, counted over the whole cluster: a partition goes to the brokers
 *       that have the fewest. Replicas per broker then differ by at most one, or by no more than they did before.
 *   <li>Among equals, to brokers that share few partitions yet, so that the work of a broker that fails is spread over
 *       all others.
 *   <li>Preferred leaders are as even as the chosen replicas allow. Choosing the replica with the fewest leaders for one
 *       partition after the other would not achieve that, since a later partition may leave no good choice. So each new
 *       partition may push leaders of the same placement along: the optimal semi-matching of Harvey, Ladner, Lovász and
 *       Tamir (2006), algorithm 1. On an empty cluster leaders per broker differ by at most one.
 * </ol>
 */
public final class Placement {
    /** Ascending ids; everything below names a broker by its position here. */
    private final int[] brokers;

    private final int[] replicas;
    private final int[] leaders;
    /** How many partitions two brokers share. */
    private final int[][] together;

    /** The placement as it grows: replicas of each partition, the leader first. */
    private final List<int[]> placed = new ArrayList<>();
    /** {@code movable[a][b]}: new partitions that a leads and b could; with entries that are out of date. */
    private final List<List<Deque<Integer>>> movable = new ArrayList<>();

    private Placement(ClusterMetadata metadata, NavigableSet<Integer> alive) {
        brokers = alive.stream().mapToInt(Integer::intValue).toArray();
        replicas = new int[brokers.length];
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
                count(here);
            }
        }
    }

    /**
     * For each partition of a new topic, in order, the brokers that shall hold it, the preferred leader first.
     *
     * @param alive the brokers to choose from
     * @throws IllegalArgumentException if there are fewer brokers than replicas of a partition, or nothing to place
     */
    public static List<List<Integer>> place(
            ClusterMetadata metadata, Collection<Integer> alive, int partitions, int replicationFactor) {
        NavigableSet<Integer> candidates = new TreeSet<>(alive);
        if (partitions < 1 || replicationFactor < 1 || replicationFactor > candidates.size()) {
            throw new IllegalArgumentException("cannot place " + partitions + " partitions with " + replicationFactor
                    + " replicas on brokers " + candidates);
        }
        Placement placement = new Placement(metadata, candidates);
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
        count(chosen);
        placed.add(chosen);
        lead(partition);
    }

    /** The best broker for one more replica beside those chosen already. */
    private int next(int[] chosen) {
        return IntStream.range(0, brokers.length)
                .filter(at -> Arrays.stream(chosen).noneMatch(other -> other == at))
                .boxed()
                .min(Comparator.<Integer>comparingInt(at -> replicas[at])
                        .thenComparingInt(at -> Arrays.stream(chosen)
                                .map(other -> together[at][other])
                                .sum())
                        .thenComparingInt(at -> leaders[at])
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }

    private void count(int[] partition) {
        for (int a : partition) {
            replicas[a]++;
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
        int fewest = Arrays.stream(leaders).min().orElseThrow();
        int best = frontier.element();
        // Breadth first: of equals the one with the shortest chain. Nobody is better than the fewest leaders of all.
        for (Integer at = frontier.poll(); at != null; at = frontier.poll()) {
            if (leaders[at] < leaders[best]) {
                best = at;
            }
            if (leaders[best] == fewest) {
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
