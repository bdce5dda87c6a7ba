package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class AbsentBrokersTest {
    private final AbsentBrokers absent = new AbsentBrokers();
    private long nowMillis = 1_000_000;

    private void look(int seconds, Integer... alive) {
        for (int i = 0; i < seconds; i++) {
            absent.look(Set.of(1, 2, 3), Set.of(alive), nowMillis += 1_000);
        }
    }

    @Test
    void timeCountsFromWhenABrokerIsMissed() {
        look(10, 1, 2, 3);
        look(10, 1, 2);
        assertThat(absent.awayFor(9_000)).containsExactly(3);
        assertThat(absent.awayFor(9_001)).isEmpty();
    }

    @Test
    void whoComesBackBeginsAnew() {
        look(10, 1, 2);
        look(1, 1, 2, 3);
        look(3, 1, 2);
        assertThat(absent.awayFor(2_000)).containsExactly(3);
        assertThat(absent.awayFor(3_000)).isEmpty();
    }

    @Test
    void aJumpOfTheClockIsNoAbsence() {
        look(1, 1, 2);
        nowMillis += 3_600_000;
        look(1, 1, 2);
        assertThat(absent.awayFor(AbsentBrokers.STEP_MILLIS_MAX)).containsExactly(3);
        assertThat(absent.awayFor(AbsentBrokers.STEP_MILLIS_MAX + 1)).isEmpty();
        nowMillis -= 7_200_000;
        look(1, 1, 2);
        look(2, 1, 2);
        assertThat(absent.awayFor(AbsentBrokers.STEP_MILLIS_MAX + 2_000)).containsExactly(3);
    }

    @Test
    void whoIsNotRegisteredAnyMoreIsForgotten() {
        look(5, 1, 2);
        absent.look(Set.of(1, 2), Set.of(1, 2), nowMillis);
        assertThat(absent.awayFor(0)).isEmpty();
    }
}
