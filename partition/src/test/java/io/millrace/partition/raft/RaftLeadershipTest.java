package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SETTINGS;
import static io.millrace.partition.raft.CoreOnBench.askedFor;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.entry;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.leader;
import static io.millrace.partition.raft.CoreOnBench.maybeAskedFor;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a leader appends, sends, and counts. */
class RaftLeadershipTest {
    private static final RaftSettings SMALL_WINDOW = new RaftSettings(100, 500, 1_000, 10, 1_000, 2_000, 3);

    @Test
    void aNewLeaderHasHeardOfNobodyUntilSomebodyAnswersIt() {
        CoreOnBench bench = leader(3, 1);
        bench.elapse(50);
        bench.receiveAccepted(3, 1);
        assertThat(bench.statusOf(2).silentMillis()).isEmpty();
        assertThat(bench.statusOf(2).awaitedMillis()).isEqualTo(50);
        assertThat(bench.statusOf(3).silentMillis()).hasValue(0);
    }

    @Nested
    @DisplayName("§3.5, proposals")
    class Proposals {
        @Test
        void eachPayloadBecomesAnEntryAndGoesToDiskAndToTheOthersAtOnce() {
            CoreOnBench bench = leader(3, 1);
            bench.receiveAccepted(2, 1);
            Output output = bench.propose(10, 20);
            assertThat(output.append()).extracting(Entry::position).containsExactly(at(3, 2), at(4, 2));
            assertThat(output.append()).extracting(e -> e.payload().sizeBytes()).containsExactly(10, 20);
        }

        @Test
        void whoDoesNotLeadInThatTermMustNotBeAsked() {
            assertThatThrownBy(() -> follower(3, 1).propose(1))
                    .hasMessageContaining("proposed in term 1 to a FOLLOWER");
            assertThatThrownBy(() -> leader(3, 1).step(new Input.Propose(1, List.of())))
                    .hasMessageContaining("term 1");
        }

        @Test
        void entriesThatWereReadForAnEarlierTermMustNotBeSent() {
            CoreOnBench bench = leader(3, 1);
            Output.Replicate asked = new Output.Replicate(node(2), 2, at(1, 1), 2, 2, 1_000);
            bench.receiveAppend(3, 3, at(1, 1), 0, 3);
            assertThatThrownBy(() -> bench.core.appendRequest(asked, List.of(entry(2, 3))))
                    .hasMessageContaining("sent by a FOLLOWER");
        }
    }

    @Nested
    @DisplayName("§3.6, commitment")
    class Commitment {
        @Test
        void anEntryIsCommittedWhenAMajorityHasItOnDisk() {
            CoreOnBench bench = leader(5, 1);
            bench.allDurable();
            assertThat(bench.receiveAccepted(2, 2).committed()).isEmpty();
            assertThat(bench.receiveAccepted(3, 2).committed()).hasValue(2);
        }

        @Test
        void theLeadersOwnDiskCountsLikeAnyOther() {
            CoreOnBench bench = leader(3, 1);
            assertThat(bench.receiveAccepted(2, 2).committed()).isEmpty();
            assertThat(bench.allDurable().committed()).hasValue(2);

            CoreOnBench withSlowDisk = leader(3, 1);
            withSlowDisk.receiveAccepted(2, 2);
            assertThat(withSlowDisk.receiveAccepted(3, 2).committed()).hasValue(2);
        }

        @Test
        void anEntryOfAnEarlierTermIsNotCommittedByCountingFigure3Point7() {
            // (c) of the figure: entry 2 of term 2 is on a majority, and the leader of term 5 may still replace it.
            CoreOnBench bench = leader(5, 1, 2);
            bench.receiveAccepted(2, 2);
            assertThat(bench.receiveAccepted(3, 2).committed()).isEmpty();
            // (e): with an entry of the leader's own term on a majority, nobody can.
            bench.allDurable();
            bench.receiveAccepted(2, 3);
            assertThat(bench.receiveAccepted(3, 3).committed()).hasValue(3);
        }

        @Test
        void answersThatOvertakeEachOtherDoNotTakeBackWhatWasCounted() {
            CoreOnBench bench = leader(3, 1);
            bench.propose(1, 1);
            bench.allDurable();
            assertThat(bench.receiveAccepted(2, 4).committed()).hasValue(4);
            assertThat(bench.receiveAccepted(2, 2).committed()).isEmpty();
            assertThat(bench.peer(2).matchIndex()).isEqualTo(4);
        }

        @Test
        void learnersReceiveTheLogAndCountForNothing() {
            CoreOnBench bench = withLearners7And8();
            bench.propose(1);
            assertThat(messages(bench.elapse(100), Message.AppendRequest.class))
                    .extracting(Message::to)
                    .contains(node(7), node(8));
            bench.allDurable();
            assertThat(bench.allAccepted(7, 8).committed()).isEmpty();
            assertThat(bench.allAccepted(2).committed()).hasValue(5);
        }

        @Test
        void learnersWhoWentReceiveNothingMore() {
            CoreOnBench bench = withLearners7And8();
            bench.step(new Input.Learners(Set.of(node(8))));
            bench.allDurable();
            bench.allAccepted(2);
            assertThat(bench.elapse(200).messages()).extracting(Message::to).containsOnly(node(2), node(3), node(8));
            assertThat(bench.receiveAccepted(7, 5).replicate()).isEmpty();
        }

        @Test
        void aLeaderThatOnlyLearnersAnswerHasLostItsQuorum() {
            CoreOnBench bench = withLearners7And8();
            for (int i = 0; i < 16; i++) {
                bench.elapse(100);
                bench.receiveAccepted(7, 1);
                bench.receiveAccepted(8, 1);
            }
            assertThat(bench.role()).isEqualTo(Role.FOLLOWER);
        }

        /** Their two entries, 3 and 4, are on all disks; everybody was heard just now. */
        private CoreOnBench withLearners7And8() {
            CoreOnBench bench = settledLeader(3, 1);
            bench.step(new Input.Learners(Set.of(node(7), node(8))));
            for (int i = 0; i < 2; i++) {
                bench.allDurable();
                bench.allAccepted(2, 3);
            }
            bench.allAccepted(7, 8);
            assertThat(bench.membership().learners()).containsExactly(node(7), node(8));
            return bench;
        }
    }

    @Nested
    @DisplayName("§3.5, looking for where the logs agree")
    class BackOff {
        @Test
        void aLeaderSkipsAWholeTermThatConflicts() {
            CoreOnBench bench = leader(3, 1, 1, 4, 4, 5, 5);
            Output output = bench.receiveRejected(2, 6, at(4, 2));
            assertThat(askedFor(answerRead(bench, output), 2).previous()).isEqualTo(at(2, 1));
        }

        @Test
        void andAWholeTermThatOnlyTheFollowerHas() {
            CoreOnBench bench = leader(3, 1, 1, 4, 4, 5, 5);
            Output output = bench.receiveRejected(2, 6, at(3, 4));
            assertThat(askedFor(answerRead(bench, output), 2).previous()).isEqualTo(at(3, 4));
        }

        @Test
        void aRejectionOfAnOlderQuestionChangesNothing() {
            CoreOnBench bench = leader(3, 1, 1, 1, 1);
            bench.receiveRejected(2, 4, at(2, 1));
            bench.receiveRejected(2, 4, at(1, 1));
            assertThat(bench.peer(2).nextIndex()).isEqualTo(3);
        }

        @Test
        void norDoesOneOfWhatIsKnownToMatch() {
            CoreOnBench bench = leader(3, 1, 1, 1, 1);
            bench.receiveAccepted(2, 4);
            bench.receiveRejected(2, 3, at(1, 1));
            assertThat(bench.peer(2).nextIndex()).isEqualTo(5);
        }

        @Test
        void untilAnAnswerComesOneMessageIsSentAndAnotherWithEachHeartbeat() {
            CoreOnBench bench = leader(3, 1);
            Output again = bench.sent(firstRead(2), 2, 0);
            assertThat(maybeAskedFor(again, 2)).isEmpty();
            assertThat(maybeAskedFor(bench.propose(1), 2)).isEmpty();
            assertThat(askedFor(bench.elapse(100), 2).firstIndex()).isEqualTo(2);
        }

        private Output answerRead(CoreOnBench bench, Output output) {
            return maybeAskedFor(output, 2).isPresent() ? output : bench.sent(firstRead(7), 7, 0);
        }
    }

    @Nested
    @DisplayName("§10.2.1, pipelining")
    class Pipelining {
        @Test
        void onceTheLogsAgreeEntriesAreSentAheadOfTheAnswers() {
            CoreOnBench bench = replicating(SETTINGS);
            Output.Replicate first = askedFor(bench.propose(10), 2);
            assertThat(maybeAskedFor(bench.propose(10), 2))
                    .as("one read at a time")
                    .isEmpty();
            Output.Replicate second = askedFor(bench.sent(first, 3, 10), 2);
            assertThat(second.previous()).isEqualTo(at(3, 2));
            assertThat(second.firstIndex()).isEqualTo(4);
        }

        @Test
        void withNoMoreMessagesUnansweredThanTheWindowAllows() {
            CoreOnBench bench = replicating(SMALL_WINDOW);
            for (int i = 0; i < 3; i++) {
                bench.sent(askedFor(bench.propose(10), 2), 3 + i, 10);
            }
            assertThat(maybeAskedFor(bench.propose(10), 2)).isEmpty();
            assertThat(askedFor(bench.receiveAccepted(2, 3), 2).firstIndex()).isEqualTo(6);
        }

        @Test
        void norMoreBytes() {
            CoreOnBench bench = replicating(SMALL_WINDOW);
            bench.sent(askedFor(bench.propose(1_200), 2), 3, 1_200);
            bench.sent(askedFor(bench.propose(1_200), 2), 4, 1_200);
            assertThat(maybeAskedFor(bench.propose(10), 2)).isEmpty();
            bench.receiveAccepted(2, 4);
            assertThat(bench.peer(2).inflightBytes()).isZero();
        }

        @Test
        void aLostMessageIsNoticedAtTheNextHeartbeatAndAllAfterItSentAgain() {
            CoreOnBench bench = replicating(SETTINGS);
            bench.sent(askedFor(bench.propose(10), 2), 3, 10);
            Message.AppendRequest heartbeat = messages(bench.elapse(100), Message.AppendRequest.class).stream()
                    .filter(m -> m.to().equals(node(2)))
                    .findFirst()
                    .orElseThrow();
            assertThat(heartbeat.previous()).isEqualTo(at(3, 2));
            Output output = bench.receiveRejected(2, 3, at(2, 2));
            assertThat(askedFor(output, 2).firstIndex()).isEqualTo(3);
        }

        @Test
        void aReadThatFailedIsAskedForAgainAtTheNextHeartbeat() {
            CoreOnBench bench = replicating(SETTINGS);
            Output.Replicate asked = askedFor(bench.propose(10), 2);
            assertThat(maybeAskedFor(bench.sent(asked, asked.firstIndex() - 1, 0), 2))
                    .isEmpty();
            assertThat(askedFor(bench.elapse(100), 2).firstIndex()).isEqualTo(3);
        }

        private CoreOnBench replicating(RaftSettings settings) {
            CoreOnBench bench = leader(3, settings, 1);
            bench.sent(firstRead(2), 2, 0);
            bench.receiveAccepted(2, 2);
            return bench;
        }
    }

    @Nested
    @DisplayName("heartbeats, and news of the commit index")
    class Heartbeats {
        @Test
        void entriesAreHeartbeatsToo() {
            CoreOnBench bench = quiet();
            bench.elapse(60);
            bench.receiveAccepted(2, 2);
            bench.receiveAccepted(3, 2);
            bench.sent(askedFor(bench.propose(1), 2), 3, 1);
            Output output = bench.elapse(60);
            assertThat(output.messages()).extracting(Message::to).containsExactly(node(3));
        }

        @Test
        void aFollowerThatIsSilentBecauseOfItsDiskGetsHeartbeatsBesideTheEntriesAndAnswersThem() {
            CoreOnBench bench = quiet();
            int heartbeats = 0;
            for (int i = 0; i < 25; i++) {
                Output proposed = bench.propose(1);
                long last = bench.core.status().lastPosition().index();
                maybeAskedFor(proposed, 2).ifPresent(asked -> bench.sent(asked, last, 1));
                for (Message message : bench.elapse(50).messages()) {
                    if (message.to().equals(node(2))) {
                        heartbeats++;
                        bench.receiveAccepted(2, 2); // of what it had before its disk stalled
                    }
                }
            }
            assertThat(heartbeats).isBetween(10, 13);
            assertThat(bench.role()).isEqualTo(Role.LEADER);
        }

        @Test
        void followersHearOfANewCommitIndexAfterTheCommitNoticeIfNoEntriesTellThem() {
            CoreOnBench bench = quiet();
            bench.propose(1);
            bench.allDurable();
            bench.receiveAccepted(3, 3);
            assertThat(bench.core.commitIndex()).isEqualTo(3);
            assertThat(bench.core.deadlineMillis()).isEqualTo(bench.nowMillis() + 10);
            assertThat(messages(bench.elapse(10), Message.AppendRequest.class))
                    .hasSize(2)
                    .allMatch(heartbeat -> heartbeat.commitIndex() == 3);
        }

        @Test
        void andFurtherCommitsDoNotPutTheNewsOff() {
            CoreOnBench bench = quiet();
            for (int i = 0; i < 3; i++) {
                bench.propose(1);
                bench.allDurable();
                bench.receiveAccepted(3, 3 + i);
                bench.sleep(4);
            }
            assertThat(bench.core.deadlineMillis()).isEqualTo(bench.nowMillis() - 2);
        }

        @Test
        void withoutADelayTheNewsLeaveAtOnce() {
            CoreOnBench bench = leader(3, SETTINGS.withCommitNoticeMillis(0), 1);
            bench.timeOut();
            bench.allDurable();
            assertThat(messages(bench.receiveAccepted(2, 2), Message.AppendRequest.class))
                    .hasSize(2)
                    .allMatch(heartbeat -> heartbeat.commitIndex() == 2);
        }

        /** A leader whose no-op everybody has, knows to be committed, and acknowledged just now. */
        private CoreOnBench quiet() {
            CoreOnBench bench = leader(3, 1);
            bench.sent(firstRead(2), 2, 0);
            bench.sent(firstRead(3, 2), 2, 0);
            bench.allDurable();
            bench.receiveAccepted(2, 2);
            bench.receiveAccepted(3, 2);
            bench.elapse(100);
            bench.receiveAccepted(2, 2);
            bench.receiveAccepted(3, 2);
            return bench;
        }
    }

    /** What a leader asked for when it was elected with one entry, or {@code noOpIndex - 1} entries, in its log. */
    private static Output.Replicate firstRead(long noOpIndex) {
        return firstRead(2, noOpIndex);
    }

    private static Output.Replicate firstRead(int to, long noOpIndex) {
        long term = noOpIndex == 7 ? 6 : 2;
        return new Output.Replicate(
                node(to), term, at(noOpIndex - 1, term - 1), noOpIndex, noOpIndex, SETTINGS.appendBytesMax());
    }
}
