package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.SETTINGS;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.leader;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** An idle group sleeps, and gets up whenever somebody may need it. */
class RaftQuiescenceTest {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long AN_HOUR = 3_600_000;

    @Nested
    @DisplayName("falling asleep")
    class FallingAsleep {
        @Test
        void aLeaderToWhomNothingHappensSaysSoOnceAndIsSilent() {
            CoreOnBench bench = leader(3, 1);
            Output last = idleUntilAsleep(bench, 2, 3);
            assertThat(last.messages())
                    .containsExactly(
                            new Message.Quiesce(SELF, node(2), 2, at(2, 2)),
                            new Message.Quiesce(SELF, node(3), 2, at(2, 2)));
            assertThat(last.deadlineMillis()).isEqualTo(NEVER);
            Output muchLater = bench.elapse(AN_HOUR);
            assertThat(muchLater.messages()).isEmpty();
            assertThat(muchLater.deadlineMillis()).isEqualTo(NEVER);
            assertThat(bench.role()).isEqualTo(Role.LEADER);
        }

        @Test
        void notBeforeItWasIdleForTheTimeThatIsSet() {
            CoreOnBench bench = leader(3, 1);
            long startedMillis = bench.nowMillis();
            idleUntilAsleep(bench, 2, 3);
            assertThat(bench.nowMillis() - startedMillis)
                    .isBetween(SETTINGS.quiesceAfterMillis(), SETTINGS.quiesceAfterMillis() + 200);
        }

        @Test
        void notWhileAProposalIsOnItsWay() {
            CoreOnBench bench = leader(3, 1);
            beat(bench, 20, 2, 3);
            bench.propose(1);
            bench.allDurable();
            beat(bench, 100, 2, 3); // they have nothing newer than before
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void notWhileEntriesAreStillBeingReadToBeSent() { // found by the simulator: they would wake their receiver
            CoreOnBench bench = leader(3, 1); // its first entry is being read
            bench.allDurable();
            for (int i = 0; i < 100; i++) {
                bench.receiveAccepted(2, 2); // who had it from a message that was sent before
                bench.receiveAccepted(3, 2);
                bench.elapse(100);
            }
            assertThat(bench.core.isAsleep()).isFalse();
            idleUntilAsleep(bench, 2, 3);
        }

        @Test
        void notWhileItsOwnDiskIsBehind() {
            CoreOnBench bench = leader(3, 1);
            bench.receiveAccepted(2, 2);
            bench.receiveAccepted(3, 2);
            assertThat(bench.core.commitIndex()).isEqualTo(2);
            beatWithoutDisk(bench, 100, 2, 3);
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void notWhileAMemberIsAway() {
            CoreOnBench bench = leader(3, 1);
            bench.receiveAccepted(3, 2);
            beat(bench, 100, 2);
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void norALearner() {
            CoreOnBench bench = leader(3, 1);
            bench.step(new Input.Learners(Set.of(node(7))));
            beat(bench, 100, 2, 3);
            assertThat(bench.core.isAsleep()).isFalse();
            idleUntilAsleep(bench, 2, 3, 7);
        }

        @Test
        void neverIfItIsSetSo() {
            CoreOnBench bench = leader(3, SETTINGS.withQuiesceAfterMillis(RaftSettings.NEVER), 1);
            beat(bench, 1_000, 2, 3);
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void aFollowerThatHasEverythingDropsItsTimer() {
            CoreOnBench bench = sleepingFollower();
            assertThat(bench.core.deadlineMillis()).isEqualTo(NEVER);
            assertThat(bench.elapse(AN_HOUR).messages()).isEmpty();
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void oneThatLacksEntriesStaysAwakeAndSaysSo() {
            CoreOnBench bench = follower(3, 1);
            Output output = bench.receive(new Message.Quiesce(node(2), SELF, 2, at(5, 2)));
            assertThat(messages(output, Message.AppendRejected.class)).hasSize(1);
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void soDoesOneThatHasLaterEntriesOfThisLeader() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 2, at(1, 1), 1, 2);
            bench.receive(new Message.Quiesce(node(2), SELF, 2, at(1, 1))); // overtaken
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void aFollowerMaySleepOnALongerLogOfADeposedLeader() {
            CoreOnBench bench = follower(3, 1, 1, 1);
            bench.receive(new Message.Quiesce(node(2), SELF, 2, at(1, 1)));
            assertThat(bench.core.isAsleep()).isTrue();
        }

        @Test
        void aDeposedLeaderCannotSendAnybodyToSleep() {
            CoreOnBench bench = follower(3, 1, 5);
            Output output = bench.receive(new Message.Quiesce(node(2), SELF, 1, at(1, 1)));
            assertThat(bench.core.isAsleep()).isFalse();
            assertThat(messages(output, Message.AppendRejected.class))
                    .extracting(Message::term)
                    .containsExactly(5L);
        }

        @Test
        void answersThatComeLateWakeNobody() {
            CoreOnBench bench = sleepingLeader();
            bench.receiveAccepted(2, 2);
            bench.receiveVote(3);
            assertThat(bench.core.isAsleep()).isTrue();
        }
    }

    @Nested
    @DisplayName("waking")
    class Waking {
        @Test
        void aProposalWakesTheLeaderAndWithItsEntriesTheOthers() {
            CoreOnBench bench = sleepingLeader();
            Output output = bench.propose(1);
            assertThat(output.replicate()).extracting(Output.Replicate::to).containsExactly(node(2), node(3));
            assertThat(bench.core.deadlineMillis()).isLessThan(NEVER);

            CoreOnBench other = sleepingFollower();
            other.receiveAppend(2, 2, at(1, 1), 1, 2);
            assertThat(other.core.deadlineMillis() - other.nowMillis()).isBetween(500L, 1_000L);
        }

        @Test
        void aLeaderThatGetsUpGivesTheOthersTimeToAnswerBeforeItDoubtsItsQuorum() {
            CoreOnBench bench = sleepingLeader();
            bench.propose(1);
            bench.elapse(900);
            assertThat(bench.role()).isEqualTo(Role.LEADER);
            bench.elapse(600);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        @Test
        void whoHasNotSpokenSinceIsNotShownAsHeardOf() {
            CoreOnBench bench = sleepingLeader();
            bench.propose(1);
            bench.elapse(100);
            bench.receiveAccepted(3, 2);
            bench.elapse(10);
            RaftStatus.Peer silent = bench.statusOf(2);
            assertThat(silent.silentMillis().orElseThrow()).isGreaterThan(AN_HOUR);
            assertThat(silent.awaitedMillis()).isEqualTo(110);
            RaftStatus.Peer heard = bench.statusOf(3);
            assertThat(heard.silentMillis()).hasValue(10);
            assertThat(heard.awaitedMillis()).isEqualTo(10);
        }

        @Test
        void aQuestionForVotesMakesASleepingLeaderSpeak() {
            // Of a follower that restarted, or that the last heartbeat did not reach.
            CoreOnBench bench = sleepingLeader();
            Output output = bench.receivePreVoteRequest(3, 3, at(2, 2));
            assertThat(messages(output, Message.PreVoteResponse.class)).noneMatch(Message.PreVoteResponse::granted);
            assertThat(messages(output, Message.AppendRequest.class))
                    .extracting(Message::to)
                    .containsExactly(node(2), node(3));
        }

        @Test
        void aSleepingFollowerDoesNotHelpToDeposeALeaderThatHasNothingToSay() {
            CoreOnBench bench = sleepingFollower();
            Output first = bench.receivePreVoteRequest(3, 3, at(1, 1));
            assertThat(messages(first, Message.PreVoteResponse.class)).noneMatch(Message.PreVoteResponse::granted);
            assertThat(bench.core.isAsleep()).isFalse();
        }

        @Test
        void butDoesIfTheLeaderIsSilentThenToo() {
            CoreOnBench bench = sleepingFollower();
            bench.receivePreVoteRequest(3, 3, at(1, 1));
            bench.sleep(500);
            Output second = bench.receivePreVoteRequest(3, 3, at(1, 1));
            assertThat(messages(second, Message.PreVoteResponse.class)).allMatch(Message.PreVoteResponse::granted);
        }

        @Test
        void aLeaderThatAsksForVotesHasRestartedAndLeadsNoMore() {
            CoreOnBench bench = sleepingFollower();
            Output output = bench.receivePreVoteRequest(2, 3, at(1, 1));
            assertThat(messages(output, Message.PreVoteResponse.class))
                    .hasSize(1)
                    .allMatch(Message.PreVoteResponse::granted);
            Output vote = bench.receiveVoteRequest(2, 3, at(1, 1));
            assertThat(messages(vote, Message.VoteResponse.class)).allMatch(Message.VoteResponse::granted);
        }

        @Test
        void aFollowerElectsSoonAfterItsLeadersNodeIsLost() {
            CoreOnBench bench = sleepingFollower();
            assertThat(bench.core.watched()).containsExactly(node(2));
            Output output = bench.step(new Input.PeerUnreachable(node(2)));
            assertThat(output.deadlineMillis() - bench.nowMillis())
                    .as("at a random time, because many groups wake at once")
                    .isBetween(0L, 500L);
            assertThat(messages(bench.timeOut(), Message.PreVoteRequest.class)).hasSize(2);
            Output asked = bench.receivePreVoteRequest(3, 3, at(1, 1));
            assertThat(messages(asked, Message.PreVoteResponse.class)).allMatch(Message.PreVoteResponse::granted);
        }

        @Test
        void theLossOfAnyOtherNodeIsNoneOfItsBusiness() {
            CoreOnBench bench = sleepingFollower();
            bench.step(new Input.PeerUnreachable(node(3)));
            assertThat(bench.core.isAsleep()).isTrue();
        }

        @Test
        void aLeaderSleepsOnWithoutAFollowerThatLacksNothing() {
            CoreOnBench bench = sleepingLeader();
            assertThat(bench.core.watched()).containsExactlyInAnyOrder(node(2), node(3));
            assertThat(bench.step(new Input.PeerUnreachable(node(3))).messages())
                    .isEmpty();
            assertThat(bench.core.isAsleep()).isTrue();
            assertThat(bench.core.watched()).containsExactly(node(2));
            assertThat(bench.core.awaited()).containsExactly(node(3));
            assertThat(bench.core.membersWithout(1)).isEqualTo(1);
            assertThat(bench.core.votersWith(1)).isEqualTo(2);

            assertThat(bench.step(new Input.PeerReachable(node(3))).messages()).isEmpty();
            assertThat(bench.core.isAsleep()).isTrue();
            assertThat(bench.core.watched()).containsExactlyInAnyOrder(node(2), node(3));
            assertThat(bench.core.membersWithout(1)).isZero();
            assertThat(bench.core.votersWith(1)).isEqualTo(3);
        }

        @Test
        void aLeaderWhoseMajorityIsLostLooksWhetherItHasAQuorum() {
            CoreOnBench bench = sleepingLeader();
            bench.step(new Input.PeerUnreachable(node(3)));
            Output output = bench.step(new Input.PeerUnreachable(node(2)));
            assertThat(messages(output, Message.AppendRequest.class)).hasSize(2);
            beat(bench, 30); // nobody answers
            assertThat(bench.role()).isNotEqualTo(Role.LEADER);
        }

        @Test
        void aGroupFallsAsleepWithoutAMemberThatCannotBeReachedAndItsLeaderGetsUpWhenItCan() {
            CoreOnBench bench = leader(3, 1);
            bench.receiveAccepted(3, 2);
            bench.step(new Input.PeerUnreachable(node(2)));
            idleUntilAsleep(bench, 3);
            assertThat(bench.core.awaited()).containsExactly(node(2));

            Output output = bench.step(new Input.PeerReachable(node(2)));
            assertThat(bench.core.isAsleep()).isFalse();
            assertThat(messages(output, Message.AppendRequest.class)).hasSize(2);
            beat(bench, 100, 3);
            assertThat(bench.core.isAsleep())
                    .as("it lacks something, and can be reached")
                    .isFalse();
        }

        @Test
        void butNotWithoutAMajority() {
            CoreOnBench bench = leader(3, 1);
            bench.step(new Input.PeerUnreachable(node(2)));
            bench.step(new Input.PeerUnreachable(node(3)));
            beat(bench, 3);
            assertThat(bench.core.isAsleep()).isFalse();
            beat(bench, 100, 2);
            assertThat(bench.core.isAsleep()).as("what is said counts").isFalse();
        }

        @Test
        void whoIsAwakeReliesOnItsOwnTimersAlone() {
            CoreOnBench bench = follower(3, 1);
            bench.receiveAppend(2, 2, at(1, 1), 1);
            long deadline = bench.core.deadlineMillis();
            bench.step(new Input.PeerUnreachable(node(2)));
            assertThat(bench.core.deadlineMillis()).isEqualTo(deadline);
            assertThat(bench.core.watched()).isEmpty();
        }

        @Test
        void aSleepingLeaderThatIsDeposedGetsATimer() {
            CoreOnBench bench = sleepingLeader();
            bench.receiveAppend(3, 9, at(2, 2), 2);
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
            assertThat(bench.core.deadlineMillis() - bench.nowMillis()).isBetween(500L, 1_000L);
        }

        @Test
        void aMemberThatIsToStopWakesTheOthers() {
            CoreOnBench bench = sleepingLeader();
            assertThat(messages(bench.step(new Input.WakeUp()), Message.AppendRequest.class))
                    .hasSize(2);
        }
    }

    private static CoreOnBench sleepingLeader() {
        CoreOnBench bench = leader(3, 1);
        for (int peer = 2; peer <= 3; peer++) {
            bench.sent(new Output.Replicate(node(peer), 2, at(1, 1), 2, 2, 1), 2, 0);
        }
        idleUntilAsleep(bench, 2, 3);
        bench.sleep(AN_HOUR);
        return bench;
    }

    /** Led by member 2 in term 2. */
    private static CoreOnBench sleepingFollower() {
        CoreOnBench bench = follower(3, 1);
        bench.receive(new Message.Quiesce(node(2), SELF, 2, at(1, 1)));
        assertThat(bench.core.isAsleep()).isTrue();
        bench.sleep(AN_HOUR);
        return bench;
    }

    private static Output idleUntilAsleep(CoreOnBench bench, int... peers) {
        for (int i = 0; i < 100; i++) {
            readsEnd(bench);
            bench.allDurable();
            bench.allAccepted(peers);
            Output output = bench.elapse(100);
            if (bench.core.isAsleep()) {
                return output;
            }
        }
        throw new AssertionError("still awake after 10 s");
    }

    /** So many heartbeats, which these members answer. */
    private static void beat(CoreOnBench bench, int times, int... peers) {
        bench.allDurable();
        beatWithoutDisk(bench, times, peers);
    }

    /** With nothing to send. */
    private static void readsEnd(CoreOnBench bench) {
        for (int peer : new int[] {2, 3, 7}) {
            bench.step(new Input.Sent(node(peer), bench.core.term(), 2, 1, 0));
        }
    }

    private static void beatWithoutDisk(CoreOnBench bench, int times, int... peers) {
        readsEnd(bench);
        for (int i = 0; i < times; i++) {
            for (int peer : peers) {
                bench.receiveAccepted(peer, 2);
            }
            bench.elapse(100);
        }
    }
}
