package io.millrace.controller.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which of its brokers should lead each partition, such that brokers lead even numbers for their capacity, as far as it is chosen who holds what.
 *
 * <p>Giving one partition after the other to the broker with the fewest would not achieve that, since a later partition may leave no good choice. So a broker takes one
 * more directly or by a chain of brokers that each give one to the next: the optimal semi-matching of Harvey, Ladner, Lovász and Tamir (2006), algorithm 1.
 * Where no such chain is left, no broker has more, for its capacity, than another would have with one more that it could come to so.
 *
 * <p>Brokers are known by their positions, partitions by the order in which they were added.
 */
final class PreferredLeaders {
    /** A partition that another of its brokers is to lead. */
    record HandOver(int partition, int from, int to) {}

    private static final class Chain {
        final int end;
        /** By broker the one before it; -1 at the beginning. */
        final int[] cameFrom;

        Chain(int end, int[] cameFrom) {
            this.end = end;
            this.cameFrom = cameFrom;
        }
    }

    private final double[] capacity;
    private final int[] leaders;
    /** Replicas of each, the leader first. */
    private final List<int[]> partitions = new ArrayList<>();
    /** {@code movable[a][b]}: partitions that a leads and b could; with entries that are out of date. */
    private final List<List<Deque<Integer>>> movable;

    /** @param leaders how many each broker leads already, those included that are yet to be {@link #add}ed */
    PreferredLeaders(double[] capacity, int[] leaders) {
        this.capacity = capacity.clone();
        this.leaders = leaders.clone();
        int brokers = capacity.length;
        this.movable = IntStream.range(0, brokers)
                .mapToObj(from -> IntStream.range(0, brokers)
                        .<Deque<Integer>>mapToObj(to -> new ArrayDeque<>())
                        .toList())
                .toList();
    }

    /** The replicas of each partition, in order, the leader first. */
    List<int[]> partitions() {
        return partitions;
    }

    /** How many a broker would lead for its capacity. */
    double withOneMore(int broker) {
        return (leaders[broker] + 1) / capacity[broker];
    }

    /** One that the first of its brokers leads, and that may be handed over. */
    void add(int[] replicas) {
        partitions.add(replicas.clone());
        leads(partitions.size() - 1, replicas[0]);
    }

    /** One that nobody leads yet: somebody does then, and others may have been handed over for it. */
    void place(int[] replicas) {
        partitions.add(replicas.clone());
        Chain chain = chainFrom(replicas);
        List<HandOver> handedOver = shift(chain);
        int leader = handedOver.isEmpty()
                ? chain.end
                : handedOver.get(handedOver.size() - 1).from();
        leads(partitions.size() - 1, leader);
    }

    /**
     * Relieves the broker that leads most for its capacity of one partition; if that cannot be, the next. None if it is as even as it can be. Each hand-over leaves
     * the most that a broker leads as it was, or makes it less, if they are made in this order.
     */
    List<HandOver> next() {
        List<Integer> fullestFirst = IntStream.range(0, leaders.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(broker -> -leaders[broker] / capacity[broker])
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        for (int broker : fullestFirst) {
            leaders[broker]--; // as if one of its partitions was to be placed anew
            List<HandOver> handedOver = shift(chainFrom(broker));
            if (!handedOver.isEmpty()) {
                return handedOver;
            }
        }
        return List.of();
    }

    /** To the broker that leads the fewest of those that can be made to lead one more; of equals by the shortest way. */
    private Chain chainFrom(int... beginnings) {
        int[] cameFrom = new int[leaders.length];
        Arrays.fill(cameFrom, -1);
        boolean[] reached = new boolean[leaders.length];
        Deque<Integer> frontier = new ArrayDeque<>();
        for (int at : beginnings) {
            reached[at] = true;
            frontier.add(at);
        }
        double fewest = IntStream.range(0, leaders.length)
                .mapToDouble(this::withOneMore)
                .min()
                .orElseThrow();
        int best = frontier.element();
        // Breadth first. Nobody is better than the fewest leaders of all.
        for (Integer at = frontier.poll(); at != null; at = frontier.poll()) {
            if (withOneMore(at) < withOneMore(best)) {
                best = at;
            }
            if (withOneMore(best) <= fewest) {
                break;
            }
            for (int to = 0; to < leaders.length; to++) {
                if (!reached[to] && isMovable(at, to)) {
                    reached[to] = true;
                    cameFrom[to] = at;
                    frontier.add(to);
                }
            }
        }
        return new Chain(best, cameFrom);
    }

    /** The end of the chain leads one more; the links, the last one first. */
    private List<HandOver> shift(Chain chain) {
        List<HandOver> links = new ArrayList<>();
        leaders[chain.end]++;
        int taker = chain.end;
        while (chain.cameFrom[taker] >= 0) {
            int giver = chain.cameFrom[taker];
            int partition = movable.get(giver).get(taker).remove();
            leads(partition, taker);
            links.add(new HandOver(partition, giver, taker));
            taker = giver;
        }
        return links;
    }

    private boolean isMovable(int leader, int to) {
        Deque<Integer> candidates = movable.get(leader).get(to);
        while (!candidates.isEmpty() && partitions.get(candidates.element())[0] != leader) {
            candidates.remove();
        }
        return !candidates.isEmpty();
    }

    private void leads(int partition, int leader) {
        int[] replicas = partitions.get(partition);
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
