package io.millrace.partition.sim;

import io.millrace.partition.raft.HardState;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Where a member's hard state survives its crashes. A write that a crash interrupts may or may not be there after. */
final class SimulatedJournal {
    private HardState durable;
    private @Nullable HardState writing;

    SimulatedJournal(HardState first) {
        this.durable = first;
    }

    HardState durable() {
        return durable;
    }

    void write(HardState state) {
        writing = state;
    }

    void written() {
        if (writing != null) {
            durable = writing;
            writing = null;
        }
    }

    /** All that was written is gone, and this is in its place. */
    void replace(HardState state) {
        durable = state;
        writing = null;
    }

    void crash(SplittableRandom random) {
        if (random.nextBoolean()) {
            written();
        }
        writing = null;
    }
}
