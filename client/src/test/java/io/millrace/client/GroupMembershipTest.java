package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.GroupMembership.Owned;
import io.millrace.protocol.TopicPartition;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class GroupMembershipTest {
    private static final Owned A = new Owned(7, new TopicPartition("orders", 0));
    private static final Owned B = new Owned(7, new TopicPartition("orders", 1));
    private static final Owned NEW_A = new Owned(9, new TopicPartition("orders", 0));

    private final GroupMembership member = new GroupMembership("m");

    @Test
    void onlyWhatMovesIsLetGoOf() {
        assertThat(member.answered(1, Set.of(A, B))).isTrue();
        assertThat(member.begin(A)).isTrue();
        assertThat(member.begin(B)).isTrue();
        assertThat(member.answered(2, Set.of(A))).isTrue();
        assertThat(member.toLetGo()).containsExactly(B);
        assertThat(member.toBegin()).isEmpty();
        assertThat(member.owned()).containsExactlyInAnyOrder(A, B);
        member.letGo(Set.of(B));
        assertThat(member.owned()).containsExactly(A);
    }

    @Test
    void anAnswerThatWasOvertakenIsNoNews() {
        member.answered(3, Set.of(A));
        assertThat(member.answered(2, Set.of(B))).isFalse();
        assertThat(member.answered(3, Set.of(A))).isFalse();
        assertThat(member.toBegin()).containsExactly(A);
    }

    @Test
    void whatWasTakenAwayBeforeItBeganDoesNotBegin() {
        member.answered(1, Set.of(A));
        member.answered(2, Set.of());
        assertThat(member.begin(A)).isFalse();
        assertThat(member.owned()).isEmpty();
    }

    @Test
    void aNamesakeWaitsUntilItsPredecessorIsLetGoOf() {
        member.answered(1, Set.of(A));
        member.begin(A);
        member.answered(2, Set.of(NEW_A));
        assertThat(member.toBegin()).isEmpty();
        assertThat(member.toLetGo()).containsExactly(A);
        member.letGo(Set.of(A));
        assertThat(member.begin(NEW_A)).isTrue();
    }

    /** Rule 1 of groups.proto. */
    @RepeatedTest(50)
    void whatItOwnsNeverGrowsWithinAnEpochAndHoldsAllItActsOn(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        Owned[] all = {A, B, NEW_A, new Owned(7, new TopicPartition("orders", 2))};
        Set<Owned> before = Set.of();
        long epoch = 0;
        for (int step = 0; step < 200; step++) {
            Owned one = all[random.nextInt(all.length)];
            switch (random.nextInt(3)) {
                case 0 -> {
                    Set<Owned> assignment = new HashSet<>();
                    for (Owned each : all) {
                        if (random.nextBoolean()) {
                            assignment.add(each);
                        }
                    }
                    if (member.answered(member.epoch() + random.nextInt(2), assignment)) {
                        epoch = member.epoch();
                        before = member.owned();
                    }
                }
                case 1 -> member.begin(one);
                default -> member.letGo(member.toLetGo());
            }
            assertThat(member.epoch()).isEqualTo(epoch);
            assertThat(before).containsAll(member.owned());
            assertThat(member.owned()).containsAll(member.acting());
            before = member.owned();
        }
    }
}
