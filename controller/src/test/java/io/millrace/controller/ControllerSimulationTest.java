package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.metadata.BrokerState;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ControllerSimulationTest {
    private static final int SEEDS = 200;
    private static final int TICKS = 600;
    private static final int BROKERS = 6;

    @Test
    void whateverHappensNothingIsLostAndInTheEndAllIsWhereItShallBe() {
        int commands = 0;
        int stale = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            ControllerSimulation simulation = new ControllerSimulation(seed, BROKERS);
            Random operator = new Random(seed);
            try {
                for (int tick = 0; tick < TICKS; tick++) {
                    if (operator.nextInt(4) == 0) {
                        simulation.somebodyWantsSomething();
                    }
                    simulation.tick();
                }
                simulation.comeToRest();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
            commands += simulation.commands();
            stale += simulation.stale();
        }
        assertThat(commands).isGreaterThan(20 * SEEDS);
        assertThat(stale).as("of controllers that had been superseded").isGreaterThan(SEEDS / 10);
    }

    /** Before it is known that the last command of a controller was applied, or although it was not. */
    @Test
    void aControllerMayEndAfterEachStepOfADrain() {
        int steps = drained(new ControllerSimulation(1, BROKERS), 0, false);
        assertThat(steps).isGreaterThan(5);
        for (int step = 1; step <= steps; step++) {
            drained(new ControllerSimulation(1, BROKERS), step, true);
            drained(new ControllerSimulation(1, BROKERS), step, false);
        }
    }

    /** @return how many commands it took */
    private static int drained(ControllerSimulation simulation, int endAfterCommand, boolean lastIsLost) {
        simulation.withoutFaults();
        for (int i = 0; i < 3; i++) {
            simulation.create("topic-" + i, 4, 3);
            simulation.comeToRest();
        }
        simulation.endAfter(endAfterCommand, lastIsLost);
        while (simulation.metadata().stateOf(2) != BrokerState.DRAINING) {
            simulation.setState(2, BrokerState.DRAINING); // as who asked does, until it is so
            simulation.tick();
        }
        simulation.comeToRest();
        assertThat(simulation.metadata().replicasOn(2)).isZero();
        assertThat(simulation.metadata().topics()).hasSize(3);
        return simulation.commandsCounted();
    }
}
