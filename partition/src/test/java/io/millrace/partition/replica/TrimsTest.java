package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import org.junit.jupiter.api.Test;

class TrimsTest {
    private final Trims trims = new Trims();

    private void decided(long entryIndex, long trimTo) {
        trims.appended(new Entry(entryIndex, 1, EntryType.TRIM, new TrimDecision(trimTo, 0).encode()));
    }

    @Test
    void aDecisionCountsOnceItIsCommitted() {
        decided(10, 4);
        assertThat(trims.isEmpty()).isFalse();
        assertThat(trims.committed(9)).isEmpty();
        assertThat(trims.committed(10)).hasValue(4);
        assertThat(trims.committed(11)).isEmpty();
        assertThat(trims.isEmpty()).isTrue();
    }

    @Test
    void ofSeveralTheFarthestCounts() {
        decided(10, 6);
        decided(11, 4);
        assertThat(trims.committed(12)).hasValue(6);
    }

    @Test
    void whatIsCutOffOrReplacedWasNeverDecided() {
        decided(10, 4);
        decided(12, 8);
        trims.truncated(11);
        assertThat(trims.committed(20)).hasValue(4);
        decided(21, 9);
        trims.clear();
        assertThat(trims.committed(30)).isEmpty();
    }

    @Test
    void otherEntriesAreNoDecisions() {
        trims.appended(new Entry(1, 1, EntryType.DATA, Payload.wrap(new byte[8])));
        assertThat(trims.isEmpty()).isTrue();
    }
}
