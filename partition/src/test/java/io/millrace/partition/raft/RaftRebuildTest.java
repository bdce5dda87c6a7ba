package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.leader;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.restarted;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static io.millrace.partition.raft.CoreOnBench.voters;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Membership.Standing;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A member whose log is damaged gives it up and gets another, when its group can do without: decision 011. */
class RaftRebuildTest {
    private static final Membership THIRD_GIVES_UP = voters(1, 2, 3).with(node(3), Standing.RETURNING, 1);

    private static Message.RebuildRequest request(int from, long term) {
        return new Message.RebuildRequest(node(from), SELF, term, 0);
    }

    /** Everybody has answered within the last heartbeat, and again: so all are seen to keep up. */
    private static CoreOnBench calm(int voters) {
        CoreOnBench bench = settledLeader(voters, 1);
        bench.elapse(100);
        for (int member = 2; member <= voters; member++) {
            bench.allAccepted(member);
        }
        return bench;
    }

    @Nested
    @DisplayName("the member whose log is damaged")
    class Damaged {
        private final CoreOnBench bench = follower(3, 1);

        @Test
        void asksItsLeaderAgainAndAgain() {
            bench.receiveAppend(2, 1, at(1, 1), 1);
            Message.RebuildRequest asking = new Message.RebuildRequest(SELF, node(2), 1, 0);
            assertThat(bench.step(new Input.Damaged()).messages()).containsExactly(asking);
            assertThat(messages(bench.receiveAppend(2, 1, at(1, 1), 1), Message.RebuildRequest.class))
                    .isEmpty();
            bench.sleep(100);
            assertThat(messages(bench.receiveAppend(2, 1, at(1, 1), 1), Message.RebuildRequest.class))
                    .containsExactly(asking);
        }

        @Test
        void goesOnUntilItKnowsThatItsVoteIsGone() {
            bench.step(new Input.Damaged());
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(1, 2, 3).with(SELF, Standing.RETURNING, 1));
            bench.allDurable();
            assertThat(bench.core.mustBeginAnew()).as("it may yet be cut off").isFalse();
            bench.receiveAppend(2, 1, at(2, 1), 2);
            assertThat(bench.core.mustBeginAnew()).isTrue();
        }

        @Test
        void isNotToBeginAnewOnceMore() {
            HardState begun = HardState.recovering(1, Optional.empty(), HardState.nextIncarnation(0));
            CoreOnBench anew = restarted(3, begun);
            anew.receiveConfiguration(2, 1, LogPosition.ZERO, 1, voters(1, 2, 3).with(SELF, Standing.RETURNING, 1));
            anew.allDurable();
            assertThat(anew.core.mustBeginAnew()).isFalse();
            assertThat(anew.core.remembers()).isTrue();
        }

        @Test
        void handsOverFirstIfItLeads() {
            CoreOnBench leading = calm(3);
            assertThat(messages(leading.step(new Input.Damaged()), Message.TimeoutNow.class))
                    .hasSize(1);
        }

        @Test
        void andNotToOneWhoseLogIsDamagedToo() {
            CoreOnBench leading = calm(3);
            leading.receive(new Message.RebuildRequest(node(2), SELF, 2, 0));
            leading.allDurable();
            leading.allAccepted(2, 3);
            assertThat(messages(leading.step(new Input.Damaged()), Message.TimeoutNow.class))
                    .extracting(Message.TimeoutNow::to)
                    .doesNotContain(node(2));
        }
    }

    @Nested
    @DisplayName("its leader")
    class Leader {
        @Test
        void takesItsVoteWhenAllOthersAreAtHand() {
            CoreOnBench bench = calm(3);
            bench.receive(request(3, 2));
            assertThat(bench.membership()).isEqualTo(THIRD_GIVES_UP);
        }

        @Test
        void notWhileOneOfThemLagsOrIsSilent() {
            CoreOnBench lagging = calm(3);
            lagging.propose(1);
            lagging.elapse(600);
            lagging.receiveAccepted(2, 2);
            lagging.receive(request(3, 2));
            assertThat(lagging.membership()).isEqualTo(voters(1, 2, 3));

            CoreOnBench silent = calm(3);
            for (int i = 0; i < 6; i++) {
                silent.elapse(100);
                silent.allAccepted(3);
            }
            silent.receive(request(3, 2));
            assertThat(silent.membership()).isEqualTo(voters(1, 2, 3));
            silent.allAccepted(2);
            silent.elapse(100);
            silent.allAccepted(2);
            assertThat(silent.membership()).as("as soon as it is back").isEqualTo(THIRD_GIVES_UP);
        }

        @Test
        void oneAfterTheOther() {
            CoreOnBench bench = calm(5);
            bench.receive(request(3, 2));
            bench.allDurable();
            for (int member = 2; member <= 5; member++) {
                bench.allAccepted(member);
            }
            bench.receive(request(4, 2));
            assertThat(bench.membership().voters()).containsExactly(node(1), node(2), node(4), node(5));
            bench.receiveRejected(3, 3, LogPosition.ZERO, 1);
            bench.receiveAccepted(3, 3, 1);
            bench.receiveAccepted(3, 3, 1);
            assertThat(bench.membership().isVoter(node(3))).isTrue();
            bench.allDurable();
            for (int member : new int[] {2, 4, 5}) {
                bench.allAccepted(member);
            }
            bench.receiveAccepted(3, 4, 1);
            bench.receive(request(4, 2));
            assertThat(bench.membership().isVoter(node(4))).isFalse();
        }

        @Test
        void neverOfTwo() {
            CoreOnBench bench = calm(2);
            bench.receive(new Message.RebuildRequest(node(2), SELF, 2, 0));
            assertThat(bench.membership()).isEqualTo(voters(1, 2));
        }

        @Test
        void neverWhenItsOwnLogIsDamaged() {
            CoreOnBench bench = leader(3, 1);
            bench.allDurable();
            bench.receiveAccepted(2, 2);
            bench.step(new Input.Damaged());
            bench.receive(request(3, 2));
            assertThat(bench.membership()).isEqualTo(voters(1, 2, 3));
        }

        @Test
        void listensToItsOldLifeUntilTheNewOneSpeaksAndNoLonger() {
            CoreOnBench bench = calm(3);
            bench.receive(request(3, 2));
            bench.allDurable();
            bench.allAccepted(2);
            bench.allAccepted(3);
            assertThat(bench.membership())
                    .as("it is not admitted under its old name")
                    .isEqualTo(THIRD_GIVES_UP);
            assertThat(bench.peer(3).matchIndex()).isEqualTo(3);
            bench.receiveRejected(3, 3, LogPosition.ZERO, 1);
            assertThat(bench.peer(3).matchIndex()).isZero();
            bench.receiveAccepted(3, 3, 0);
            assertThat(bench.peer(3).matchIndex())
                    .as("a late word of who has lost it all")
                    .isZero();
        }

        @Test
        void soDoesTheNextOneThatKnowsTheNewNameFromTheLogOnly() {
            HardState noted = new HardState(
                    2, Optional.empty(), 0, false, java.util.List.of(new Configuration(at(1, 1), THIRD_GIVES_UP)));
            CoreOnBench bench = restarted(3, noted, 1, 2);
            bench.winElection();
            bench.allDurable();
            bench.receiveAccepted(3, 3, 0);
            assertThat(bench.peer(3).matchIndex()).isEqualTo(3);
            bench.allAccepted(2);
            assertThat(bench.membership()).isEqualTo(THIRD_GIVES_UP);
        }
    }
}
