package io.millrace.partition.sim;

import java.util.List;

/**
 * How hostile the world is. Probabilities are per message, per stage of performing an output, or weights of what the
 * {@link Chaos} does next; zero: never.
 *
 * @param loss of a message
 * @param duplication of a message
 * @param longDelay a message takes up to {@link #longDelayMicros} and not only {@link #delayMicros}
 * @param inOrder messages between two members stay in order, as Akka's do; else they overtake each other
 * @param crashPoint of a crash between two stages of performing one output
 * @param stalls of a read of the log, or a report of the log's writer, that takes up to {@link #STALL_MICROS}
 * @param chaosEveryMicros the mean time between two of the following
 * @param partitions weight of cutting links, in one or both directions
 * @param pauses weight of stopping a process for a while
 * @param crashes weight of crashing one member or, now and then, all
 * @param slowDisks weight of a disk or journal that takes up to a second for a sync
 * @param membership weight of learners that come and go
 */
record Faults(
        String name,
        double loss,
        double duplication,
        double longDelay,
        long delayMicros,
        long longDelayMicros,
        boolean inOrder,
        double crashPoint,
        double stalls,
        long chaosEveryMicros,
        int partitions,
        int pauses,
        int crashes,
        int slowDisks,
        int membership) {

    static final long STALL_MICROS = 4_000_000;

    static final Faults NONE = new Faults("none", 0, 0, 0, 2_000, 0, true, 0, 0, 1_000_000, 0, 0, 0, 0, 0);

    /** What the seeds choose from. */
    static final List<Faults> MIXES = List.of(
            new Faults("calm", 0, 0, 0, 2_000, 0, true, 0, 0, 1_000_000, 0, 0, 0, 0, 1),
            new Faults("lossy", 0.15, 0.05, 0, 5_000, 0, true, 0, 0, 1_000_000, 0, 0, 0, 1, 1),
            new Faults("reordering", 0.02, 0.1, 0.1, 20_000, 2_000_000, false, 0, 0.05, 300_000, 4, 1, 2, 0, 1),
            new Faults("partitions", 0.01, 0.01, 0.01, 10_000, 1_000_000, true, 0, 0.05, 300_000, 8, 1, 1, 0, 1),
            new Faults("pauses", 0.01, 0.01, 0, 5_000, 0, true, 0, 0.02, 300_000, 0, 8, 1, 2, 1),
            new Faults("crashes", 0.01, 0.01, 0, 5_000, 0, true, 0.002, 0.02, 250_000, 0, 0, 8, 2, 1),
            new Faults("churn", 0.02, 0.1, 0.1, 40_000, 1_500_000, false, 0.002, 0.1, 150_000, 3, 1, 4, 0, 1),
            new Faults("restless", 0.05, 0.05, 0.05, 15_000, 800_000, false, 0.004, 0.1, 150_000, 4, 2, 5, 2, 1));

    int weights() {
        return partitions + pauses + crashes + slowDisks + membership;
    }
}
