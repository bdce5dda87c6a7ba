package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.askedFor;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.entry;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.maybeAskedFor;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.reply;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a follower does with AppendEntries. */
class RaftLogReplicationTest {

    @Nested
    @DisplayName("§3.5, the log matching check")
    class LogMatching {
        @Test
        void entriesThatFollowWhatIsThereAreAppended() {
            Output output = follower(3, 1).receiveAppend(2, 2, at(1, 1), 0, 2, 2);
            assertThat(output.append()).containsExactly(entry(2, 2), entry(3, 2));
            assertThat(output.truncateFrom()).isEmpty();
        }

        @Test
        void entriesAfterAGapAreRejectedWithTheEndOfTheLog() {
            Output output = follower(3, 1, 1).receiveAppend(2, 1, at(7, 1), 0, 1);
            assertThat(reply(output)).isEqualTo(new Message.AppendRejected(SELF, node(2), 1, 7, at(2, 1)));
            assertThat(output.append()).isEmpty();
        }

        @Test
        void entriesAfterAnotherTermAreRejectedWithTheEndOfTheLastTermThatMayAgree() {
            // The leader asks about term 2 at 6; nothing of terms 3 and 4 can agree with that.
            Output output = follower(3, 1, 1, 2, 3, 4, 4, 4).receiveAppend(2, 5, at(6, 2), 0, 5);
            assertThat(reply(output)).isEqualTo(new Message.AppendRejected(SELF, node(2), 5, 6, at(3, 2)));
        }

        @Test
        void theHintIsTheStartOfTheLogIfNothingMayAgree() {
            Output output = follower(3, 4, 4).receiveAppend(2, 5, at(2, 3), 0, 5);
            assertThat(reply(output)).isEqualTo(new Message.AppendRejected(SELF, node(2), 5, 2, LogPosition.ZERO));
        }

        @Test
        void aHeartbeatThatDoesNotMatchIsRejectedToo() {
            Output output = follower(3, 1).receiveAppend(2, 1, at(5, 1), 0);
            assertThat(reply(output)).isInstanceOf(Message.AppendRejected.class);
        }
    }

    /** Its flush policy did not wait for the disk (decision 013). */
    @Nested
    @DisplayName("a member that has lost what it had confirmed")
    class Loss {
        @Test
        void getsItAgainWhenItInsists() {
            CoreOnBench leader = settledLeader(3, 1, 1, 1);
            leader.step(new Input.Sent(node(2), leader.core.term(), 4, 4, 0));
            assertThat(maybeAskedFor(leader.receiveRejected(2, 4, at(1, 1)), 2)).isEmpty();
            assertThat(maybeAskedFor(leader.receiveRejected(2, 4, at(1, 1)), 2)).isEmpty();
            assertThat(leader.peer(2).matchIndex()).isEqualTo(4);

            assertThat(askedFor(leader.receiveRejected(2, 4, at(1, 1)), 2).firstIndex())
                    .isEqualTo(2);
            assertThat(leader.peer(2).matchIndex()).isZero();
            leader.allAccepted(2);
            assertThat(leader.peer(2).matchIndex()).isEqualTo(4);
        }

        @Test
        void doesNotCountForWhatIsNewUntilItHasIt() {
            CoreOnBench leader = settledLeader(3, 1);
            for (int i = 0; i < 3; i++) {
                leader.receiveRejected(2, 2, LogPosition.ZERO);
            }
            leader.propose(10);
            leader.allDurable();
            assertThat(leader.core.commitIndex()).isEqualTo(2);
            leader.allAccepted(2);
            assertThat(leader.core.commitIndex()).isEqualTo(3);
        }

        @Test
        void isNotMadeOutOfAnswersThatComeLateAndDoubled() {
            CoreOnBench leader = settledLeader(3, 1, 1, 1);
            for (int i = 0; i < 10; i++) {
                leader.receiveRejected(2, 2, at(1, 1));
                leader.receiveRejected(2, 2, at(1, 1));
                leader.allAccepted(2);
                assertThat(leader.peer(2).matchIndex()).isEqualTo(4);
            }
        }
    }

    @Nested
    @DisplayName("§3.5, conflicts")
    class Conflicts {
        @Test
        void fromTheFirstEntryThatDiffersOnTheLeadersWordReplacesOurs() {
            Output output = follower(3, 1, 2, 2, 2).receiveAppend(2, 3, at(1, 1), 0, 2, 3);
            assertThat(output.truncateFrom()).hasValue(3);
            assertThat(output.append()).containsExactly(entry(3, 3));
        }

        @Test
        void whatAgreesStaysEvenWhatTheMessageDoesNotReach() {
            CoreOnBench bench = follower(3, 1, 1, 1, 1);
            Output output = bench.receiveAppend(2, 2, at(1, 1), 0, 1);
            assertThat(output.truncateFrom()).isEmpty();
            assertThat(output.append()).isEmpty();
            assertThat(bench.core.status().lastPosition()).isEqualTo(at(4, 1));
        }

        @Test
        void aLateMessageOfTheSameLeaderCutsNothing() {
            CoreOnBench bench = follower(3);
            bench.receiveAppend(2, 1, LogPosition.ZERO, 0, 1, 1, 1);
            Output output = bench.receiveAppend(2, 1, LogPosition.ZERO, 0, 1);
            assertThat(output.truncateFrom()).isEmpty();
            assertThat(bench.core.status().lastPosition()).isEqualTo(at(3, 1));
        }

        @Test
        void aMessageReceivedTwiceIsAppendedOnceAndAnsweredTwice() {
            CoreOnBench bench = follower(3);
            bench.receiveAppend(2, 1, LogPosition.ZERO, 0, 1, 1);
            bench.allDurable();
            Output output = bench.receiveAppend(2, 1, LogPosition.ZERO, 0, 1, 1);
            assertThat(output.append()).isEmpty();
            assertThat(reply(output)).isEqualTo(new Message.AppendAccepted(SELF, node(2), 1, 2));
        }

        @Test
        void messagesThatOvertakeEachOtherEndInTheSameLog() {
            CoreOnBench bench = follower(3);
            assertThat(reply(bench.receiveAppend(2, 1, at(2, 1), 0, 1, 1))).isInstanceOf(Message.AppendRejected.class);
            bench.receiveAppend(2, 1, LogPosition.ZERO, 0, 1, 1);
            bench.receiveAppend(2, 1, at(2, 1), 0, 1, 1);
            assertThat(bench.core.status().lastPosition()).isEqualTo(at(4, 1));
        }

        @Test
        void aLeaderThatContradictsACommittedEntryStopsTheMember() {
            CoreOnBench bench = follower(3, 1, 1);
            bench.receiveAppend(2, 1, at(2, 1), 2);
            assertThatThrownBy(() -> bench.receiveAppend(3, 2, at(1, 1), 2, 2))
                    .hasMessageContaining("committed entry 2");
            assertThatThrownBy(() -> bench.receiveAppend(3, 3, at(2, 2), 2)).hasMessageContaining("committed entry 2");
        }
    }

    @Nested
    @DisplayName("durability: what is accepted is on disk")
    class Durability {
        @Test
        void entriesAreAcceptedWhenTheyAreOnDiskAndNotBefore() {
            CoreOnBench bench = follower(3, 1);
            assertThat(bench.receiveAppend(2, 1, at(1, 1), 0, 1, 1).messages()).isEmpty();
            assertThat(reply(bench.durable(0, at(2, 1)))).isEqualTo(new Message.AppendAccepted(SELF, node(2), 1, 2));
            assertThat(reply(bench.durable(0, at(3, 1)))).isEqualTo(new Message.AppendAccepted(SELF, node(2), 1, 3));
        }

        @Test
        void aHeartbeatIsAnsweredAtOnceWithWhatIsOnDisk() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0, 1, 1);
            assertThat(reply(bench.receiveAppend(2, 1, at(3, 1), 0)))
                    .isEqualTo(new Message.AppendAccepted(SELF, node(2), 1, 1));
        }

        @Test
        void whatIsOnDiskButNotKnownToAgreeWithTheLeaderIsNotAccepted() {
            assertThat(reply(follower(3, 1, 1, 1).receiveAppend(2, 2, at(1, 1), 0)))
                    .isEqualTo(new Message.AppendAccepted(SELF, node(2), 2, 1));
        }

        @Test
        void aLateReportOfEntriesThatWereCutOffIsIgnored() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0, 1, 1);
            long epochOfWrite = bench.core.logEpoch();
            bench.receiveAppend(3, 2, at(1, 1), 0, 2);
            assertThat(bench.durable(epochOfWrite, at(3, 1)).messages()).isEmpty();
            assertThat(bench.core.status().durableIndex()).isEqualTo(1);
        }

        @Test
        void evenIfTheSameEntryWasAppendedAgainSince() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0, 1);
            long epochOfFirstWrite = bench.core.logEpoch();
            bench.receiveAppend(3, 2, at(1, 1), 0, 2);
            bench.receiveAppend(2, 3, at(1, 1), 0, 1, 3);
            assertThat(bench.durable(epochOfFirstWrite, at(2, 1)).messages()).isEmpty();
            assertThat(reply(bench.allDurable())).isEqualTo(new Message.AppendAccepted(SELF, node(2), 3, 3));
        }

        @Test
        void aReportOfWhatWasNeverWrittenStopsTheMember() {
            assertThatThrownBy(() -> follower(3, 1).durable(0, at(7, 1))).hasMessageContaining("not in the log");
        }

        @Test
        void aReportThatComesWhileNobodyLeadsIsRememberedForTheNextLeader() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0, 1);
            bench.timeOut();
            assertThat(bench.allDurable().messages()).isEmpty();
            assertThat(reply(bench.receiveAppend(3, 2, at(2, 1), 0)))
                    .isEqualTo(new Message.AppendAccepted(SELF, node(3), 2, 2));
        }
    }

    @Nested
    @DisplayName("§3.5, how followers learn what is committed")
    class Commitment {
        @Test
        void aFollowerCommitsWhatTheLeaderDid() {
            assertThat(follower(3, 1, 1).receiveAppend(2, 1, at(2, 1), 1).committed())
                    .hasValue(1);
        }

        @Test
        void butOnlyWhatIsKnownToAgreeWithTheLeadersLog() {
            // Entries 3 and 4 are of a dead leader; 4 is committed in the leader's log, and another one.
            CoreOnBench bench = follower(3, 1, 1, 1, 1);
            assertThat(bench.receiveAppend(2, 2, at(2, 1), 4).committed()).hasValue(2);
        }

        @Test
        void andEachLeaderHasToProveItsLogAnew() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 1, at(1, 1), 0, 1, 1);
            assertThat(bench.receiveAppend(3, 2, at(1, 1), 3).committed()).hasValue(1);
        }

        @Test
        void theCommitIndexNeverGoesBack() {
            CoreOnBench bench = follower(3, 1, 1);
            bench.receiveAppend(2, 1, at(2, 1), 2);
            assertThat(bench.receiveAppend(2, 1, at(1, 1), 1).committed()).isEmpty();
            assertThat(bench.core.commitIndex()).isEqualTo(2);
        }
    }

    @Nested
    @DisplayName("§4.2.1, learners")
    class Learners {
        @Test
        void aLearnerFollowsAndNeverStandsForElection() {
            CoreOnBench bench = CoreOnBench.learner(3);
            assertThat(bench.core.deadlineMillis()).isEqualTo(Long.MAX_VALUE);
            bench.receiveAppend(2, 1, LogPosition.ZERO, 0, 1);
            assertThat(messages(bench.allDurable(), Message.AppendAccepted.class))
                    .hasSize(1);
            bench.elapse(60_000);
            bench.step(new Input.Campaign());
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }
    }
}
