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
import io.millrace.partition.raft.MembershipChange.AddLearner;
import io.millrace.partition.raft.MembershipChange.Demote;
import io.millrace.partition.raft.MembershipChange.Promote;
import io.millrace.partition.raft.MembershipChange.Remove;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Cluster membership changes, in the order of chapter 4. */
class RaftMembershipTest {

    @Nested
    @DisplayName("§4.1, one server at a time")
    class OneAtATime {
        @Test
        void aChangeIsAnEntryThatTakesEffectWhenItIsAppended() {
            CoreOnBench bench = settledLeader(3, 1);
            Output output = bench.step(new Input.ChangeMembership(new AddLearner(node(4))));
            Membership changed = voters(1, 2, 3).with(node(4), Standing.LEARNER, 0);
            assertThat(output.answer()).contains(new Answer.ChangeBegun(3));
            assertThat(output.append()).containsExactly(CoreOnBench.configuration(3, 2, changed));
            assertThat(bench.membership()).isEqualTo(changed);
            assertThat(messages(output, Message.AppendRequest.class))
                    .as("a heartbeat looks for where its log agrees")
                    .extracting(Message::to)
                    .contains(node(4));
        }

        @Test
        void itIsNotedDurablyBeforeTheEntryIsWritten() {
            CoreOnBench bench = settledLeader(3, 1);
            Output output = bench.step(new Input.ChangeMembership(new Remove(node(3))));
            assertThat(output.hardState().orElseThrow().configurations())
                    .containsExactly(
                            new Configuration(LogPosition.ZERO, voters(1, 2, 3)),
                            new Configuration(at(3, 2), voters(1, 2)));
        }

        @Test
        void theNewMajorityCommitsIt() {
            CoreOnBench bench = settledLeader(2, 1);
            bench.change(new AddLearner(node(3)));
            bench.allDurable();
            bench.allAccepted(2, 3);
            assertThat(bench.change(new Promote(node(3)))).isEqualTo(new Answer.ChangeBegun(4));
            bench.receiveAccepted(3, 3);
            assertThat(bench.allDurable().committed()).isEmpty();
            assertThat(bench.receiveAccepted(3, 4).committed()).hasValue(4);
        }

        @Test
        void theNextChangeWaitsUntilItIsCommitted() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.change(new AddLearner(node(4)));
            assertThat(bench.change(new AddLearner(node(5)))).isEqualTo(refused(ChangeRefusal.CHANGE_IN_PROGRESS));
            bench.allDurable();
            bench.allAccepted(2);
            assertThat(bench.change(new AddLearner(node(5)))).isInstanceOf(Answer.ChangeBegun.class);
        }

        @Test
        void andNoneIsBegunBeforeAnEntryOfTheTermIsCommitted() {
            CoreOnBench bench = leader(3, 1);
            assertThat(bench.change(new Remove(node(3)))).isEqualTo(refused(ChangeRefusal.NOTHING_COMMITTED_IN_TERM));
            bench.allDurable();
            bench.allAccepted(2);
            assertThat(bench.change(new Remove(node(3)))).isInstanceOf(Answer.ChangeBegun.class);
        }

        @Test
        void whatMakesNoSenseIsRefused() {
            assertThat(follower(3, 1).change(new Remove(node(3)))).isEqualTo(refused(ChangeRefusal.NOT_LEADER));
            CoreOnBench bench = settledLeader(3, 1);
            assertThat(bench.change(new AddLearner(node(3)))).isEqualTo(refused(ChangeRefusal.UNCHANGED));
            assertThat(bench.change(new Promote(node(3)))).isEqualTo(refused(ChangeRefusal.UNCHANGED));
            assertThat(bench.change(new Remove(node(9)))).isEqualTo(refused(ChangeRefusal.UNCHANGED));
            assertThat(bench.change(new Promote(node(9)))).isEqualTo(refused(ChangeRefusal.NOT_A_MEMBER));
            assertThat(bench.change(new Demote(node(9)))).isEqualTo(refused(ChangeRefusal.NOT_A_MEMBER));
            assertThat(settledLeader(1, 1).change(new Remove(SELF))).isEqualTo(refused(ChangeRefusal.LAST_VOTER));
            assertThat(settledLeader(1, 1).change(new Demote(SELF))).isEqualTo(refused(ChangeRefusal.LAST_VOTER));
        }

        @Test
        void aFollowerTakesItOverWhenItIsAppendedAndFallsBackWhenItIsCutOff() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(1, 2, 3, 4));
            assertThat(bench.membership()).isEqualTo(voters(1, 2, 3, 4));
            bench.receiveAppend(3, 2, at(1, 1), 1, 2);
            assertThat(bench.membership()).isEqualTo(voters(1, 2, 3));
        }

        @Test
        void afterARestartItIsInEffectIfItsEntryIsInTheLog() {
            CoreOnBench bench = follower(3, 1);
            HardState noted = bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(1, 2, 3, 4))
                    .hardState()
                    .orElseThrow();
            assertThat(restarted(3, noted, 1, 1).membership()).isEqualTo(voters(1, 2, 3, 4));
            assertThat(restarted(3, noted, 1).membership())
                    .as("the crash came before the entry was on disk")
                    .isEqualTo(voters(1, 2, 3));
            assertThat(restarted(3, new HardState(2, Optional.empty(), 0, false, noted.configurations()), 1, 2)
                            .membership())
                    .as("another entry had replaced it")
                    .isEqualTo(voters(1, 2, 3));
        }

        @Test
        void aCutThatDidNotReachTheDiskBeforeACrashBringsItBack() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(1, 2, 3, 4));
            bench.receiveAppend(3, 2, at(1, 1), 1, 2);
            HardState noted = bench.receiveConfiguration(2, 3, at(2, 2), 1, voters(1, 2))
                    .hardState()
                    .orElseThrow();
            assertThat(restarted(3, noted, 1, 1).membership()).isEqualTo(voters(1, 2, 3, 4));
            assertThat(restarted(3, noted, 1, 2, 3).membership()).isEqualTo(voters(1, 2));
        }

        @Test
        void oneThatIsCommittedButNotYetOnTheOwnDiskMayBeGoneAfterACrash() { // found by the simulator
            CoreOnBench bench = follower(3, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(1, 2, 3, 4));
            Output committed = bench.receiveAppend(2, 1, at(2, 1), 2);
            assertThat(bench.core.commitIndex()).isEqualTo(2);
            assertThat(committed.hardState()).isEmpty();
            assertThat(bench.allDurable().hardState().orElseThrow().configurations())
                    .hasSize(1);
        }

        @Test
        void aCommittedOneIsKnownWhateverIsTrimmedFromTheLog() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(1, 2));
            bench.allDurable();
            HardState settled =
                    bench.receiveAppend(2, 1, at(2, 1), 2).hardState().orElseThrow();
            assertThat(settled.configurations()).containsExactly(new Configuration(at(2, 1), voters(1, 2)));
            TermHistory trimmed = new TermHistory(at(5, 1), List.of(), 5);
            Configuration atStart = new Configuration(at(2, 1), voters(1, 2));
            RaftCore core =
                    new RaftCore(SELF, atStart, RaftSettings.DEFAULT, settled, trimmed, new java.util.Random(1), 0);
            assertThat(core.membership()).isEqualTo(voters(1, 2));
        }
    }

    @Nested
    @DisplayName("§4.2.1, catching up new servers")
    class CatchingUp {
        @Test
        void aLearnerIsPromotedOnceARoundToItTakesLessThanAnElectionTimeout() {
            CoreOnBench bench = withLearner4();
            assertThat(bench.change(new Promote(node(4)))).isEqualTo(refused(ChangeRefusal.NOT_CAUGHT_UP));
            bench.elapse(600);
            bench.allAccepted(2, 3, 4);
            assertThat(bench.change(new Promote(node(4))))
                    .as("the first round was long")
                    .isEqualTo(refused(ChangeRefusal.NOT_CAUGHT_UP));
            bench.elapse(100);
            bench.allAccepted(2, 3, 4);
            assertThat(bench.change(new Promote(node(4)))).isInstanceOf(Answer.ChangeBegun.class);
            assertThat(bench.membership()).isEqualTo(voters(1, 2, 3, 4));
        }

        @Test
        void notIfItHasBeenSilentSince() {
            CoreOnBench bench = withLearner4();
            bench.allAccepted(4);
            bench.elapse(600);
            bench.allAccepted(2, 3);
            assertThat(bench.change(new Promote(node(4)))).isEqualTo(refused(ChangeRefusal.NOT_CAUGHT_UP));
        }

        private CoreOnBench withLearner4() {
            CoreOnBench bench = settledLeader(3, 1, 1, 1);
            bench.change(new AddLearner(node(4)));
            bench.allDurable();
            bench.allAccepted(2, 3);
            return bench;
        }
    }

    @Nested
    @DisplayName("§4.2.2, removing the current leader")
    class RemovingTheLeader {
        @Test
        void itGoesOnWithoutCountingItselfAndStepsDownWhenThatIsCommitted() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.change(new Remove(SELF));
            bench.allDurable();
            assertThat(bench.allAccepted(2).committed()).as("one of two").isEmpty();
            assertThat(bench.role()).isEqualTo(Role.LEADER);
            Output last = bench.allAccepted(3);
            assertThat(last.committed()).hasValue(3);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void aDemotedLeaderStepsDownToo() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.change(new Demote(SELF));
            bench.allAccepted(2, 3);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.membership().learners()).containsExactly(SELF);
        }

        @Test
        void afterwardsItStandsForElectionNoMore() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.change(new Remove(SELF));
            bench.allAccepted(2, 3);
            assertThat(bench.core.deadlineMillis()).isEqualTo(Long.MAX_VALUE);
            assertThat(bench.step(new Input.Campaign()).messages()).isEmpty();
        }

        @Test
        void beforeThatItMayBeNeededAndStandsWithoutItsOwnVote() {
            CoreOnBench bench = follower(2, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(2));
            bench.timeOut();
            assertThat(bench.role()).isEqualTo(Role.PRE_CANDIDATE);
            bench.receivePreVote(2);
            assertThat(bench.role()).isEqualTo(Role.CANDIDATE);
            bench.receiveVote(2);
            assertThat(bench.role()).isEqualTo(Role.LEADER);
        }
    }

    @Nested
    @DisplayName("§4.2.3, disruptive servers")
    class Disruptive {
        @Test
        void whoIsRemovedIsToldOnceWhenThatIsCommitted() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.change(new Remove(node(3)));
            bench.allDurable();
            Output committed = bench.allAccepted(2);
            assertThat(messages(committed, Message.AppendRequest.class))
                    .filteredOn(m -> m.to().equals(node(3)))
                    .extracting(Message.AppendRequest::commitIndex)
                    .containsExactly(3L);
            assertThat(bench.elapse(1_000).messages()).extracting(Message::to).containsOnly(node(2));
        }

        @Test
        void whoKnowsThatItIsRemovedStandsForElectionNoMore() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveConfiguration(2, 1, at(1, 1), 1, voters(2, 3));
            assertThat(bench.core.deadlineMillis()).isLessThan(Long.MAX_VALUE);
            bench.receiveAppend(2, 1, at(2, 1), 2);
            assertThat(bench.core.deadlineMillis()).isEqualTo(Long.MAX_VALUE);
        }

        @Test
        void aLearnerNeverStands() {
            CoreOnBench bench = CoreOnBench.learner(3);
            assertThat(bench.core.deadlineMillis()).isEqualTo(Long.MAX_VALUE);
            assertThat(bench.step(new Input.Campaign()).messages()).isEmpty();
        }
    }

    private static Answer refused(ChangeRefusal reason) {
        return new Answer.ChangeRefused(reason);
    }
}
