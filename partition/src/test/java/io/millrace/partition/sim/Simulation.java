package io.millrace.partition.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs one seed after the other, each to its end, on several threads, until there are enough or one fails. */
public final class Simulation {
    /** What has happened in all seeds that are done. */
    static final class Totals {
        long seeds;
        long events;
        long virtualMicros;
        long acknowledged;
        long reads;
        long sleeps;
        final FaultCounts faults = new FaultCounts();

        void add(SimulatedCluster done) {
            seeds++;
            events += done.eventCount();
            virtualMicros += done.virtualMicros();
            acknowledged += done.acknowledgedCount();
            reads += done.readCount();
            sleeps += done.sleeps();
            faults.add(done.faults());
        }

        double virtualHours() {
            return virtualMicros / 3_600e6;
        }
    }

    record Failure(long seed, Throwable cause) {}

    private final LongFunction<SimulatedCluster> clusters;
    private final long steps;
    private final AtomicLong nextSeed;
    private final Totals totals = new Totals();
    private @Nullable Failure failure;
    private volatile boolean stopped;

    /**
     * @param clusters makes the one that a seed stands for
     * @param steps before the faults end
     */
    Simulation(LongFunction<SimulatedCluster> clusters, long firstSeed, long steps) {
        this.clusters = clusters;
        this.nextSeed = new AtomicLong(firstSeed);
        this.steps = steps;
    }

    /**
     * Runs the seeds from 1 on with a state machine of another module.
     *
     * @param stateMachines one for each life of each member
     * @return what went wrong, if anything did
     */
    public static Optional<String> failureWith(
            Supplier<StateMachine> stateMachines, long seeds, long steps, int threads) throws InterruptedException {
        return new Simulation(seed -> new SimulatedCluster(seed, stateMachines), 1, steps)
                .run(seeds, threads, () -> false)
                .map(failure ->
                        "seed " + failure.seed() + ": " + failure.cause().getMessage());
    }

    /**
     * Runs seeds until {@code lastSeed} is done, or {@code enough}, or one has failed; those under way are finished.
     *
     * @return the failure of the lowest seed
     */
    Optional<Failure> run(long lastSeed, int threads, BooleanSupplier enough) throws InterruptedException {
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread worker = new Thread(() -> work(lastSeed, enough), "simulation-" + i);
            worker.setDaemon(true);
            worker.start();
            workers.add(worker);
        }
        for (Thread worker : workers) {
            worker.join();
        }
        synchronized (totals) {
            return Optional.ofNullable(failure);
        }
    }

    private void work(long lastSeed, BooleanSupplier enough) {
        while (!stopped && !enough.getAsBoolean()) {
            long seed = nextSeed.getAndIncrement();
            if (seed > lastSeed) {
                return;
            }
            try {
                SimulatedCluster cluster = clusters.apply(seed);
                cluster.run(steps);
                cluster.heal();
                synchronized (totals) {
                    totals.add(cluster);
                }
            } catch (Throwable e) {
                stopped = true;
                synchronized (totals) {
                    if (failure == null || seed < failure.seed()) {
                        failure = new Failure(seed, e);
                    }
                }
            }
        }
    }

    /** Reads the totals while nobody adds to them. */
    <T> T totals(java.util.function.Function<Totals, T> reading) {
        synchronized (totals) {
            return reading.apply(totals);
        }
    }
}
