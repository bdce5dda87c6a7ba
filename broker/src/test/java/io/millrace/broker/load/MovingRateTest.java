package io.millrace.broker.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MovingRateTest {
    private final MovingRate rate = new MovingRate();

    private void pass(int seconds, long perSecond) {
        for (int i = 0; i < seconds / 5; i++) {
            rate.add(5 * perSecond, 5);
        }
    }

    @Test
    void theFirstValueCountsInFull() {
        assertThat(rate.perSecond()).isZero();
        rate.add(500, 5);
        assertThat(rate.perSecond()).isEqualTo(100);
        pass(60, 100);
        assertThat(rate.perSecond()).isCloseTo(100, within(1e-9));
    }

    @Test
    void whatIsOverIsForgottenWithinMinutes() {
        pass(60, 100);
        pass(30, 0);
        assertThat(rate.perSecond()).isBetween(20.0, 60.0);
        pass(270, 0);
        assertThat(rate.perSecond()).isLessThan(0.1);
    }

    @Test
    void oneBurstDoesNotLookLikeALoad() {
        pass(120, 100);
        rate.add(5_000, 5);
        assertThat(rate.perSecond()).isBetween(200.0, 300.0);
    }
}
