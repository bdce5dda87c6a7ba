package io.millrace.partition.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A group of Raft members keeps its promises, whatever happens around it. */
class SimulationTest {
    private static final long STEPS = 10_000;
    private static final long SEEDS = Long.getLong("millrace.sim.seeds", 1_000);
    private static final int THREADS = Math.min(2, Runtime.getRuntime().availableProcessors());

    @Test
    void everySeedKeepsAllPropertiesAndRecoversOnceTheFaultsEnd() throws InterruptedException {
        Long only = Long.getLong("millrace.sim.seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SEEDS : only;
        long startNanos = System.nanoTime();
        Simulation simulation = new Simulation(SimulatedCluster::new, first, STEPS);
        simulation.run(last, THREADS, () -> false).ifPresent(failure -> {
            throw new AssertionError("seed " + failure.seed(), failure.cause());
        });
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        simulation.totals(totals -> {
            System.out.printf(
                    "%d seeds, %d events, %.1f h of virtual time, %d requests acknowledged, %d reads, %d times asleep, %.1f s, %.0f events/s%n%s%n",
                    totals.seeds,
                    totals.events,
                    totals.virtualHours(),
                    totals.acknowledged,
                    totals.reads,
                    totals.sleeps,
                    seconds,
                    totals.events / seconds,
                    totals.faults.toMap());
            assertThat(totals.acknowledged).isPositive();
            assertThat(totals.reads).isPositive();
            assertThat(totals.sleeps).isPositive();
            return totals;
        });
    }

    @Test
    void theSameSeedGivesTheSameHistory() {
        for (long seed = 1; seed <= 20; seed++) {
            assertThat(historyOf(seed)).as("seed %s", seed).isEqualTo(historyOf(seed));
        }
        assertThat(historyOf(1)).isNotEqualTo(historyOf(2));
    }

    private static long historyOf(long seed) {
        SimulatedCluster cluster = new SimulatedCluster(seed);
        cluster.run(4_000);
        return cluster.traceHash();
    }
}
