package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.LostDisk.LogFound;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LostDiskTest {
    private static final LogPosition NO_ENTRIES = LogPosition.ZERO;
    private static final LogPosition ENTRIES = new LogPosition(9, 4);
    private static final HardState VOTED = new HardState(5, Optional.of(new NodeId(2)));
    private static final HardState ADMITTED = new HardState(5, Optional.empty(), 7, false, java.util.List.of());

    @Test
    void whoFoundedTheGroupAndHasNothingYetIsNew() {
        assertThat(begins(HardState.INITIAL, LogFound.NEVER_BEGUN, NO_ENTRIES, true))
                .isEmpty();
        assertThat(begins(HardState.INITIAL, LogFound.THERE, NO_ENTRIES, true)).isEmpty();
    }

    @Test
    void whoJoinsLaterMayHaveBeenThereBefore() {
        assertThat(begins(HardState.INITIAL, LogFound.NEVER_BEGUN, NO_ENTRIES, false))
                .contains(HardState.recovering(0, Optional.empty(), 42));
        assertThat(begins(ADMITTED, LogFound.THERE, NO_ENTRIES, false)).isEmpty();
    }

    @Test
    void whoHasBothGoesOn() {
        assertThat(begins(VOTED, LogFound.THERE, ENTRIES, true)).isEmpty();
        assertThat(begins(VOTED, LogFound.THERE, NO_ENTRIES, true)).isEmpty();
    }

    @Test
    void aLostJournalIsReplacedByOneOfTheLogsTerm() {
        assertThat(begins(HardState.INITIAL, LogFound.THERE, ENTRIES, true))
                .contains(HardState.recovering(4, Optional.empty(), 42));
    }

    @Test
    void aLostLogLeavesTheVote() {
        assertThat(begins(VOTED, LogFound.NEVER_BEGUN, NO_ENTRIES, true))
                .contains(HardState.recovering(5, VOTED.vote(), 1));
    }

    @Test
    void soDoesADamagedOne() {
        assertThat(begins(VOTED, LogFound.DAMAGED, NO_ENTRIES, true))
                .contains(HardState.recovering(5, VOTED.vote(), 1));
    }

    @Test
    void aDiskThatIsLostAgainIsYetAnotherOne() {
        assertThat(begins(HardState.recovering(0, Optional.empty(), 7), LogFound.NEVER_BEGUN, NO_ENTRIES, true))
                .contains(HardState.recovering(0, Optional.empty(), 8));
    }

    private static Optional<HardState> begins(HardState journal, LogFound found, LogPosition last, boolean founder) {
        return LostDisk.replacement(journal, found, last, founder, () -> 42);
    }
}
