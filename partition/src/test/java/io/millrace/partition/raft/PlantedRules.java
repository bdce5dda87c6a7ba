package io.millrace.partition.raft;

import java.util.Random;

/** For the simulator's planted bugs: cores that go by other rules. */
public final class PlantedRules {
    private PlantedRules() {}

    /** Begins changes of the membership before an entry of its own term is committed (§4.1 as it was printed in 2014). */
    public static RaftCore changingTooEarly(
            NodeId self,
            Configuration atStart,
            RaftSettings settings,
            HardState hardState,
            TermHistory log,
            Random random,
            long nowMillis) {
        return new RaftCore(self, atStart, settings, hardState, log, random, nowMillis, new ChangeRules() {
            @Override
            boolean committedInTerm(long firstIndexOfTerm, long commitIndex) {
                return true;
            }
        });
    }
}
