package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.reply;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static io.millrace.partition.raft.CoreOnBench.voters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.partition.raft.MembershipChange.AddLearner;
import io.millrace.partition.raft.MembershipChange.Remove;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Leadership transfer, §3.10. */
class RaftTransferTest {

    @Nested
    @DisplayName("§3.10, the prior leader")
    class PriorLeader {
        @Test
        void tellsATargetThatHasEverythingToStandAtOnce() {
            CoreOnBench bench = settledLeader(3, 1);
            Output output = bench.step(new Input.TransferLeadership(node(2)));
            assertThat(output.answer()).contains(new Answer.TransferBegun());
            assertThat(reply(output)).isEqualTo(new Message.TimeoutNow(SELF, node(2), 2));
        }

        @Test
        void andOneThatLacksEntriesOnlyWhenItHasThem() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.propose(1, 1);
            assertThat(messages(bench.step(new Input.TransferLeadership(node(2))), Message.TimeoutNow.class))
                    .isEmpty();
            assertThat(messages(bench.receiveAccepted(2, 3), Message.TimeoutNow.class))
                    .isEmpty();
            assertThat(messages(bench.receiveAccepted(3, 4), Message.TimeoutNow.class))
                    .isEmpty();
            assertThat(messages(bench.receiveAccepted(2, 4), Message.TimeoutNow.class))
                    .hasSize(1);
        }

        @Test
        void saysItAgainWithEachAnswerBecauseTheMessageMayBeLost() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.step(new Input.TransferLeadership(node(2)));
            bench.elapse(100);
            assertThat(messages(bench.receiveAccepted(2, 2), Message.TimeoutNow.class))
                    .hasSize(1);
        }

        @Test
        void takesNoProposalsAndChangesNoMembersMeanwhile() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.step(new Input.TransferLeadership(node(2)));
            assertThat(bench.core.mayPropose(2)).isFalse();
            assertThatThrownBy(() -> bench.propose(1)).hasMessageContaining("proposed");
            assertThat(bench.change(new Remove(node(3))))
                    .isEqualTo(new Answer.ChangeRefused(ChangeRefusal.TRANSFERRING));
        }

        @Test
        void goesOnAfterAnElectionTimeoutIfNothingCameOfIt() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.step(new Input.TransferLeadership(node(2)));
            for (int i = 0; i < 10; i++) {
                assertThat(bench.core.mayPropose(2)).isFalse();
                bench.elapse(100);
                bench.receiveAccepted(3, 2);
            }
            assertThat(bench.core.mayPropose(2)).isTrue();
            assertThat(bench.core.isTransferring()).isFalse();
        }

        @Test
        void wakesUpInTimeToDoSo() {
            CoreOnBench bench = settledLeader(1, 1);
            bench.change(new AddLearner(node(2)));
            bench.allDurable();
            bench.allAccepted(2);
            bench.change(new MembershipChange.Promote(node(2)));
            bench.allDurable();
            bench.allAccepted(2);
            bench.step(new Input.TransferLeadership(node(2)));
            long begunMillis = bench.nowMillis();
            while (bench.core.isTransferring()) {
                bench.timeOut();
                bench.allAccepted(2);
            }
            assertThat(bench.nowMillis() - begunMillis).isEqualTo(1_000);
        }

        @Test
        void votesForTheTargetAndIsAFollower() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.step(new Input.TransferLeadership(node(2)));
            Output output = bench.receive(new Message.VoteRequest(node(2), SELF, 3, at(2, 2), true));
            assertThat(reply(output)).isEqualTo(new Message.VoteResponse(SELF, node(2), 3, true));
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.core.isTransferring()).isFalse();
        }

        @Test
        void refusesWhatCannotBe() {
            assertThat(transfer(follower(3, 1), 2)).isEqualTo(refused(TransferRefusal.NOT_LEADER));
            CoreOnBench bench = settledLeader(3, 1);
            assertThat(transfer(bench, 1)).isEqualTo(refused(TransferRefusal.UNCHANGED));
            assertThat(transfer(bench, 9)).isEqualTo(refused(TransferRefusal.NOT_A_VOTER));
            bench.change(new AddLearner(node(4)));
            assertThat(transfer(bench, 4)).isEqualTo(refused(TransferRefusal.NOT_A_VOTER));
            bench.elapse(600);
            bench.receiveAccepted(2, 2);
            assertThat(transfer(bench, 3)).isEqualTo(refused(TransferRefusal.SILENT));
            assertThat(transfer(bench, 2)).isEqualTo(new Answer.TransferBegun());
            assertThat(transfer(bench, 2)).isEqualTo(refused(TransferRefusal.TRANSFERRING));
        }

        @Test
        void whoRemovesItselfHandsOverToTheVoterThatHasMost() {
            CoreOnBench bench = settledLeader(4, 1);
            bench.change(new Remove(SELF));
            bench.propose(1);
            bench.receiveAccepted(2, 3);
            Output last = bench.receiveAccepted(3, 4);
            assertThat(messages(last, Message.TimeoutNow.class))
                    .containsExactly(new Message.TimeoutNow(SELF, node(3), 2));
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }
    }

    @Nested
    @DisplayName("§3.10, the target")
    class Target {
        @Test
        void standsWithoutAPreVoteAndSaysWhy() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 1);
            Output output = bench.receive(new Message.TimeoutNow(node(2), SELF, 1));
            assertThat(messages(output, Message.VoteRequest.class))
                    .containsExactly(
                            new Message.VoteRequest(SELF, node(2), 2, at(1, 1), true),
                            new Message.VoteRequest(SELF, node(3), 2, at(1, 1), true));
            assertThat(bench.role()).isEqualTo(Role.CANDIDATE);
        }

        @Test
        void anOrderOfAnEarlierTermOrOfWhoDoesNotLeadIsIgnored() {
            CoreOnBench bench = follower(3, 1, 2);
            bench.receiveAppend(2, 2, at(2, 2), 1);
            bench.receive(new Message.TimeoutNow(node(3), SELF, 1));
            bench.receive(new Message.TimeoutNow(node(3), SELF, 2));
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void soIsOneToWhoHasNoVote() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(2, 3));
            bench.receiveAppend(2, 1, at(2, 1), 2);
            bench.receive(new Message.TimeoutNow(node(2), SELF, 1));
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }
    }

    @Nested
    @DisplayName("§4.2.3, the others")
    class Others {
        @Test
        void voteThoughTheyHearALeaderBecauseItAskedForIt() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 1);
            assertThat(bench.receiveVoteRequest(3, 2, at(1, 1)).messages()).isEmpty();
            assertThat(reply(bench.receive(new Message.VoteRequest(node(3), SELF, 2, at(1, 1), true))))
                    .isEqualTo(new Message.VoteResponse(SELF, node(3), 2, true));
        }
    }

    private static Answer transfer(CoreOnBench bench, int target) {
        return bench.step(new Input.TransferLeadership(node(target))).answer().orElseThrow();
    }

    private static Answer refused(TransferRefusal reason) {
        return new Answer.TransferRefused(reason);
    }
}
