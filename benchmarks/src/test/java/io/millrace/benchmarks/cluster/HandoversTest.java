package io.millrace.benchmarks.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class HandoversTest {
    private static final long MS = 1_000_000;

    private final Handovers handovers = new Handovers(2);

    private void handled(int partition, int member, long... millis) {
        for (long each : millis) {
            handovers.handled(partition, member, each * MS);
        }
    }

    @Test
    void tellsPartitionsThatStayedFromThoseThatMoved() {
        handled(0, 1, 0, 10, 20, 50, 60); // 30 ms, though it stayed
        handled(1, 1, 5, 15);
        handled(1, 2, 55, 95); // moved: 40 ms; and what was slow afterwards is no hand-over

        assertThat(handovers.between(0, 100 * MS)).isEqualTo(new Handovers.Pauses(30, 40, 1, 55 * MS));
        assertThat(handovers.between(52 * MS, 54 * MS)).isEqualTo(new Handovers.Pauses(0, 0, 0, 52 * MS));
    }

    @Test
    void aPauseCountsWhenItEnds() {
        handled(0, 1, 10, 100);

        assertThat(handovers.between(50 * MS, 99 * MS).keptMillis()).isZero();
        assertThat(handovers.between(50 * MS, 100 * MS).keptMillis()).isEqualTo(90);
    }

    @Test
    void isEvenWhenEachMemberHasItsShareAndNobodyElseHandlesAnything() {
        handled(0, 1, 10, 20);
        handled(1, 1, 10);
        assertThat(handovers.evenSince(10 * MS, Set.of(1))).isTrue();
        assertThat(handovers.evenSince(10 * MS, Set.of(1, 2))).isFalse();
        assertThat(handovers.evenSince(15 * MS, Set.of(1))).isFalse(); // nothing of partition 1

        handled(1, 2, 20);
        assertThat(handovers.evenSince(15 * MS, Set.of(1, 2))).isTrue();
        assertThat(handovers.evenSince(10 * MS, Set.of(1, 2))).isFalse(); // partition 1 has moved since
        assertThat(handovers.evenSince(15 * MS, Set.of(1))).isFalse(); // 2 has left
    }
}
