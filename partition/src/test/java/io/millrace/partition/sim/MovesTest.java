package io.millrace.partition.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Input;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Groups whose members are to be others again and again, while the network and the processes fail: all that is promised holds, and in the
 * end the members are who they shall be ({@link Input.Target}).
 */
class MovesTest {
    private static final long SEEDS = 100;
    private static final long EVENTS = 6_000;
    private static final int THREADS = 2;

    @Test
    void groupsGetWhereTheyShallBe() throws InterruptedException {
        Simulation simulation = new Simulation(
                seed -> new SimulatedCluster(
                        Scenario.ofSeed(seed).moving(), Conduct.CORRECT, Set.of(), StateMachine::ofPartition),
                1,
                EVENTS);
        assertThat(simulation.run(SEEDS, THREADS, () -> false).map(Simulation.Failure::cause))
                .isEmpty();
        System.out.println(
                simulation.<String>totals(totals -> totals.faults.toMap().toString()));
        assertThat(simulation.<Long>totals(totals -> totals.faults.toMap().getOrDefault(Fault.MEMBERSHIP_CHANGED, 0L)))
                .isGreaterThan(SEEDS);
    }
}
