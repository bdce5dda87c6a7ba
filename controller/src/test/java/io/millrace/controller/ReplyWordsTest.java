package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReplyWordsTest {
    /** What a record prints of itself: {@code Refused[problem=no]}. */
    private static final String RECORD = ".*[A-Z]\\w*\\[\\w*=?.*";

    @ParameterizedTest
    @MethodSource("io.millrace.controller.ControlMessagesTest#replies") // one of each
    void thereAreWordsForEveryReply(ControllerReply reply) {
        assertThat(ReplyWords.of(reply)).isNotBlank().doesNotMatch(RECORD);
    }

    @ParameterizedTest
    @MethodSource("io.millrace.controller.ControlMessagesTest#notApplied")
    void thereAreWordsForEveryProposalThatWasNotApplied(ProposalOutcome outcome) {
        assertThat(ReplyWords.of(outcome)).isNotBlank().doesNotMatch(RECORD);
    }

    @Test
    void forExample() {
        assertThat(ReplyWords.of(new ControllerReply.Refused("broker 4 is drained")))
                .isEqualTo("refused: broker 4 is drained");
        assertThat(ReplyWords.of(new ControllerReply.ProducerIdsAllocated(9_000, 1_000, 9)))
                .isEqualTo("ids 9000 to 9999");
        assertThat(ReplyWords.of(new ControllerReply.UnknownPartition("orders", 9, 3)))
                .isEqualTo("refused: there is no orders-9: it has 3 partitions");
    }
}
