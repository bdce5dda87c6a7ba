package io.millrace.partition.sim;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How hostile the world is.
 *
 * @param network what happens to messages
 * @param crashPoint probability of a crash between two stages of performing one output
 * @param stalls probability of a read of the log, or a report of the log's writer, that takes up to {@link #STALL_MICROS}
 * @param chaosEveryMicros the mean time between two of {@code strikes}
 * @param strikes what {@link Chaos} chooses from, by weight
 */
record Faults(
        String name,
        Network network,
        double crashPoint,
        double stalls,
        long chaosEveryMicros,
        Map<Fault, Integer> strikes) {

    /**
     * Probabilities are per message.
     *
     * @param longDelay a message takes up to {@link #longDelayMicros} and not only {@link #delayMicros}
     * @param inOrder messages between two members stay in order, as Akka's do; else they overtake each other
     */
    record Network(
            double loss,
            double duplication,
            double longDelay,
            long delayMicros,
            long longDelayMicros,
            boolean inOrder) {
        static final Network GOOD = new Network(0, 0, 0, 2_000, 0, true);
    }

    static final long STALL_MICROS = 4_000_000;

    static final Faults NONE = new Faults("none", Network.GOOD, 0, 0, 1_000_000, Map.of(Fault.CHANGE_ASKED, 1));

    private static final Map<Fault, Integer> LINKS =
            weights(Fault.LINKS_HEALED, 4, Fault.LINKS_CUT, 4, Fault.LINKS_CUT_ONE_WAY, 2);
    private static final Map<Fault, Integer> CRASHES = weights(
            Fault.KILL,
            3,
            Fault.POWER_FAILURE,
            3,
            Fault.POWER_FAILURE_OF_ALL,
            1,
            Fault.POWER_FAILURE_IN_DISK_OPERATION,
            2);
    private static final Map<Fault, Integer> PAUSES = weights(Fault.PAUSE, 3, Fault.SUSPENSION, 1);
    private static final Map<Fault, Integer> DISK_ERRORS =
            weights(Fault.FSYNC_ERROR, 1, Fault.WRITE_ERROR, 1, Fault.DISK_FULL, 1);
    private static final Map<Fault, Integer> ALWAYS = weights(
            Fault.CHANGE_ASKED,
            3,
            Fault.TRANSFER_ASKED,
            1,
            Fault.TRIM_ASKED,
            3,
            Fault.CAMPAIGN,
            2,
            Fault.CLOCK_JUMP,
            1,
            Fault.CLOCK_RATE,
            1);

    /** Replicas move, among everything that takes nothing for good from anybody's disk. */
    static final Faults MOVES = new Faults(
            "moves",
            new Network(0.03, 0.05, 0.03, 10_000, 1_000_000, false),
            0.001,
            0.05,
            250_000,
            together(
                    4,
                    weights(Fault.TARGET_SET, 1),
                    3,
                    LINKS,
                    1,
                    PAUSES,
                    3,
                    CRASHES,
                    1,
                    DISK_ERRORS,
                    2,
                    weights(Fault.TRANSFER_ASKED, 1, Fault.TRIM_ASKED, 2, Fault.CAMPAIGN, 1, Fault.SLOW_DISK, 1)));

    /** What the seeds choose from. */
    static final List<Faults> MIXES = List.of(
            new Faults("calm", Network.GOOD, 0, 0, 1_000_000, weights(Fault.CHANGE_ASKED, 1, Fault.TRIM_ASKED, 1)),
            new Faults("slow disks", Network.GOOD, 0, 0.05, 500_000, weights(Fault.SLOW_DISK, 1)),
            new Faults(
                    "lossy",
                    new Network(0.15, 0.05, 0, 5_000, 0, true),
                    0,
                    0,
                    1_000_000,
                    together(1, weights(Fault.SLOW_DISK, 1), 1, ALWAYS)),
            new Faults(
                    "reordering",
                    new Network(0.02, 0.1, 0.1, 20_000, 2_000_000, false),
                    0,
                    0.05,
                    300_000,
                    together(4, LINKS, 1, PAUSES, 2, CRASHES, 1, ALWAYS)),
            new Faults(
                    "partitions",
                    new Network(0.01, 0.01, 0.01, 10_000, 1_000_000, true),
                    0,
                    0.05,
                    300_000,
                    together(8, LINKS, 1, PAUSES, 1, CRASHES, 1, ALWAYS)),
            new Faults(
                    "pauses",
                    new Network(0.01, 0.01, 0, 5_000, 0, true),
                    0,
                    0.02,
                    300_000,
                    together(8, PAUSES, 1, CRASHES, 1, ALWAYS, 8, weights(Fault.SLOW_DISK, 1))),
            new Faults(
                    "crashes",
                    new Network(0.01, 0.01, 0, 5_000, 0, true),
                    0.002,
                    0.02,
                    250_000,
                    together(8, CRASHES, 1, ALWAYS, 8, weights(Fault.SLOW_DISK, 1))),
            new Faults(
                    "bad disks",
                    new Network(0.01, 0.01, 0, 5_000, 0, true),
                    0,
                    0.02,
                    250_000,
                    together(
                            4,
                            CRASHES,
                            4,
                            DISK_ERRORS,
                            1,
                            ALWAYS,
                            4,
                            weights(Fault.SLOW_DISK, 1, Fault.BIT_FLIP, 4),
                            2,
                            weights(Fault.LOST_DISK, 1))),
            new Faults(
                    "rotting disks",
                    new Network(0.01, 0.01, 0, 5_000, 0, true),
                    0,
                    0.02,
                    250_000,
                    together(4, PAUSES, 2, ALWAYS, 8, weights(Fault.BIT_FLIP, 1), 1, weights(Fault.KILL, 1))),
            new Faults(
                    "churn",
                    new Network(0.02, 0.1, 0.1, 40_000, 1_500_000, false),
                    0.002,
                    0.1,
                    150_000,
                    together(3, LINKS, 1, PAUSES, 4, CRASHES, 2, ALWAYS, 1, weights(Fault.LOST_DISK, 1))),
            new Faults(
                    "trims",
                    new Network(0.05, 0.05, 0.02, 10_000, 1_000_000, true),
                    0.001,
                    0.05,
                    150_000,
                    together(
                            4,
                            weights(Fault.TRIM_ASKED, 1),
                            1,
                            DISK_ERRORS,
                            4,
                            LINKS,
                            1,
                            PAUSES,
                            2,
                            CRASHES,
                            1,
                            ALWAYS,
                            1,
                            weights(Fault.LOST_DISK, 1))),
            new Faults(
                    "restless",
                    new Network(0.05, 0.05, 0.05, 15_000, 800_000, false),
                    0.004,
                    0.1,
                    150_000,
                    together(
                            4,
                            LINKS,
                            2,
                            PAUSES,
                            5,
                            CRASHES,
                            1,
                            DISK_ERRORS,
                            1,
                            ALWAYS,
                            1,
                            weights(Fault.BIT_FLIP, 1, Fault.LOST_DISK, 1))));

    Faults {
        strikes = new EnumMap<>(strikes);
    }

    /** Whether nothing happens that is a reason for an election. */
    boolean areSlowDisksAtMost() {
        return network.equals(Network.GOOD)
                && crashPoint == 0
                && strikes.keySet().equals(Set.of(Fault.SLOW_DISK));
    }

    /** Faults and weights in turn. */
    private static Map<Fault, Integer> weights(Object... faultsAndWeights) {
        Map<Fault, Integer> weights = new EnumMap<>(Fault.class);
        for (int i = 0; i < faultsAndWeights.length; i += 2) {
            weights.put((Fault) faultsAndWeights[i], (Integer) faultsAndWeights[i + 1]);
        }
        return weights;
    }

    /** Factors and weights in turn: each group has as much weight as its factor says, in parts of its own. */
    @SuppressWarnings("unchecked")
    private static Map<Fault, Integer> together(Object... factorsAndWeights) {
        Map<Fault, Integer> all = new EnumMap<>(Fault.class);
        for (int i = 0; i < factorsAndWeights.length; i += 2) {
            int factor = (Integer) factorsAndWeights[i];
            Map<Fault, Integer> group = (Map<Fault, Integer>) factorsAndWeights[i + 1];
            int sum = group.values().stream().mapToInt(weight -> weight).sum();
            group.forEach((fault, weight) -> all.merge(fault, 100 * factor * weight / sum, Integer::sum));
        }
        return all;
    }
}
