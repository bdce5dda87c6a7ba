package io.millrace.partition.sim;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks for a seed that shows a bug. */
public final class BugHunt {
    private BugHunt() {}

    /**
     * What finds the bug that is in the classes that this one was loaded with, as {@code PROPERTY in N seeds}; null if
     * nothing does.
     */
    public static @Nullable String hunt(long seeds, long steps) {
        return hunt(Conduct.CORRECT, Set.of(), seeds, steps);
    }

    static @Nullable String hunt(Conduct conduct, Set<Property> unchecked, long seeds, long steps) {
        for (long seed = 1; seed <= seeds; seed++) {
            Property found = propertyBrokenBy(conduct, unchecked, seed, steps);
            if (found != null) {
                return found + " in " + seed + " seeds";
            }
        }
        return null;
    }

    private static @Nullable Property propertyBrokenBy(
            Conduct conduct, Set<Property> unchecked, long seed, long steps) {
        try {
            SimulatedCluster cluster =
                    new SimulatedCluster(Scenario.ofSeed(seed), conduct, unchecked, StateMachine::ofPartition);
            cluster.run(steps);
            cluster.heal();
            return null;
        } catch (SimulationFailure e) {
            return e.property();
        }
    }
}
