package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.SETTINGS;
import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.reply;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static io.millrace.partition.raft.CoreOnBench.voters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** §5: the beginning of a log goes, and who needs it gets what stands for it. */
class RaftSnapshotTest {
    private static final Payload SNAPSHOT = snapshotAt(at(4, 1), 100);
    private static final SnapshotId ID = SnapshotCodec.idOf(SNAPSHOT);
    private static final int SIZE = SNAPSHOT.sizeBytes();

    private static Payload snapshotAt(LogPosition position, int stateBytes) {
        return SnapshotCodec.encode(new Snapshot(
                position, 17, new Configuration(at(2, 1), voters(1, 2, 3)), CoreOnBench.payload(stateBytes)));
    }

    @Nested
    @DisplayName("the beginning of a log")
    class Beginning {
        @Test
        void goesOnlyAsFarAsIsCommittedAndOnDisk() {
            CoreOnBench bench = follower(3, 1, 1, 1);
            bench.receiveAppend(2, 1, at(3, 1), 2, 1);
            assertThat(bench.step(new Input.Trim(4)).trimTo()).as("committed").hasValue(2);
            bench.receiveAppend(2, 1, at(4, 1), 4);
            assertThat(bench.step(new Input.Trim(9)).trimTo()).as("on disk").hasValue(3);
            bench.allDurable();
            assertThat(bench.step(new Input.Trim(9)).trimTo()).hasValue(4);
            assertThat(bench.step(new Input.Trim(1)).trimTo()).hasValue(1);
        }

        @Test
        void isSomewhereElseOnceItIsGone() {
            CoreOnBench bench = settledLeader(3, 1, 1, 1);
            bench.step(new Input.Trimmed(at(2, 1)));
            assertThat(bench.core.status().logStart()).isEqualTo(at(2, 1));
            assertThat(bench.step(new Input.Trim(2)).trimTo()).as("it is gone").isEmpty();
        }

        @Test
        void thatIsNotCommittedIsNeverGone() {
            CoreOnBench bench = follower(3, 1, 1, 1);
            assertThatThrownBy(() -> bench.step(new Input.Trimmed(at(2, 1)))).isInstanceOf(IllegalStateException.class);
        }

        @Test
        void mayGoWhileItIsReadToBeSent() {
            CoreOnBench bench = settledLeader(3, 1, 1, 1);
            Output.Replicate asked = new Output.Replicate(node(2), 2, at(0, 0), 1, 4, 1_000);
            bench.step(new Input.Trimmed(at(2, 1)));
            assertThat(bench.core.appendRequest(asked, List.of(CoreOnBench.entry(1, 1), CoreOnBench.entry(2, 1))))
                    .isNotNull();
        }
    }

    @Nested
    @DisplayName("a leader")
    class Leader {
        private final CoreOnBench bench = trimmedLeader();

        /** Of term 2; its log begins after 4, and ends with its no-op, 7. */
        private static CoreOnBench trimmedLeader() {
            CoreOnBench bench = leaderWithNothingToSend();
            bench.step(new Input.Trimmed(at(4, 1)));
            return bench;
        }

        private static CoreOnBench leaderWithNothingToSend() {
            CoreOnBench bench = settledLeader(3, 1, 1, 1, 1, 1, 1);
            bench.step(new Input.Sent(node(2), 2, 7, 7, 0));
            bench.step(new Input.Sent(node(3), 2, 7, 7, 0));
            return bench;
        }

        private Output restartedEmpty(int member) {
            return bench.receiveRejected(member, 7, LogPosition.ZERO, 99);
        }

        @Test
        void sendsTheSnapshotToWhomItsLogIsOfNoUse() {
            Output output = restartedEmpty(3);
            assertThat(output.sendSnapshot()).containsExactly(new Output.SendSnapshot(node(3), 2, at(4, 1), 0));
            assertThat(CoreOnBench.maybeAskedFor(output, 3)).isEmpty();
            assertThat(bench.core.installSnapshot(output.sendSnapshot().get(0), SNAPSHOT))
                    .isEqualTo(new Message.InstallSnapshot(SELF, node(3), 2, ID, 0, SNAPSHOT));
        }

        @Test
        void alsoIfAllThatTheLogsMayShareIsBeforeItsStart() {
            CoreOnBench other = leaderWithNothingToSend();
            Output.Replicate asked = CoreOnBench.askedFor(other.receiveRejected(3, 7, at(6, 1), 99), 3);
            other.sent(asked, 7, 0);
            other.step(new Input.Trimmed(at(4, 1)));
            assertThat(other.receiveRejected(3, 6, at(3, 1), 99).sendSnapshot()).hasSize(1);
        }

        @Test
        void sendsNoMorePiecesThanOneAtATime() {
            Output asked = restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            assertThat(bench.propose(10).sendSnapshot()).isEmpty();
            Output next = received(40);
            assertThat(next.sendSnapshot()).containsExactly(new Output.SendSnapshot(node(3), 2, at(4, 1), 40));
            assertThat(asked.sendSnapshot()).hasSize(1);
        }

        private Output received(int bytes) {
            return bench.receive(new Message.SnapshotReceived(node(3), SELF, 2, ID, bytes, 99));
        }

        @Test
        void sendsOneAgainAfterAHeartbeatIfNothingIsHeardOfIt() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            Output later = bench.elapse(SETTINGS.heartbeatMillis());
            assertThat(messages(later, Message.AppendRequest.class)).isNotEmpty();
            assertThat(later.sendSnapshot()).containsExactly(new Output.SendSnapshot(node(3), 2, at(4, 1), 0));
        }

        @Test
        void sendsNothingOfItToWhoIsSilent() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            bench.receiveAccepted(2, 7);
            bench.elapse(SETTINGS.electionTimeoutMillisMin() + SETTINGS.heartbeatMillis());
            bench.receiveAccepted(2, 7);
            assertThat(bench.elapse(SETTINGS.heartbeatMillis()).sendSnapshot()).isEmpty();
            bench.receiveRejected(3, 4, LogPosition.ZERO, 99);
            assertThat(bench.elapse(SETTINGS.heartbeatMillis()).sendSnapshot()).hasSize(1);
        }

        @Test
        void goesOnWhereAnEarlierLeaderWasInterrupted() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            assertThat(received(SIZE - 1).sendSnapshot())
                    .containsExactly(new Output.SendSnapshot(node(3), 2, at(4, 1), SIZE - 1));
        }

        @Test
        void asksWithAnEmptyPieceWhetherWhatWasReceivedIsInUse() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            assertThat(received(SIZE).sendSnapshot()).isEmpty();
            Output.SendSnapshot asked =
                    bench.elapse(SETTINGS.heartbeatMillis()).sendSnapshot().get(0);
            assertThat(bench.core.installSnapshot(asked, SNAPSHOT).piece().sizeBytes())
                    .isZero();
        }

        @Test
        void beginsAnewIfItTrimsAgainMeanwhile() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            received(40);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            assertThat(bench.step(new Input.Trimmed(at(6, 1))).sendSnapshot())
                    .containsExactly(new Output.SendSnapshot(node(3), 2, at(6, 1), 0));
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            assertThat(received(60).sendSnapshot()).as("of the old one").isEmpty();
        }

        @Test
        void goesOnWithEntriesOnceTheSnapshotIsOnItsDisk() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            received(SIZE);
            Output output = bench.receiveAccepted(3, 4, 99);
            assertThat(CoreOnBench.askedFor(output, 3).previous()).isEqualTo(at(4, 1));
            assertThat(output.sendSnapshot()).isEmpty();
        }

        @Test
        void doesNotHurryWhomItAlreadyGaveEverything() {
            restartedEmpty(3);
            bench.step(new Input.SnapshotSent(node(3), 2, true));
            received(SIZE);
            assertThat(bench.receiveAccepted(3, 0, 99).sendSnapshot())
                    .as("its disk is not done")
                    .isEmpty();
        }
    }

    @Nested
    @DisplayName("a follower")
    class Follower {
        private Output receive(CoreOnBench bench, int offset, int bytes) {
            return bench.receive(
                    new Message.InstallSnapshot(node(2), SELF, 3, ID, offset, SNAPSHOT.slice(offset, bytes)));
        }

        private Message.SnapshotReceived has(int bytes) {
            return new Message.SnapshotReceived(SELF, node(2), 3, ID, bytes, 0);
        }

        @Test
        void saysHowMuchItHasOfTheSnapshot() {
            CoreOnBench bench = follower(3);
            assertThat(reply(receive(bench, 0, 40))).isEqualTo(has(40));
            assertThat(reply(receive(bench, 60, 10))).as("a gap").isEqualTo(has(40));
            assertThat(reply(receive(bench, 0, 40))).as("again").isEqualTo(has(40));
            assertThat(receive(bench, 40, 10).install()).isEmpty();
        }

        @Test
        void forgetsTheBeginningOfOneWhenAnotherComes() {
            CoreOnBench bench = follower(3);
            receive(bench, 0, 40);
            SnapshotId other = SnapshotCodec.idOf(snapshotAt(at(6, 2), 9));
            assertThat(reply(bench.receive(
                            new Message.InstallSnapshot(node(2), SELF, 3, other, 50, CoreOnBench.payload(5)))))
                    .isEqualTo(new Message.SnapshotReceived(SELF, node(2), 3, other, 0, 0));
            assertThat(reply(receive(bench, 40, 10))).isEqualTo(has(0));
        }

        @Test
        void takesItForItsLogOnceItIsWhole() {
            CoreOnBench bench = follower(3, 1, 1);
            receive(bench, 0, SIZE - 1);
            Output output = receive(bench, SIZE - 1, 1);
            assertThat(output.install()).contains(SnapshotCodec.decode(SNAPSHOT));
            assertThat(reply(output)).isEqualTo(has(SIZE));
            assertThat(bench.core.status().logStart()).isEqualTo(at(4, 1));
            assertThat(bench.core.commitIndex()).isEqualTo(4);
        }

        @Test
        void acknowledgesNothingOfItBeforeItIsOnItsDisk() {
            CoreOnBench bench = follower(3, 1, 1);
            long before = bench.core.logEpoch();
            receive(bench, 0, SIZE);
            assertThat(reply(bench.receiveAppend(2, 3, at(4, 1), 4))).isEqualTo(accepted(0));
            assertThat(bench.durable(before, at(2, 1)).messages())
                    .as("of the old log")
                    .isEmpty();
            assertThat(bench.receiveAppend(2, 3, at(4, 1), 4, 3).messages()).isEmpty();
            assertThat(reply(bench.durable(bench.core.logEpoch(), at(4, 1)))).isEqualTo(accepted(4));
            assertThat(reply(bench.allDurable())).isEqualTo(accepted(5));
        }

        private Message.AppendAccepted accepted(long matchIndex) {
            return new Message.AppendAccepted(SELF, node(2), 3, matchIndex);
        }

        @Test
        void keepsALogThatHasThePosition() {
            CoreOnBench bench = follower(3, 1, 1, 1, 1, 1);
            Output output = receive(bench, 0, SIZE);
            assertThat(output.install()).isEmpty();
            assertThat(reply(output)).isEqualTo(accepted(4));
            assertThat(bench.core.commitIndex())
                    .as("a snapshot is of what is committed")
                    .isEqualTo(4);
            assertThat(bench.core.status().lastPosition()).isEqualTo(at(5, 1));
        }

        @Test
        void dropsALogThatIsLongerAndHasAnotherEntryThere() {
            CoreOnBench bench = follower(3, 1, 1, 1, 2, 2, 2);
            assertThat(receive(bench, 0, SIZE).install()).isPresent();
            assertThat(bench.core.status().lastPosition()).isEqualTo(at(4, 1));
        }

        @Test
        void goesByTheConfigurationInIt() {
            CoreOnBench bench = follower(3);
            Snapshot snapshot = new Snapshot(at(4, 1), 0, new Configuration(at(3, 1), voters(1, 2)), Payload.EMPTY);
            Payload bytes = SnapshotCodec.encode(snapshot);
            bench.receive(new Message.InstallSnapshot(node(2), SELF, 3, SnapshotCodec.idOf(bytes), 0, bytes));
            assertThat(bench.membership()).isEqualTo(voters(1, 2));
        }

        @Test
        void ofWhatTheOldLogSaidItKeepsNoteUntilThatIsOffTheDisk() {
            CoreOnBench bench = follower(3);
            bench.receiveConfiguration(2, 3, LogPosition.ZERO, 0, voters(1, 2, 3, 4));
            receive(bench, 0, SIZE);
            HardState noted = bench.receiveConfiguration(2, 3, at(4, 1), 4, voters(1, 2, 3, 5))
                    .hardState()
                    .orElseThrow();
            assertThat(CoreOnBench.restarted(3, noted, 3).membership())
                    .as("a crash brought the old log back")
                    .isEqualTo(voters(1, 2, 3, 4));
        }

        @Test
        void tellsALeaderOfAnEarlierTermThatItsTimeIsOver() {
            CoreOnBench bench = follower(3, 5);
            Output output = receive(bench, 0, SIZE);
            assertThat(output.install()).isEmpty();
            assertThat(reply(output).term()).isEqualTo(5);
        }

        @Test
        void doesNotBeginWithOneThatIsTooLarge() {
            CoreOnBench bench = follower(3);
            SnapshotId huge = new SnapshotId(at(4, 1), Integer.MAX_VALUE, 1);
            assertThat(reply(bench.receive(
                            new Message.InstallSnapshot(node(2), SELF, 3, huge, 0, CoreOnBench.payload(10)))))
                    .isEqualTo(new Message.SnapshotReceived(SELF, node(2), 3, huge, 0, 0));
        }

        @Test
        void beginsAnewWithOneThatWasDamagedOnItsWay() {
            CoreOnBench bench = follower(3);
            byte[] bytes = SNAPSHOT.toByteArray();
            bytes[SIZE / 2] ^= 1;
            Output output = bench.receive(new Message.InstallSnapshot(node(2), SELF, 3, ID, 0, Payload.wrap(bytes)));
            assertThat(output.install()).isEmpty();
            assertThat(reply(output)).isEqualTo(has(0));
            assertThat(receive(bench, 0, SIZE).install()).isPresent();
        }
    }

    @Test
    void theBytesOfASnapshotAreThoseOfThatSnapshotOrNone() {
        Snapshot snapshot = SnapshotCodec.decode(SNAPSHOT);
        assertThat(SnapshotCodec.encode(snapshot)).isEqualTo(SNAPSHOT);
        assertThat(snapshot.nextOffset()).isEqualTo(17);
        for (int i = 0; i < SIZE; i++) {
            byte[] changed = SNAPSHOT.toByteArray();
            changed[i] ^= 4;
            assertThatThrownBy(() -> SnapshotCodec.decode(Payload.wrap(changed)))
                    .isInstanceOf(IllegalArgumentException.class);
            Payload cut = SNAPSHOT.slice(0, i);
            assertThatThrownBy(() -> SnapshotCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aMemberThatLostItsDiskMayVoteOnceASnapshotThatNamesTheNewOneIsOnIt() {
        CoreOnBench bench = CoreOnBench.restarted(3, HardState.recovering(0, Optional.empty(), 77));
        Membership readmitted = voters(1, 2, 3).with(SELF, Membership.Standing.RETURNING, 77);
        Payload bytes =
                SnapshotCodec.encode(new Snapshot(at(4, 1), 0, new Configuration(at(3, 1), readmitted), Payload.EMPTY));
        bench.receive(new Message.InstallSnapshot(node(2), SELF, 3, SnapshotCodec.idOf(bytes), 0, bytes));
        assertThat(bench.core.remembers()).as("a crash would take it away").isFalse();
        bench.allDurable();
        assertThat(bench.core.remembers()).isTrue();
    }
}
