package io.millrace.partition.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What a leader believes of a member, under any sequence of answers, late and doubled ones included. */
class ProgressTest {
    private static final RaftSettings SETTINGS = new RaftSettings(100, 500, 1_000, 10, 100, 250, 3);

    @Property(tries = 1_000)
    void theNextEntryIsAfterWhatMatchesTheMatchGoesBackOnlyForWhoInsistsAndTheWindowHolds(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long lastIndex = 40;
        Progress progress = new Progress(0, 1 + random.nextLong(lastIndex), 0);
        int denials = 0;
        for (int i = 0; i < 200; i++) {
            long matchBefore = progress.matchIndex();
            switch (random.nextInt(5)) {
                case 0 -> {
                    progress.accepted(random.nextLong(progress.nextIndex()));
                    denials = 0;
                }
                case 1 -> {
                    long previous = random.nextLong(lastIndex + 1);
                    denials += previous <= matchBefore ? 1 : 0;
                    progress.rejected(previous, 1 + random.nextLong(Math.max(1, previous)));
                }
                case 2 -> progress.heartbeatSent(i, SETTINGS);
                default -> {
                    if (progress.mayRead(lastIndex, SETTINGS)) {
                        assertThat(progress.inflightBytes()).isLessThan(SETTINGS.inflightBytesMax());
                        progress.readStarted();
                        assertThat(progress.mayRead(lastIndex, SETTINGS)).isFalse();
                        long first = progress.nextIndex();
                        progress.readFinished(first, Math.min(lastIndex, first + random.nextInt(3)), 100);
                    }
                }
            }
            if (progress.matchIndex() < matchBefore) {
                assertThat(denials).isEqualTo(3);
                denials = 0;
            }
            assertThat(progress.nextIndex()).isGreaterThan(progress.matchIndex());
            assertThat(progress.inflightBytes()).isBetween(0L, SETTINGS.inflightBytesMax() + 100L);
        }
    }

    @Property(tries = 300)
    void whateverWasLostAHeartbeatAndItsAnswerGetThingsGoingAgain(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long lastIndex = 40;
        Progress progress = new Progress(0, 1 + random.nextLong(lastIndex), 0);
        for (int i = 0; i < 20 && progress.mayRead(lastIndex, SETTINGS); i++) {
            progress.readStarted();
            progress.readFinished(progress.nextIndex(), Math.min(lastIndex, progress.nextIndex() + 2), 100);
            if (random.nextBoolean()) {
                progress.accepted(progress.nextIndex() - 1);
            }
        }
        long missingFrom = progress.matchIndex() + 1;
        progress.heartbeatSent(100, SETTINGS);
        if (progress.nextIndex() > missingFrom) {
            progress.rejected(progress.nextIndex() - 1, missingFrom);
        }
        assertThat(progress.nextIndex()).isEqualTo(missingFrom);
        assertThat(progress.mayRead(lastIndex, SETTINGS)).isEqualTo(missingFrom <= lastIndex);
    }
}
