package io.millrace.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LeaderProgressTest {
    private static final long START = Long.MAX_VALUE - 5; // nanoTime() may be any number

    private final LeaderProgress progress = new LeaderProgress(TimeUnit.SECONDS.toNanos(30), START);

    private static long after(long millis) {
        return START + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    @Test
    void howFarItIsIsToldEveryTwoSeconds() {
        assertThat(progress.look(12, 6_000, after(0))).contains("12 of 6,000 partitions have a leader");
        assertThat(progress.look(900, 6_000, after(1_999))).isEmpty();
        assertThat(progress.look(901, 6_000, after(2_000))).contains("901 of 6,000 partitions have a leader");
        assertThat(progress.look(1_300, 6_000, after(3_000))).isEmpty();
        assertThat(progress.look(6_000, 6_000, after(9_000)))
                .as("nothing is waited for")
                .isEmpty();
    }

    @Test
    void itGoesOnForAsLongAsThereAreMoreAndMoreLeaders() {
        for (int second = 0; second <= 300; second += 29) {
            var unused = progress.look(second, 6_000, after(1_000L * second));
            assertThat(progress.isStuck(after(1_000L * second + 28_999))).isFalse();
        }
    }

    @Test
    void leadersThatComeAndGoAreNoProgress() {
        var unused = progress.look(5, 10, after(1_000));
        unused = progress.look(3, 10, after(11_000));
        unused = progress.look(5, 10, after(21_000));
        assertThat(progress.isStuck(after(30_999))).isFalse();
        assertThat(progress.isStuck(after(31_000))).isTrue();
    }
}
