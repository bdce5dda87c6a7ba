package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.SETTINGS;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.leader;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.partition.raft.Output.ReadAnswer;
import io.millrace.partition.raft.ReadOutcome.Ready;
import io.millrace.partition.raft.ReadOutcome.Reason;
import io.millrace.partition.raft.ReadOutcome.Refused;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Reads that see everything which was acknowledged before they were asked. */
class RaftReadIndexTest {

    @Nested
    @DisplayName("§6.4, reads at the leader")
    class AtTheLeader {
        @Test
        void aReadWaitsForAMajorityThatStillTakesUsForTheLeader() {
            CoreOnBench bench = ready(5);
            Output asked = bench.step(new Input.ReadIndex(7));
            assertThat(asked.reads()).isEmpty();
            assertThat(messages(asked, Message.LeadershipProbe.class)).hasSize(4);
            assertThat(confirm(bench, 2, 1).reads()).isEmpty();
            assertThat(confirm(bench, 3, 1).reads()).containsExactly(new ReadAnswer(7, new Ready(2)));
        }

        @Test
        void aNewLeaderAnswersNothingBeforeAnEntryOfItsTermIsCommitted() {
            CoreOnBench bench = leader(3, 1);
            Output asked = bench.step(new Input.ReadIndex(7));
            assertThat(asked.messages()).isEmpty();
            bench.allDurable();
            Output committed = bench.receiveAccepted(2, 2);
            assertThat(messages(committed, Message.LeadershipProbe.class)).hasSize(2);
            assertThat(confirm(bench, 2, 1).reads()).containsExactly(new ReadAnswer(7, new Ready(2)));
        }

        @Test
        void readsThatAreAskedDuringARoundShareTheNext() {
            CoreOnBench bench = ready(3);
            bench.step(new Input.ReadIndex(1));
            assertThat(bench.step(new Input.ReadIndex(2)).messages()).isEmpty();
            assertThat(bench.step(new Input.ReadIndex(3)).messages()).isEmpty();
            Output first = confirm(bench, 2, 1);
            assertThat(first.reads()).extracting(ReadAnswer::readId).containsExactly(1L);
            assertThat(messages(first, Message.LeadershipProbe.class))
                    .extracting(Message.LeadershipProbe::round)
                    .containsOnly(2L);
            assertThat(confirm(bench, 3, 1).reads())
                    .as("an answer to the first round, for reads asked after it began")
                    .isEmpty();
            assertThat(confirm(bench, 3, 2).reads())
                    .extracting(ReadAnswer::readId)
                    .containsExactly(2L, 3L);
        }

        @Test
        void aReadSeesWhatWasCommittedWhenItsRoundBegan() {
            CoreOnBench bench = ready(3);
            bench.step(new Input.ReadIndex(1));
            bench.propose(1);
            bench.allDurable();
            bench.receiveAccepted(2, 3);
            assertThat(confirm(bench, 2, 1).reads()).containsExactly(new ReadAnswer(1, new Ready(2)));
            bench.step(new Input.ReadIndex(2));
            assertThat(confirm(bench, 2, 2).reads()).containsExactly(new ReadAnswer(2, new Ready(3)));
        }

        @Test
        void aProbeThatWasLostIsSentAgainToWhoHasNotAnswered() {
            CoreOnBench bench = ready(5);
            bench.step(new Input.ReadIndex(1));
            confirm(bench, 2, 1);
            assertThat(messages(bench.elapse(SETTINGS.heartbeatMillis()), Message.LeadershipProbe.class))
                    .extracting(Message::to)
                    .containsExactly(node(3), node(4), node(5));
        }

        @Test
        void whatLearnersSayCountsForNothing() {
            CoreOnBench bench = ready(3);
            bench.step(new Input.Learners(Set.of(node(7), node(8))));
            Output asked = bench.step(new Input.ReadIndex(1));
            assertThat(messages(asked, Message.LeadershipProbe.class))
                    .extracting(Message::to)
                    .containsExactly(node(2), node(3));
            confirm(bench, 7, 1);
            assertThat(confirm(bench, 8, 1).reads()).isEmpty();
        }

        @Test
        void whoIsAloneNeedsToAskNobody() {
            CoreOnBench bench = follower(1);
            bench.timeOut();
            bench.allDurable();
            assertThat(bench.step(new Input.ReadIndex(1)).reads()).containsExactly(new ReadAnswer(1, new Ready(1)));
        }

        @Test
        void whoIsDeposedRefusesAllThatWait() {
            CoreOnBench bench = ready(3);
            bench.step(new Input.ReadIndex(1));
            bench.step(new Input.ReadIndex(2));
            Output deposed = bench.receiveAppend(3, 9, at(2, 2), 2);
            assertThat(deposed.reads())
                    .containsExactly(
                            new ReadAnswer(1, new Refused(Reason.NOT_LEADER)),
                            new ReadAnswer(2, new Refused(Reason.NOT_LEADER)));
        }

        @Test
        void aProbeShowsADeposedLeaderALaterTerm() {
            CoreOnBench bench = ready(3);
            bench.step(new Input.ReadIndex(1));
            Output output = bench.receive(new Message.LeadershipConfirmed(node(2), SELF, 9, 1, 0));
            assertThat(output.reads()).containsExactly(new ReadAnswer(1, new Refused(Reason.NOT_LEADER)));
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void noMoreReadsWaitThanMay() {
            CoreOnBench bench = ready(3);
            for (int i = 0; i < ReadIndexQueue.READS_MAX; i++) {
                assertThat(bench.step(new Input.ReadIndex(i)).reads()).isEmpty();
            }
            assertThat(bench.step(new Input.ReadIndex(-1)).reads())
                    .containsExactly(new ReadAnswer(-1, new Refused(Reason.OVERLOADED)));
        }

        @Test
        void aReadWakesAGroupThatSleeps() {
            CoreOnBench bench = ready(3);
            for (int peer = 2; peer <= 3; peer++) {
                bench.sent(new Output.Replicate(node(peer), 2, at(1, 1), 2, 2, 1), 2, 0);
            }
            for (int i = 0; i < 100 && !bench.core.isAsleep(); i++) {
                bench.receiveAccepted(2, 2);
                bench.receiveAccepted(3, 2);
                bench.elapse(100);
            }
            assertThat(bench.core.isAsleep()).isTrue();
            assertThat(messages(bench.step(new Input.ReadIndex(1)), Message.LeadershipProbe.class))
                    .hasSize(2);
            assertThat(confirm(bench, 2, 1).reads()).containsExactly(new ReadAnswer(1, new Ready(2)));
        }
    }

    @Nested
    @DisplayName("§6.4, reads at followers")
    class AtFollowers {
        @Test
        void aFollowerConfirmsTheLeaderOfItsTermAndPutsItsElectionOff() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 2, at(1, 1), 1);
            bench.elapse(400);
            Output output = bench.receive(new Message.LeadershipProbe(node(2), SELF, 2, 5));
            assertThat(reply(output)).isEqualTo(new Message.LeadershipConfirmed(SELF, node(2), 2, 5, 0));
            assertThat(bench.core.deadlineMillis() - bench.nowMillis()).isBetween(500L, 1_000L);
        }

        @Test
        void itTellsADeposedLeaderOfTheLaterTermInstead() {
            CoreOnBench bench = follower(3, 1, 5);
            Output output = bench.receive(new Message.LeadershipProbe(node(2), SELF, 2, 5));
            assertThat(reply(output)).isEqualTo(new Message.LeadershipConfirmed(SELF, node(2), 5, 5, 0));
        }

        @Test
        void aReadIsPassedOnToTheLeaderAndItsAnswerPassedBack() {
            CoreOnBench bench = followerOfSecond();
            Message.ReadIndexRequest request = ask(bench, 7);
            assertThat(request.to()).isEqualTo(node(2));
            Output answered = answer(bench, request.readId(), new Ready(9));
            assertThat(answered.reads()).containsExactly(new ReadAnswer(7, new Ready(9)));
            assertThat(answer(bench, request.readId(), new Ready(9)).reads())
                    .as("the same once more")
                    .isEmpty();
        }

        @Test
        void theLeaderAnswersAFollowerAsItWouldItself() {
            CoreOnBench bench = ready(3);
            bench.receive(new Message.ReadIndexRequest(node(3), SELF, 2, 44));
            Output output = confirm(bench, 3, 1);
            assertThat(output.reads()).isEmpty();
            assertThat(messages(output, Message.ReadIndexResponse.class))
                    .containsExactly(new Message.ReadIndexResponse(SELF, node(3), 2, 44, new Ready(2)));
        }

        @Test
        void whoDoesNotLeadRefusesInsteadOfPassingOn() {
            Output output = followerOfSecond().receive(new Message.ReadIndexRequest(node(3), SELF, 2, 44));
            assertThat(reply(output))
                    .isEqualTo(new Message.ReadIndexResponse(SELF, node(3), 2, 44, new Refused(Reason.NOT_LEADER)));
        }

        @Test
        void withoutALeaderAReadIsRefusedAtOnce() {
            assertThat(follower(3, 1).step(new Input.ReadIndex(1)).reads())
                    .containsExactly(new ReadAnswer(1, new Refused(Reason.NO_LEADER)));
        }

        @Test
        void anAnswerThatDoesNotComeIsNotWaitedForLongerThanALeaderWouldBe() {
            CoreOnBench bench = followerOfSecond();
            ask(bench, 7);
            for (int i = 0; i < 9; i++) {
                bench.elapse(100);
                bench.receiveAppend(2, 2, at(1, 1), 1);
            }
            assertThat(bench.elapse(100).reads()).containsExactly(new ReadAnswer(7, new Refused(Reason.NO_ANSWER)));
        }

        /** Seed 114 of the simulator found that it waited for ever. */
        @Test
        void norIfTheGroupFallsAsleepMeanwhile() {
            CoreOnBench bench = followerOfSecond();
            ask(bench, 7);
            bench.receive(new Message.Quiesce(node(2), SELF, 2, at(1, 1)));
            assertThat(bench.core.isAsleep()).isTrue();
            assertThat(bench.timeOut().reads()).containsExactly(new ReadAnswer(7, new Refused(Reason.NO_ANSWER)));
            assertThat(bench.core.isAsleep()).isTrue();
            assertThat(bench.core.deadlineMillis()).isEqualTo(Long.MAX_VALUE);
        }

        @Test
        void whoHearsOfAnotherLeaderWaitsNoLongerForTheOld() {
            CoreOnBench bench = followerOfSecond();
            ask(bench, 7);
            assertThat(bench.receiveAppend(3, 3, at(1, 1), 1).reads())
                    .containsExactly(new ReadAnswer(7, new Refused(Reason.NOT_LEADER)));
        }

        @Test
        void noMoreReadsWaitThanMay() {
            CoreOnBench bench = followerOfSecond();
            for (int i = 0; i < ForwardedReads.READS_MAX; i++) {
                bench.step(new Input.ReadIndex(i));
            }
            assertThat(bench.step(new Input.ReadIndex(-1)).reads())
                    .containsExactly(new ReadAnswer(-1, new Refused(Reason.OVERLOADED)));
        }
    }

    @Nested
    @DisplayName("§6.4.1, the lease")
    class Lease {
        private static final RaftSettings LEASE = SETTINGS.withReadLeaseMillis(400);

        @Test
        void isOffByDefault() {
            CoreOnBench bench = ready(3);
            bench.step(new Input.ReadIndex(1));
            confirm(bench, 2, 1);
            assertThat(bench.step(new Input.ReadIndex(2)).reads()).isEmpty();
        }

        @Test
        void answersWithoutARoundForSomeTimeAfterOneBegan() {
            CoreOnBench bench = ready(3, LEASE);
            bench.step(new Input.ReadIndex(1));
            bench.sleep(300);
            confirm(bench, 2, 1);
            bench.sleep(99);
            assertThat(bench.step(new Input.ReadIndex(2)).reads()).containsExactly(new ReadAnswer(2, new Ready(2)));
            bench.sleep(1);
            assertThat(bench.step(new Input.ReadIndex(3)).reads())
                    .as("400 ms after the round began, 100 ms after it was answered")
                    .isEmpty();
        }

        @Test
        void isOverAfterAPause() {
            CoreOnBench bench = ready(3, LEASE);
            bench.step(new Input.ReadIndex(1));
            confirm(bench, 2, 1);
            bench.sleep(10_000);
            assertThat(bench.step(new Input.ReadIndex(2)).reads()).isEmpty();
        }

        @Test
        void endsWhenTheMembershipChanges() {
            CoreOnBench bench = ready(3, LEASE);
            bench.step(new Input.ReadIndex(1));
            confirm(bench, 2, 1);
            bench.step(new Input.Learners(Set.of(node(7))));
            assertThat(bench.step(new Input.ReadIndex(2)).reads()).isEmpty();
        }

        @Test
        void isOverForTheTermOnceALeaderHasAskedAnotherToTakeOver() {
            CoreOnBench bench = ready(3, LEASE);
            bench.step(new Input.ReadIndex(1));
            confirm(bench, 2, 1);
            Output handed = bench.step(new Input.TransferLeadership(node(2)));
            assertThat(messages(handed, Message.TimeoutNow.class)).hasSize(1);
            assertThat(bench.step(new Input.ReadIndex(2)).reads()).isEmpty();
            assertThat(confirm(bench, 2, 2).reads()).hasSize(1);
            assertThat(bench.step(new Input.ReadIndex(3)).reads()).isEmpty();
        }

        @Test
        void whoConfirmedALeaderVotesForNobodyMeanwhileWhateverItLearns() {
            CoreOnBench bench = follower(3, LEASE, 1);
            bench.sleep(1_000);
            bench.receive(new Message.LeadershipProbe(node(2), SELF, 2, 1));
            bench.receive(new Message.PreVoteResponse(node(3), SELF, 8, false)); // a later term, late
            bench.sleep(499);
            assertThat(messages(bench.receiveVoteRequest(3, 8, at(1, 1)), Message.VoteResponse.class))
                    .noneMatch(Message.VoteResponse::granted);
            bench.sleep(1);
            assertThat(messages(bench.receiveVoteRequest(3, 8, at(1, 1)), Message.VoteResponse.class))
                    .hasSize(1)
                    .allMatch(Message.VoteResponse::granted);
        }

        @Test
        void norForItself() {
            CoreOnBench bench = follower(3, LEASE, 1);
            bench.sleep(1_000);
            bench.receive(new Message.LeadershipProbe(node(2), SELF, 2, 1));
            bench.sleep(499);
            assertThat(bench.step(new Input.Campaign()).messages()).isEmpty();
            bench.sleep(1);
            assertThat(bench.step(new Input.Campaign()).messages()).isNotEmpty();
        }

        @Test
        void whoHasJustStartedMayHaveConfirmedALeaderBefore() {
            CoreOnBench bench = follower(3, LEASE, 1);
            bench.sleep(499);
            assertThat(bench.receiveVoteRequest(3, 2, at(1, 1)).messages()).isEmpty();
            bench.sleep(1);
            assertThat(messages(bench.receiveVoteRequest(3, 2, at(1, 1)), Message.VoteResponse.class))
                    .allMatch(Message.VoteResponse::granted);
        }

        @Test
        void isShorterThanTheShortestElectionTimeoutByATenth() {
            assertThatThrownBy(() -> SETTINGS.withReadLeaseMillis(451)).hasMessageContaining("lease");
        }
    }

    /** A leader whose no-op, entry 2, is committed. */
    private static CoreOnBench ready(int voters) {
        return ready(voters, SETTINGS);
    }

    private static CoreOnBench ready(int voters, RaftSettings settings) {
        CoreOnBench bench = follower(voters, settings, 1);
        bench.sleep(1_000);
        bench.winElection();
        bench.allDurable();
        for (int voter = 2; voter <= voters; voter++) {
            bench.receiveAccepted(voter, 2);
        }
        assertThat(bench.core.commitIndex()).isEqualTo(2);
        return bench;
    }

    private static CoreOnBench followerOfSecond() {
        CoreOnBench bench = follower(3, 1);
        bench.receiveAppend(2, 2, at(1, 1), 1);
        return bench;
    }

    private static Message.ReadIndexRequest ask(CoreOnBench bench, long readId) {
        return messages(bench.step(new Input.ReadIndex(readId)), Message.ReadIndexRequest.class)
                .get(0);
    }

    private static Output answer(CoreOnBench bench, long wireId, ReadOutcome outcome) {
        return bench.receive(new Message.ReadIndexResponse(node(2), SELF, 2, wireId, outcome));
    }

    private static Output confirm(CoreOnBench bench, int from, long round) {
        return bench.receive(new Message.LeadershipConfirmed(node(from), SELF, 2, round, 0));
    }
}
