package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.leader;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.reply;
import static io.millrace.partition.raft.CoreOnBench.restarted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Terms, elections and votes, in the order of the dissertation. */
class RaftElectionTest {

    @Nested
    @DisplayName("§3.3, terms")
    class Terms {
        @Test
        void aMessageOfALaterTermMakesAFollowerOfThatTermAndIsDurableFirst() {
            CoreOnBench bench = leader(3, 1);
            Output output = bench.receive(new Message.AppendRejected(node(2), SELF, 9, 1, LogPosition.ZERO));
            assertThat(output.hardState()).contains(new HardState(9, Optional.empty()));
            assertThat(output.roleChange()).contains(new Output.RoleChange(Role.FOLLOWER, 9, Optional.empty(), 2));
        }

        @Test
        void aRequestOfAnEarlierTermIsAnsweredWithTheLaterOne() {
            CoreOnBench bench = follower(3, 1, 5);
            Output output = bench.receiveAppend(2, 4, at(1, 1), 1, 4);
            assertThat(reply(output)).isInstanceOf(Message.AppendRejected.class);
            assertThat(reply(output).term()).isEqualTo(5);
            assertThat(output.append()).isEmpty();
        }

        @Test
        void anAnswerOfAnEarlierTermIsIgnored() {
            CoreOnBench bench = leader(3, 1);
            bench.allDurable();
            Output output = bench.receive(new Message.AppendAccepted(node(2), SELF, 1, 2));
            assertThat(output.committed()).isEmpty();
        }

        @Test
        void aLogOfALaterTermThanTheJournalKnowsIsRefused() {
            assertThatThrownBy(() -> restarted(3, new HardState(1, Optional.empty()), 1, 2))
                    .hasMessageContaining("the journal was lost");
        }

        @Test
        void twoLeadersOfOneTermStopTheMember() {
            CoreOnBench bench = leader(3, 1);
            assertThatThrownBy(() -> bench.receiveAppend(2, 2, at(1, 1), 0)).hasMessageContaining("two leaders");
        }
    }

    @Nested
    @DisplayName("§3.4, leader election")
    class Elections {
        @Test
        void aMemberStartsAsAFollowerAndWaitsARandomTimeBetweenTheElectionTimeouts() {
            CoreOnBench bench = follower(3);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.core.deadlineMillis() - bench.nowMillis()).isBetween(500L, 1_000L);
        }

        @Test
        void afterACampaignInVainTheNextWaitIsLongerUntilThereIsALeader() {
            CoreOnBench bench = follower(3);
            for (long factor : new long[] {1, 2, 4, 4}) {
                bench.timeOut();
                assertThat(bench.core.deadlineMillis() - bench.nowMillis()).isBetween(500 * factor, 1_000 * factor);
            }
            bench.receiveAppend(2, 1, LogPosition.ZERO, 0);
            assertThat(bench.core.deadlineMillis() - bench.nowMillis()).isBetween(500L, 1_000L);
            bench.timeOut();
            assertThat(bench.core.deadlineMillis() - bench.nowMillis()).isBetween(500L, 1_000L);
        }

        @Test
        void aHeartbeatPutsTheElectionOff() {
            CoreOnBench bench = follower(3);
            for (int i = 0; i < 30; i++) {
                bench.receiveAppend(2, 1, LogPosition.ZERO, 0);
                bench.elapse(100);
            }
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.core.status().leader()).contains(node(2));
        }

        @Test
        void aCandidateVotesForItselfInANewTermAndAsksTheOthersOnceThatIsDurable() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            Output output = bench.receivePreVote(2);
            assertThat(output.hardState()).contains(new HardState(2, Optional.of(SELF)));
            assertThat(messages(output, Message.VoteRequest.class))
                    .containsExactly(
                            new Message.VoteRequest(SELF, node(2), 2, at(1, 1)),
                            new Message.VoteRequest(SELF, node(3), 2, at(1, 1)));
        }

        @Test
        void aMajorityOfVotesMakesALeader() {
            CoreOnBench bench = follower(5);
            bench.timeOut();
            bench.receivePreVote(2);
            bench.receivePreVote(3);
            bench.receiveVote(2);
            assertThat(bench.role()).isEqualTo(Role.CANDIDATE);
            bench.receiveVote(3);
            assertThat(bench.role()).isEqualTo(Role.LEADER);
        }

        @Test
        void oneVoteReceivedTwiceIsOneVote() {
            CoreOnBench bench = follower(5);
            bench.timeOut();
            bench.receivePreVote(2);
            bench.receivePreVote(2);
            assertThat(bench.role()).isEqualTo(Role.PRE_CANDIDATE);
            bench.receivePreVote(3);
            bench.receiveVote(2);
            bench.receiveVote(2);
            assertThat(bench.role()).isEqualTo(Role.CANDIDATE);
        }

        @Test
        void votesOfAnEarlierElectionDoNotCount() {
            CoreOnBench bench = follower(5);
            bench.timeOut();
            bench.receivePreVote(2);
            bench.receivePreVote(3);
            Message lateVote = new Message.VoteResponse(node(2), SELF, bench.core.term(), true);
            bench.receiveVote(4);
            bench.timeOut();
            bench.receivePreVote(2);
            bench.receivePreVote(3);
            bench.receive(lateVote);
            bench.receiveVote(3);
            assertThat(bench.role()).isEqualTo(Role.CANDIDATE);
        }

        @Test
        void whoIsNoVoterGivesNoVoteThatCounts() {
            CoreOnBench bench = follower(3);
            bench.timeOut();
            bench.receivePreVote(9);
            assertThat(bench.role()).isEqualTo(Role.PRE_CANDIDATE);
        }

        @Test
        void nobodyVotesTwiceInOneTerm() {
            CoreOnBench bench = follower(3, 1);
            assertThat(granted(bench.receiveVoteRequest(2, 2, at(1, 1)))).isTrue();
            assertThat(granted(bench.receiveVoteRequest(3, 2, at(5, 1)))).isFalse();
        }

        @Test
        void norAfterARestart() {
            CoreOnBench bench = restarted(3, new HardState(2, Optional.of(node(2))), 1);
            assertThat(granted(bench.receiveVoteRequest(3, 2, at(5, 1)))).isFalse();
            assertThat(granted(bench.receiveVoteRequest(2, 2, at(5, 1)))).isTrue();
        }

        @Test
        void aVoteIsDurableBeforeItIsGivenAndGivenAgainWhenAskedAgain() {
            CoreOnBench bench = follower(3, 1);
            assertThat(bench.receiveVoteRequest(2, 2, at(1, 1)).hardState())
                    .contains(new HardState(2, Optional.of(node(2))));
            Output again = bench.receiveVoteRequest(2, 2, at(1, 1));
            assertThat(granted(again)).isTrue();
            assertThat(again.hardState()).isEmpty();
        }

        @Test
        void aCandidateThatHearsOfALeaderOfItsTermFollowsIt() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            bench.receivePreVote(2);
            bench.receiveAppend(3, 2, at(1, 1), 0, 2);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.core.status().leader()).contains(node(3));
        }

        @Test
        void aCandidateThatHearsNothingTriesAgainInALaterTerm() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            bench.receivePreVote(2);
            bench.timeOut();
            assertThat(bench.role()).isEqualTo(Role.PRE_CANDIDATE);
            bench.receivePreVote(2);
            assertThat(bench.core.term()).isEqualTo(3);
        }
    }

    @Nested
    @DisplayName("§3.6.1, election restriction")
    class UpToDate {
        @Test
        void aVoteGoesToALogThatEndsInALaterTermOrIsAtLeastAsLong() {
            assertThat(granted(follower(3, 1, 2).receiveVoteRequest(2, 3, at(2, 2))))
                    .isTrue();
            assertThat(granted(follower(3, 1, 2).receiveVoteRequest(2, 4, at(3, 2))))
                    .isTrue();
            assertThat(granted(follower(3, 1, 1, 1).receiveVoteRequest(2, 4, at(1, 2))))
                    .isTrue();
        }

        @Test
        void aShorterLogOrOneThatEndsInAnEarlierTermGetsNone() {
            assertThat(granted(follower(3, 1, 2).receiveVoteRequest(2, 3, at(1, 2))))
                    .isFalse();
            assertThat(granted(follower(3, 1, 2).receiveVoteRequest(2, 3, at(9, 1))))
                    .isFalse();
        }

        @Test
        void aRefusedCandidateDoesNotPutOffTheVotersOwnElection() {
            CoreOnBench bench = follower(3, 1, 2);
            long deadlineMillis = bench.core.deadlineMillis();
            bench.sleep(200);
            bench.receiveVoteRequest(2, 3, at(1, 1));
            assertThat(bench.core.deadlineMillis()).isEqualTo(deadlineMillis);
            bench.receiveVoteRequest(3, 3, at(2, 2));
            assertThat(bench.core.deadlineMillis()).isGreaterThanOrEqualTo(bench.nowMillis() + 500);
        }
    }

    @Nested
    @DisplayName("§4.2.3 and §6.2, members that disturb, and leaders cut off")
    class LiveLeaders {
        @Test
        void whoHearsALeaderIgnoresCandidates() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0);
            bench.sleep(400);
            Output output = bench.receiveVoteRequest(3, 7, at(9, 1));
            assertThat(output.messages()).isEmpty();
            assertThat(bench.core.term()).isEqualTo(1);
        }

        @Test
        void andVotesOnceTheLeaderHasBeenSilentForAnElectionTimeout() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0);
            bench.sleep(500);
            assertThat(granted(bench.receiveVoteRequest(3, 7, at(9, 1)))).isTrue();
        }

        @Test
        void aLeaderThatHearsFromNoMajorityForAnElectionTimeoutStepsDown() {
            CoreOnBench bench = leader(5, 1);
            bench.elapse(900);
            bench.receiveAccepted(2, 1);
            bench.elapse(150);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.core.status().leader()).isEmpty();
            assertThat(bench.core.term()).isEqualTo(2);
        }

        @Test
        void aLeaderThatHearsFromAMajorityStays() {
            CoreOnBench bench = leader(5, 1);
            for (int i = 0; i < 50; i++) {
                bench.elapse(100);
                bench.receiveAccepted(2, 1);
                bench.receiveRejected(3, 1, LogPosition.ZERO);
            }
            assertThat(bench.role()).isEqualTo(Role.LEADER);
        }
    }

    @Nested
    @DisplayName("§6.4, a new leader")
    class NewLeader {
        @Test
        void appendsANoOpAndHasItSentToAll() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            bench.receivePreVote(2);
            Output output = bench.receiveVote(3);
            assertThat(output.append()).containsExactly(new Entry(2, 2, EntryType.NOOP, Payload.EMPTY));
            assertThat(output.replicate()).extracting(Output.Replicate::to).containsExactly(node(2), node(3));
            assertThat(output.replicate()).allMatch(asked -> asked.previous().equals(at(1, 1)));
            assertThat(output.roleChange()).contains(new Output.RoleChange(Role.LEADER, 2, Optional.of(SELF), 2));
        }

        @Test
        void sendsHeartbeatsAtOnceAndThenEveryHeartbeatInterval() {
            CoreOnBench bench = leader(3, 1);
            assertThat(bench.core.deadlineMillis()).isEqualTo(bench.nowMillis());
            assertThat(messages(bench.timeOut(), Message.AppendRequest.class)).hasSize(2);
            assertThat(bench.core.deadlineMillis()).isEqualTo(bench.nowMillis() + 100);
            assertThat(messages(bench.timeOut(), Message.AppendRequest.class)).hasSize(2);
        }
    }

    @Nested
    @DisplayName("§9.6, pre-vote")
    class PreVote {
        @Test
        void aFollowerThatTimesOutAsksFirstAndChangesNoTerm() {
            CoreOnBench bench = follower(3, 1);
            Output output = bench.timeOut();
            assertThat(output.hardState()).isEmpty();
            assertThat(messages(output, Message.PreVoteRequest.class))
                    .containsExactly(
                            new Message.PreVoteRequest(SELF, node(2), 2, at(1, 1)),
                            new Message.PreVoteRequest(SELF, node(3), 2, at(1, 1)));
        }

        @Test
        void whoWouldVoteSaysSoAndRemembersNothing() {
            CoreOnBench bench = follower(3, 1);
            Output output = bench.receivePreVoteRequest(2, 2, at(1, 1));
            assertThat(reply(output)).isEqualTo(new Message.PreVoteResponse(SELF, node(2), 2, true));
            assertThat(output.hardState()).isEmpty();
            assertThat(reply(bench.receivePreVoteRequest(3, 2, at(1, 1))))
                    .isEqualTo(new Message.PreVoteResponse(SELF, node(3), 2, true));
        }

        @Test
        void whoHearsALeaderWouldNot() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0);
            assertThat(reply(bench.receivePreVoteRequest(3, 2, at(1, 1))))
                    .isEqualTo(new Message.PreVoteResponse(SELF, node(3), 1, false));
            assertThat(reply(leader(3, 1).receivePreVoteRequest(3, 9, at(9, 1))))
                    .isEqualTo(new Message.PreVoteResponse(SELF, node(3), 2, false));
        }

        @Test
        void norWhoHasALaterLogOrTerm() {
            assertThat(reply(follower(3, 1, 1).receivePreVoteRequest(2, 2, at(1, 1))))
                    .isEqualTo(new Message.PreVoteResponse(SELF, node(2), 1, false));
            assertThat(reply(follower(3, 1, 5).receivePreVoteRequest(2, 5, at(9, 5))))
                    .isEqualTo(new Message.PreVoteResponse(SELF, node(2), 5, false));
        }

        @Test
        void aRefusalTellsOfALaterTerm() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            Output output = bench.receive(new Message.PreVoteResponse(node(2), SELF, 6, false));
            assertThat(output.hardState()).contains(new HardState(6, Optional.empty()));
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void aPreCandidateThatVotesForAnotherGivesItsOwnUp() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            assertThat(granted(bench.receiveVoteRequest(2, 1, at(1, 1)))).isTrue();
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void consentToAnEarlierQuestionDoesNotCount() {
            CoreOnBench bench = follower(3, 1);
            bench.timeOut();
            Message late = new Message.PreVoteResponse(node(2), SELF, 2, true);
            bench.receivePreVote(2);
            bench.timeOut();
            bench.receive(late);
            assertThat(bench.role()).isEqualTo(Role.PRE_CANDIDATE);
        }
    }

    @Nested
    @DisplayName("a group of one")
    class SingleMember {
        @Test
        void electsItselfAtOnceAndCommitsWhatItsOwnDiskHas() {
            CoreOnBench bench = follower(1, 1);
            assertThat(bench.core.deadlineMillis()).isEqualTo(bench.nowMillis());
            Output elected = bench.elapse(0);
            assertThat(bench.role()).isEqualTo(Role.LEADER);
            assertThat(elected.hardState()).contains(new HardState(2, Optional.of(SELF)));
            assertThat(elected.committed()).isEmpty();
            assertThat(bench.allDurable().committed()).hasValue(2);
        }

        @Test
        void neverLosesItsQuorum() {
            CoreOnBench bench = leader(1);
            for (int i = 0; i < 20; i++) {
                bench.timeOut();
            }
            assertThat(bench.role()).isEqualTo(Role.LEADER);
        }
    }

    private static boolean granted(Output output) {
        return ((Message.VoteResponse) reply(output)).granted();
    }
}
