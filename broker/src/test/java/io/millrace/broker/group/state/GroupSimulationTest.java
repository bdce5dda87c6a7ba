package io.millrace.broker.group.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.broker.group.state.GroupSimulation.Flaw;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of schedules; a failure names its seed, and {@code new GroupSimulation(seed, Flaw.NONE).run(STEPS)} replays it. */
class GroupSimulationTest {
    private static final int STEPS = 4_000;
    private static final int SEEDS = Integer.getInteger("millrace.groups.seeds", 100);

    @Test
    void whateverHappensPartitionsHaveOneOwnerAndOffsetsGoForward() {
        int rebalances = 0;
        int failOvers = 0;
        int commits = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            GroupSimulation simulation = new GroupSimulation(seed, Flaw.NONE);
            try {
                simulation.run(STEPS);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
            rebalances += simulation.rebalances;
            failOvers += simulation.failOvers;
            commits += simulation.commits;
        }
        // Else it has shown nothing.
        assertThat(rebalances).isGreaterThan(10 * SEEDS);
        assertThat(failOvers).isGreaterThan(2 * SEEDS);
        assertThat(commits).isGreaterThan(50 * SEEDS);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void eachPlantedFlawIsFound(Flaw flaw) {
        OptionalLong found = LongStream.rangeClosed(1, SEEDS)
                .filter(seed -> isBroken(seed, flaw))
                .findFirst();

        assertThat(found).as("a seed that shows %s", flaw).isPresent();
    }

    private static boolean isBroken(long seed, Flaw flaw) {
        try {
            new GroupSimulation(seed, flaw).run(STEPS);
            return false;
        } catch (GroupSimulation.Broken expected) {
            return true;
        }
    }
}
