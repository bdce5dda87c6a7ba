package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.reply;
import static io.millrace.partition.raft.CoreOnBench.restarted;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static io.millrace.partition.raft.CoreOnBench.voters;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Membership.Standing;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A member that has lost its disk: decision 008. */
class RaftRecoveryTest {
    private static final long NEW_DISK = 77;
    private static final Membership WITHOUT_ITS_VOTE = voters(1, 2, 3).with(SELF, Standing.RETURNING, NEW_DISK);

    @Nested
    @DisplayName("the member that has forgotten")
    class Forgetful {
        @Test
        void givesNoVoteAndNoConsent() {
            CoreOnBench bench = recovering();
            assertThat(reply(bench.receiveVoteRequest(2, 7, at(9, 6))))
                    .isEqualTo(new Message.VoteResponse(SELF, node(2), 7, false));
            assertThat(reply(bench.receivePreVoteRequest(2, 8, at(9, 6))))
                    .isEqualTo(new Message.PreVoteResponse(SELF, node(2), 7, false));
        }

        @Test
        void neverStandsForElection() {
            CoreOnBench bench = recovering();
            assertThat(bench.step(new Input.Campaign()).messages()).isEmpty();
            bench.receiveAppend(2, 5, LogPosition.ZERO, 0);
            assertThat(bench.receive(new Message.TimeoutNow(node(2), SELF, 5)).messages())
                    .isEmpty();
        }

        @Test
        void asksWhoLeadsForTheGroupMaySleepAndCountOnWhatItHad() {
            CoreOnBench bench = recovering();
            Output asked = bench.timeOut();
            assertThat(asked.messages())
                    .containsExactly(
                            new Message.PreVoteRequest(SELF, node(2), 1, LogPosition.ZERO),
                            new Message.PreVoteRequest(SELF, node(3), 1, LogPosition.ZERO));
            bench.receive(new Message.PreVoteResponse(node(2), SELF, 1, true));
            bench.receive(new Message.PreVoteResponse(node(3), SELF, 1, true));
            assertThat(bench.role()).as("whoever would have it").isEqualTo(Role.FOLLOWER);
            assertThat(bench.timeOut().messages()).as("it asks again").hasSize(2);
        }

        @Test
        void saysSoInEveryAnswerToALeader() {
            CoreOnBench bench = recovering();
            assertThat(reply(bench.receiveAppend(2, 5, at(9, 5), 9)))
                    .isEqualTo(new Message.AppendRejected(SELF, node(2), 5, 9, LogPosition.ZERO, NEW_DISK));
            assertThat(reply(bench.receiveAppend(2, 5, LogPosition.ZERO, 9)))
                    .isEqualTo(new Message.AppendAccepted(SELF, node(2), 5, 0, NEW_DISK, false));
        }

        @Test
        void takesEachLeaderForTheOneItVotedFor() {
            CoreOnBench bench = recovering();
            assertThat(bench.receiveAppend(2, 5, LogPosition.ZERO, 0)
                            .hardState()
                            .orElseThrow()
                            .vote())
                    .contains(node(2));
        }

        @Test
        void votesAgainOnceItKnowsThatTheEntryThatTookItsVoteIsCommitted() {
            CoreOnBench bench = recovering();
            bench.receiveConfiguration(2, 5, LogPosition.ZERO, 0, WITHOUT_ITS_VOTE);
            bench.allDurable();
            assertThat(bench.core.remembers()).as("it may yet be replaced").isFalse();
            Output known = bench.receiveAppend(2, 5, at(1, 5), 1);
            assertThat(known.hardState().orElseThrow().recovering()).isFalse();
            bench.sleep(600);
            assertThat(reply(bench.receiveVoteRequest(3, 6, at(1, 5))))
                    .isEqualTo(new Message.VoteResponse(SELF, node(3), 6, true));
        }

        @Test
        void orIsFollowedByAnotherChangeForTheLeaderMakesOneAtATime() {
            CoreOnBench bench = recovering();
            bench.receiveConfiguration(2, 5, LogPosition.ZERO, 0, WITHOUT_ITS_VOTE);
            bench.receiveConfiguration(2, 5, at(1, 5), 0, voters(1, 2, 3).with(SELF, Standing.VOTER, NEW_DISK));
            bench.allDurable();
            assertThat(bench.core.remembers()).isTrue();
        }

        @Test
        void notBeforeThatEntryIsOnItsDisk() { // found by the simulator: a crash would leave it with the founding
            // members
            CoreOnBench bench = recovering();
            bench.receiveConfiguration(2, 5, LogPosition.ZERO, 0, WITHOUT_ITS_VOTE);
            Output committed = bench.receiveAppend(2, 5, at(1, 5), 1);
            assertThat(committed.committed()).hasValue(1);
            assertThat(committed.hardState()).isEmpty();
            assertThat(bench.core.remembers()).isFalse();
            bench.allDurable();
            assertThat(bench.core.remembers()).isTrue();
        }

        @Test
        void butNotInTheTermOfThatLeader() {
            CoreOnBench bench = recovering();
            bench.receiveConfiguration(2, 5, LogPosition.ZERO, 0, WITHOUT_ITS_VOTE);
            bench.allDurable();
            bench.receiveAppend(2, 5, at(1, 5), 1);
            bench.sleep(600);
            assertThat(reply(bench.receiveVoteRequest(3, 5, at(9, 5))))
                    .isEqualTo(new Message.VoteResponse(SELF, node(3), 5, false));
        }

        @Test
        void andNotForAnEntryThatNamesAnEarlierDisk() {
            CoreOnBench bench = recovering();
            bench.receiveConfiguration(
                    2, 5, LogPosition.ZERO, 0, voters(1, 2, 3).with(SELF, Standing.RETURNING, NEW_DISK + 1));
            bench.allDurable();
            bench.receiveAppend(2, 5, at(1, 5), 1);
            assertThat(bench.core.remembers()).isFalse();
        }

        @Test
        void whatItRemembersAgainItRemembersAfterARestart() { // found by the simulator
            CoreOnBench bench = recovering();
            bench.receiveConfiguration(2, 5, LogPosition.ZERO, 0, WITHOUT_ITS_VOTE);
            bench.allDurable();
            HardState known = bench.receiveAppend(2, 5, at(1, 5), 1).hardState().orElseThrow();
            assertThat(restarted(3, known, 5).core.remembers()).isTrue();
            assertThat(restarted(3, known, 5).membership()).isEqualTo(WITHOUT_ITS_VOTE);
        }

        private CoreOnBench recovering() {
            return restarted(3, HardState.recovering(0, Optional.empty(), NEW_DISK));
        }
    }

    @Nested
    @DisplayName("its leader")
    class ItsLeader {
        @Test
        void takesItsVoteWhenItHearsOfTheNewDisk() {
            CoreOnBench bench = settledLeader(3, 1);
            Output output = bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            assertThat(output.append())
                    .containsExactly(CoreOnBench.configuration(
                            3, 2, voters(1, 2, 3).with(node(3), Standing.RETURNING, NEW_DISK)));
        }

        @Test
        void withinTheTermToo() {
            CoreOnBench bench = settledLeader(3, 1);
            assertThat(bench.peer(3).matchIndex()).isEqualTo(2);
            bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            assertThat(bench.peer(3).matchIndex()).isZero();
            assertThat(bench.peer(3).nextIndex()).isEqualTo(1);
        }

        @Test
        void doesNotCountWhatItAcknowledgesUntilThen() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.propose(1);
            bench.allDurable();
            assertThat(bench.receiveAccepted(3, 3, NEW_DISK).committed()).isEmpty();
            assertThat(bench.receiveAccepted(2, 3).committed()).hasValue(3);
        }

        @Test
        void norTakesItForASignThatAMajorityIsThere() {
            CoreOnBench bench = settledLeader(3, 1);
            for (int i = 0; i < 16; i++) {
                bench.elapse(100);
                bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            }
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void makesItAVoterAgainWhenItHasCaughtUp() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            bench.allDurable();
            bench.allAccepted(2);
            assertThat(bench.membership().isVoter(node(3))).isFalse();
            Output caughtUp = bench.receiveAccepted(3, 3, NEW_DISK);
            assertThat(bench.membership()).isEqualTo(voters(1, 2, 3).with(node(3), Standing.VOTER, NEW_DISK));
            assertThat(caughtUp.append()).hasSize(1);
            bench.allDurable();
            assertThat(bench.receiveAccepted(3, 4, NEW_DISK).committed()).hasValue(4);
        }

        @Test
        void leavesALearnerALearner() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.change(new MembershipChange.Demote(node(3)));
            bench.allDurable();
            bench.allAccepted(2);
            bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            assertThat(bench.membership()).isEqualTo(voters(1, 2).with(node(3), Standing.LEARNER, NEW_DISK));
        }

        @Test
        void doesNotListenToWhatTheOldDiskHadSaid() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            bench.receiveAccepted(3, 3, 0);
            assertThat(bench.peer(3).matchIndex()).isZero();
        }

        @Test
        void waitsWithItAsWithEveryChange() {
            CoreOnBench bench = settledLeader(5, 1);
            bench.change(new MembershipChange.Remove(node(5)));
            assertThat(bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK).append())
                    .isEmpty();
            bench.allDurable();
            bench.allAccepted(2);
            assertThat(bench.allAccepted(4).append()).hasSize(1);
            assertThat(bench.membership().members().get(node(3)))
                    .isEqualTo(new Membership.Member(Standing.RETURNING, NEW_DISK));
        }

        @Test
        void doesNotSleepWhileItIsOnItsWayBack() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.receiveRejected(3, 2, LogPosition.ZERO, NEW_DISK);
            bench.elapse(600);
            bench.allDurable();
            bench.allAccepted(2);
            bench.receiveAccepted(3, 3, NEW_DISK); // a long round: not yet promoted
            assertThat(messages(bench.elapse(100), Message.Quiesce.class)).isEmpty();
        }
    }
}
