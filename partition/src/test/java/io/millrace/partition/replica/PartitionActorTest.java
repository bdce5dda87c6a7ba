package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.eventstream.EventStream;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.PartitionReply.Fetched;
import io.millrace.partition.replica.PartitionReply.NotLeader;
import io.millrace.partition.replica.PartitionReply.OffsetOutOfRange;
import io.millrace.partition.replica.PartitionReply.Overloaded;
import io.millrace.partition.replica.PartitionReply.Produced;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionActorTest {
    private static ActorTestKit kit;
    private static long lastTopicId;

    private final Path directory;

    PartitionActorTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeAll
    static void startSystem() {
        kit = ActorTestKit.create("replicas", ReplicaGroup.CONFIG);
    }

    @AfterAll
    static void stopSystem() {
        kit.shutdownTestKit();
    }

    private ReplicaGroup group(Integer... brokers) {
        return group(PartitionSettings.DEFAULT, brokers);
    }

    private ReplicaGroup group(PartitionSettings settings, Integer... brokers) {
        return new ReplicaGroup(kit, directory, ++lastTopicId, settings, brokers);
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    @Test
    void recordsGetOffsetsWithoutGapsAndAreReadBackAsWritten() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            assertThat(((Produced) group.produce(leader, "a", "b")).baseOffset())
                    .isEqualTo(0);
            assertThat(((Produced) group.produce(leader, "c")).baseOffset()).isEqualTo(2);
            assertThat(group.readAll(leader)).containsExactly("a", "b", "c");
        }
    }

    @Test
    void whatIsDecidedInAnotherTermIsNotWritten() {
        try (ReplicaGroup group = group(7)) {
            LeaderObserved leader = group.awaitLeader(0);
            TestProbe<PartitionReply> replies = kit.createTestProbe();
            for (long term : new long[] {leader.term() - 1, leader.term() + 1, leader.term()}) {
                ref(leader)
                        .tell(new PartitionCommand.ProduceInTerm(
                                term,
                                new PartitionCommand.Produce(
                                        term, ReplicaGroup.batch("of " + term), 1, replies.getRef())));
            }
            replies.expectMessageClass(PartitionReply.NotLeader.class);
            replies.expectMessageClass(PartitionReply.NotLeader.class);
            replies.expectMessageClass(Produced.class);
            assertThat(group.readAll(ref(leader))).containsExactly("of " + leader.term());
        }
    }

    @Test
    void aReplicaCoordinatesNothingByItself() {
        try (ReplicaGroup group = group(7)) {
            LeaderObserved leader = group.awaitLeader(0);
            TestProbe<PartitionReply> replies = kit.createTestProbe();
            ref(leader).tell(new PartitionCommand.Coordinate(5, ReplicaGroup.batch("?"), 0, replies.getRef()));
            assertThat(replies.expectMessageClass(PartitionReply.NotLeader.class)
                            .requestId())
                    .isEqualTo(5);
        }
    }

    @Test
    void aSingleReplicaServesAlone() {
        try (ReplicaGroup group = group(7)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            assertThat(group.produce(leader, "a")).isInstanceOf(Produced.class);
            assertThat(group.readAll(leader)).containsExactly("a");
        }
    }

    @Test
    void acknowledgedRecordsSurviveTheLeaderAndTheRestartOfAll() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            group.produce(ref(first), "a", "b", "c");
            group.stop(first.replica().brokerId());

            LeaderObserved second = group.awaitLeader(first.term());
            assertThat(second.replica().brokerId()).isNotEqualTo(first.replica().brokerId());
            assertThat(group.readAll(ref(second))).containsExactly("a", "b", "c");
            assertThat(((Produced) group.produce(ref(second), "d")).baseOffset())
                    .isEqualTo(3);

            group.start(first.replica().brokerId());
            for (int broker = 1; broker <= 3; broker++) {
                group.stop(broker);
            }
            for (int broker = 1; broker <= 3; broker++) {
                group.start(broker);
            }
            LeaderObserved third = group.awaitLeader(second.term());
            assertThat(group.readAll(ref(third))).containsExactly("a", "b", "c", "d");
        }
    }

    @Test
    void manyRequestsBecomeFewProposalsAndEachGetsItsOwnAnswer() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            long before = group.status(leader.replica().brokerId()).lastIndex();
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            for (int i = 0; i < 1_000; i++) {
                ref(leader).tell(new PartitionCommand.Produce(i, ReplicaGroup.batch("m" + i), 1, probe.getRef()));
            }
            for (int i = 0; i < 1_000; i++) {
                Produced produced = (Produced) probe.receiveMessage(ReplicaGroup.PATIENCE);
                assertThat(produced.requestId()).isEqualTo(i);
                assertThat(produced.baseOffset()).isEqualTo(i);
            }
            long proposals = group.status(leader.replica().brokerId()).lastIndex() - before;
            assertThat(proposals).isLessThan(500);
            assertThat(group.readAll(ref(leader))).hasSize(1_000).endsWith("m999");
        }
    }

    @Test
    void aFollowerTakesNothingAndNamesTheLeader() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            int follower = leader.replica().brokerId() % 3 + 1;
            // A majority may have made the leader before this follower heard of it.
            kit.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
                NotLeader answer = (NotLeader) group.produce(group.replica(follower), "a");
                assertThat(answer.leader()).hasValue(leader.replica().brokerId());
                return null;
            });
        }
    }

    @Test
    void aLongPollIsAnsweredWhenARecordIsCommittedAndEmptyWhenItsTimeIsOver() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            leader.tell(new PartitionCommand.Fetch(1, 0, 1_000, 1, 60_000, probe.getRef()));
            group.produce(leader, "a");
            Fetched woken = (Fetched) probe.receiveMessage(ReplicaGroup.PATIENCE);
            assertThat(ReplicaGroup.records(woken.batches())).hasSize(1);

            Fetched empty = (Fetched) group.fetch(leader, 1, 1_000, 10);
            assertThat(empty.batches().sizeBytes()).isZero();
            assertThat(empty.highWatermark()).isEqualTo(1);
        }
    }

    @Test
    void anOffsetOutsideTheLogIsRefusedWithTheRange() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            group.produce(leader, "a", "b");
            OffsetOutOfRange answer = (OffsetOutOfRange) group.fetch(leader, 3, 1_000, 0);
            assertThat(answer.earliest()).isEqualTo(0);
            assertThat(answer.latest()).isEqualTo(2);
            assertThat(group.fetch(leader, -1, 1_000, 0)).isInstanceOf(OffsetOutOfRange.class);
        }
    }

    @Test
    void aFetchIsBoundedByItsBytesButGivesAtLeastOneBatch() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            for (int i = 0; i < 20; i++) {
                group.produce(leader, "x".repeat(1_000));
            }
            Fetched one = (Fetched) group.fetch(leader, 5, 1, 0);
            assertThat(ReplicaGroup.records(one.batches()))
                    .extracting(r -> r.offset())
                    .containsExactly(5L);
            Fetched some = (Fetched) group.fetch(leader, 5, 5_000, 0);
            assertThat(some.batches().sizeBytes()).isBetween(4_000, 5_000);
        }
    }

    @Test
    void aFetchThatCanHoldNoMoreIsAnsweredAtOnceHoweverMuchWasWanted() {
        try (ReplicaGroup group = group(1)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            group.produce(leader, "x".repeat(1_000));
            group.produce(leader, "x".repeat(1_000));
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            leader.tell(new PartitionCommand.Fetch(1, 0, 1_500, 1_500, 600_000, probe.getRef()));
            Fetched first = (Fetched) probe.receiveMessage(ReplicaGroup.PATIENCE);
            assertThat(ReplicaGroup.records(first.batches())).hasSize(1);
        }
    }

    @Test
    void withoutAMajorityNothingIsAcknowledged() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            int broker = leader.replica().brokerId();
            group.cutOff(broker);
            PartitionReply answer = group.produce(ref(leader), "lost?");
            assertThat(answer).isInstanceOfAny(PartitionReply.OutcomeUnknown.class, NotLeader.class);

            LeaderObserved next = group.awaitLeader(leader.term());
            group.produce(ref(next), "kept");
            group.reconnect(broker);
            assertThat(group.readAll(ref(next))).containsExactly("kept");
        }
    }

    @Test
    void beyondTheQueueLimitProducesAreRefusedAtOnce() {
        PartitionSettings small =
                new PartitionSettings(2_000, 1_000, 1, 1, 1 << 20, PartitionSettings.PRODUCER_EXPIRY_USUAL);
        try (ReplicaGroup group = group(small, 1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            for (int i = 0; i < 50; i++) {
                leader.tell(new PartitionCommand.Produce(i, ReplicaGroup.batch("x".repeat(500)), 1, probe.getRef()));
            }
            List<PartitionReply> answers = new ArrayList<>(probe.receiveSeveralMessages(50, ReplicaGroup.PATIENCE));
            assertThat(answers).hasAtLeastOneElementOfType(Overloaded.class);
            long produced = answers.stream().filter(Produced.class::isInstance).count();
            assertThat(group.readAll(leader)).hasSize((int) produced);
        }
    }

    @Test
    void deletingAReplicaRemovesItsFiles() {
        try (ReplicaGroup group = group(1)) {
            LeaderObserved leader = group.awaitLeader(0);
            group.produce(ref(leader), "a");
            Path files = directory.resolve("broker-1").resolve(group.id(1).group());
            assertThat(files).isDirectory();
            group.replica(1).tell(ReplicaMessage.Delete.INSTANCE);
            kit.createTestProbe().expectTerminated(group.replica(1), ReplicaGroup.PATIENCE);
            assertThat(Files.exists(files)).isFalse();
        }
    }

    @Test
    void aDeletedReplicaAnswersWhatWaitsInIt() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            int broker = leader.replica().brokerId();
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            ref(leader).tell(new PartitionCommand.Fetch(1, 0, 1_000, 1, 60_000, probe.getRef()));
            group.cutOff(broker); // what is proposed now stays on its way
            ref(leader).tell(new PartitionCommand.Produce(2, ReplicaGroup.batch("a"), 1, probe.getRef()));
            group.replica(broker).tell(ReplicaMessage.Delete.INSTANCE);
            assertThat(List.of(
                            probe.receiveMessage(ReplicaGroup.PATIENCE).requestId(),
                            probe.receiveMessage(ReplicaGroup.PATIENCE).requestId()))
                    .containsExactlyInAnyOrder(1L, 2L);
            probe.expectTerminated(group.replica(broker), ReplicaGroup.PATIENCE);
        }
    }

    @Test
    void aReplicaThatCannotOpenItsLogSaysWhyAndCanBeDeleted() throws IOException {
        long topicId = lastTopicId + 1;
        Path files = directory.resolve("broker-1").resolve(new ReplicaId("orders", topicId, 0, 1).group());
        Files.createDirectories(files.getParent());
        Files.createFile(files); // a file where the directory should be
        try (ReplicaGroup group = group(1)) {
            assertThat(group.observer()
                            .expectMessageClass(LeaderObserved.class, ReplicaGroup.PATIENCE)
                            .leaderRef())
                    .isEmpty();
            assertHasFailed(group, 1, "cannot open the log");
            group.replica(1).tell(ReplicaMessage.Delete.INSTANCE);
            kit.createTestProbe().expectTerminated(group.replica(1), ReplicaGroup.PATIENCE);
        }
    }

    @Test
    void aReplicaWhoseJournalFailsServesNothingMoreAndSaysSo() {
        PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            int broker = leader.replica().brokerId();
            journal.failNextPersisted("raft|" + group.id(broker).entityId());
            group.replica(broker)
                    .tell(new ReplicaMessage.PeerMessage(
                            "",
                            kit.<ReplicaMessage.PeerMessage>createTestProbe().getRef(),
                            new Message.AppendRejected(
                                    new NodeId(broker % 3 + 1),
                                    new NodeId(broker),
                                    leader.term() + 5,
                                    0,
                                    LogPosition.ZERO)));
            kit.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
                assertHasFailed(group, broker, "");
                return null;
            });
            assertThat(group.readAll(ref(group.awaitLeader(leader.term())))).isEmpty();
        }
    }

    @Test
    void aJournalWithoutRoomIsTheWholeBrokersTrouble() {
        PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
        TestProbe<JournalOutOfSpace> broker = kit.createTestProbe();
        kit.system().eventStream().tell(new EventStream.Subscribe<>(JournalOutOfSpace.class, broker.getRef()));
        try (ReplicaGroup group = group(1)) {
            group.awaitLeader(0);
            journal.failNextPersisted(
                    "raft|" + group.id(1).entityId(), new IOException("IO error: 000007.log: No space left on device"));
            group.replica(1)
                    .tell(new ReplicaMessage.PeerMessage(
                            "",
                            kit.<ReplicaMessage.PeerMessage>createTestProbe().getRef(),
                            new Message.VoteRequest(
                                    new NodeId(2), new NodeId(1), 100, new LogPosition(100, 99), true)));
            broker.receiveMessage(ReplicaGroup.PATIENCE);
        }
    }

    private static void assertHasFailed(ReplicaGroup group, int broker, String problem) {
        assertThat(group.status(broker).state()).isEqualTo("FAILED");
        assertThat(group.status(broker).problem()).contains(problem);
        assertThat(group.produce(group.replica(broker), "a")).isInstanceOf(PartitionReply.ReplicaFailed.class);
        assertThat(group.fetch(group.replica(broker), 0, 1, 0)).isInstanceOf(PartitionReply.ReplicaFailed.class);
    }
}
