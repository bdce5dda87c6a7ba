package io.millrace.partition.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** A term history says of a log what the log itself would, kept here as a list of terms. */
class TermHistoryTest {

    @Property(tries = 300)
    void itAgreesWithAPlainListOfTermsThroughAppendsAndCuts(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int steps) {
        SplittableRandom random = new SplittableRandom(seed);
        TermHistory history = TermHistory.empty();
        List<Long> model = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            if (!model.isEmpty() && random.nextInt(4) == 0) {
                int from = 1 + random.nextInt(model.size());
                history.truncateFrom(from);
                model.subList(from - 1, model.size()).clear();
            } else {
                long term = (model.isEmpty() ? 1 : model.get(model.size() - 1)) + random.nextInt(3) / 2;
                history.append(CoreOnBench.entry(model.size() + 1, term));
                model.add(term);
            }
            assertAgree(history, model);
        }
    }

    private static void assertAgree(TermHistory history, List<Long> model) {
        assertThat(history.lastIndex()).isEqualTo(model.size());
        for (int index = 1; index <= model.size(); index++) {
            assertThat(history.termAt(index)).isEqualTo(model.get(index - 1));
        }
    }

    @Property(tries = 300)
    void theLastPositionAtMostIsTheLastOneThatIsNeitherLaterNorOfALaterTerm(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 30) int length,
            @ForAll @LongRange(min = 0, max = 40) long index,
            @ForAll @LongRange(min = 0, max = 20) long term) {
        TermHistory history = random(seed, length);
        LogPosition expected = LogPosition.ZERO;
        for (long i = 1; i <= Math.min(index, length); i++) {
            if (history.termAt(i) <= term) {
                expected = new LogPosition(i, history.termAt(i));
            }
        }
        assertThat(history.lastAtMost(index, term)).isEqualTo(expected);
    }

    /** Fast back-off (§5.3 of the Raft paper): however two logs differ, their common part is not skipped. */
    @Property(tries = 1_000)
    void goingBackOverConflictingTermsNeverPassesWhatTwoLogsShare(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 10) int shared,
            @ForAll @IntRange(min = 0, max = 10) int mine,
            @ForAll @IntRange(min = 0, max = 10) int theirs) {
        SplittableRandom random = new SplittableRandom(seed);
        TermHistory leader = random(seed, shared);
        TermHistory follower = random(seed, shared);
        long termOfBoth = leader.last().term();
        extend(leader, mine, termOfBoth + 1, 2, random);
        extend(follower, theirs, termOfBoth + 2, 2, random);
        long previous = leader.lastIndex();
        int rounds = 0;
        while (!follower.contains(new LogPosition(previous, leader.termAt(previous)))) {
            LogPosition hint = follower.lastAtMost(previous - 1, leader.termAt(previous));
            long next = leader.lastAtMost(hint.index(), hint.term()).index();
            assertThat(next).isGreaterThanOrEqualTo(shared).isLessThan(previous);
            previous = next;
            rounds++;
        }
        assertThat(rounds).isLessThanOrEqualTo(Math.min(mine, theirs) + 1);
    }

    @Test
    void aLogMayBeginInTheMiddleOfATerm() {
        TermHistory history = new TermHistory(new LogPosition(10, 3), List.of(new TermStart(3, 11)), 12);
        assertThat(history.contains(new LogPosition(10, 3))).isTrue();
        assertThat(history.contains(new LogPosition(9, 3))).isFalse();
        assertThat(history.last()).isEqualTo(new LogPosition(12, 3));
    }

    @Test
    void termsThatDoNotRiseAreRefused() {
        assertThatThrownBy(
                        () -> new TermHistory(LogPosition.ZERO, List.of(new TermStart(2, 1), new TermStart(2, 2)), 3))
                .hasMessageContaining("must rise");
        assertThatThrownBy(() -> new TermHistory(LogPosition.ZERO, List.of(new TermStart(2, 2)), 3))
                .hasMessageContaining("must begin where the log does");
        assertThatThrownBy(() -> CoreOnBench.history(2, 1)).hasMessageContaining("term 1 after term 2");
    }

    private static TermHistory random(long seed, int length) {
        TermHistory history = TermHistory.empty();
        extend(history, length, 1, 1, new SplittableRandom(seed));
        return history;
    }

    private static void extend(
            TermHistory history, int length, long firstTerm, int stepOfTerm, SplittableRandom random) {
        long term = firstTerm;
        for (int i = 0; i < length; i++) {
            history.append(CoreOnBench.entry(history.lastIndex() + 1, term));
            term += random.nextInt(3) == 0 ? stepOfTerm : 0;
        }
    }
}
