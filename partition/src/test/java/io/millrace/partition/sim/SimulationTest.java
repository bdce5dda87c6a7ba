package io.millrace.partition.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A group of Raft members keeps its promises, whatever happens around it. */
class SimulationTest {
    private static final int EVENTS = 4_000;
    private static final long SEEDS = Long.getLong("millrace.sim.seeds", 1_000);

    @Test
    void everySeedKeepsAllPropertiesAndRecoversOnceTheFaultsEnd() {
        Long only = Long.getLong("millrace.sim.seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SEEDS : only;
        long acknowledged = 0;
        long virtualMillis = 0;
        long startNanos = System.nanoTime();
        for (long seed = first; seed <= last; seed++) {
            SimulatedCluster cluster = new SimulatedCluster(seed);
            cluster.run(EVENTS);
            cluster.heal();
            acknowledged += cluster.acknowledgedCount();
            virtualMillis += cluster.virtualMillis();
        }
        System.out.printf(
                "%d seeds, %d events each, %d s of virtual time, %d values acknowledged, %.1f s%n",
                last - first + 1, EVENTS, virtualMillis / 1_000, acknowledged, (System.nanoTime() - startNanos) / 1e9);
        assertThat(acknowledged).isPositive();
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
        cluster.run(EVENTS);
        return cluster.traceHash();
    }
}
