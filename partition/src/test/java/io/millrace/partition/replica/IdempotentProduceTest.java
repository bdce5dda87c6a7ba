package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.replica.PartitionReply.NotLeader;
import io.millrace.partition.replica.PartitionReply.OutcomeUnknown;
import io.millrace.partition.replica.PartitionReply.Produced;
import io.millrace.partition.replica.PartitionReply.SequenceRefused;
import io.millrace.partition.state.SequenceVerdict;
import io.millrace.partition.state.SequenceVerdict.UnknownProducer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch that is sent again is in the log once, whatever happened since it was sent first. */
class IdempotentProduceTest {
    private static ActorTestKit kit;
    private static long lastTopicId = 1_000;

    private final Path directory;

    IdempotentProduceTest(@TempDir Path directory) {
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
        return new ReplicaGroup(
                kit,
                this::disk,
                ReplicaGroup.PATIENT_RAFT,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                LogSettings.DEFAULT,
                brokers);
    }

    private Disk disk(int broker) {
        return Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE);
    }

    /** Saves the producers after every few KiB. */
    private ReplicaGroup groupWithSmallSegments(Integer... brokers) {
        return new ReplicaGroup(
                kit,
                this::disk,
                ReplicaGroup.PATIENT_RAFT,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                LogSettings.DEFAULT.withSegmentBytes(16 << 10),
                brokers);
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    private static void assertWritten(PartitionReply reply, long baseOffset) {
        Produced produced = (Produced) reply;
        assertThat(produced.baseOffset()).isEqualTo(baseOffset);
        assertThat(produced.repeated()).isFalse();
    }

    private static void assertDuplicate(PartitionReply reply, long baseOffset) {
        Produced produced = (Produced) reply;
        assertThat(produced.baseOffset()).isEqualTo(baseOffset);
        assertThat(produced.repeated()).isTrue();
    }

    @Test
    void manyRepetitionsWhileTheFirstIsOnItsWayGetItsAnswer() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            group.produce(leader, "before");
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            for (int i = 0; i < 100; i++) {
                leader.tell(
                        new PartitionCommand.Produce(i, ReplicaGroup.batchOf(7, 0, 0, "a", "b"), 2, probe.getRef()));
            }
            List<PartitionReply> answers = probe.receiveSeveralMessages(100, ReplicaGroup.PATIENCE);
            assertThat(answers).allSatisfy(answer -> assertThat(((Produced) answer).baseOffset())
                    .isEqualTo(1));
            assertThat(answers)
                    .filteredOn(answer -> !((Produced) answer).repeated())
                    .hasSize(1);
            assertThat(group.readAll(leader)).containsExactly("before", "a", "b");
        }
    }

    @Test
    void whatIsNotTheNextOfItsSequenceIsRefused() {
        try (ReplicaGroup group = group(1)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            assertThat(group.produceAs(leader, 7, 0, 3, "x"))
                    .isInstanceOfSatisfying(SequenceRefused.class, refused -> assertThat(refused.verdict())
                            .isEqualTo(UnknownProducer.UNKNOWN_PRODUCER));
            assertWritten(group.produceAs(leader, 7, 1, 0, "a", "b"), 0);
            assertThat(((SequenceRefused) group.produceAs(leader, 7, 1, 3, "d")).verdict())
                    .isEqualTo(new SequenceVerdict.OutOfOrder(2));
            assertThat(((SequenceRefused) group.produceAs(leader, 7, 0, 0, "old")).verdict())
                    .isEqualTo(new SequenceVerdict.Fenced((short) 1));
            assertWritten(group.produceAs(leader, 7, 1, 2, "c"), 2);
            assertThat(group.readAll(leader)).containsExactly("a", "b", "c");
        }
    }

    @Test
    void aRepetitionAfterTheLeadersDeathIsFoundByItsSuccessor() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            group.produce(ref(first), "before");
            assertWritten(group.produceAs(ref(first), 7, 0, 0, "a", "b"), 1);
            assertWritten(group.produceAs(ref(first), 7, 0, 2, "c"), 3);
            group.stop(first.replica().brokerId());

            LeaderObserved second = group.awaitLeader(first.term());
            assertDuplicate(group.produceAs(ref(second), 7, 0, 2, "c"), 3);
            assertDuplicate(group.produceAs(ref(second), 7, 0, 0, "a", "b"), 1);
            assertWritten(group.produceAs(ref(second), 7, 0, 3, "d"), 4);
            assertThat(group.readAll(ref(second))).containsExactly("before", "a", "b", "c", "d");
        }
    }

    @Test
    void aBatchThatWasCutOffIsWrittenWhenItIsSentAgain() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            int broker = first.replica().brokerId();
            assertWritten(group.produceAs(ref(first), 7, 0, 0, "a"), 0);
            group.cutOff(broker);
            assertThat(group.produceAs(ref(first), 7, 0, 1, "b"))
                    .isInstanceOfAny(OutcomeUnknown.class, NotLeader.class);

            LeaderObserved second = group.awaitLeader(first.term());
            group.produce(ref(second), "other");
            assertWritten(group.produceAs(ref(second), 7, 0, 1, "b"), 2);
            group.reconnect(broker);
            group.stop(second.replica().brokerId());

            LeaderObserved third = group.awaitLeader(second.term());
            assertDuplicate(group.produceAs(ref(third), 7, 0, 1, "b"), 2);
            assertWritten(group.produceAs(ref(third), 7, 0, 2, "c"), 3);
            assertThat(group.readAll(ref(third))).containsExactly("a", "other", "b", "c");
        }
    }

    @Test
    void afterARestartTheProducersAreKnownFromTheLog() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            assertWritten(group.produceAs(ref(first), 7, 0, 0, "a", "b"), 0);
            LeaderObserved second = restart(group, first.term(), 1, 2, 3);
            assertDuplicate(group.produceAs(ref(second), 7, 0, 0, "a", "b"), 0);
            assertWritten(group.produceAs(ref(second), 7, 0, 2, "c"), 2);
        }
    }

    @Test
    void afterARestartTheyAreKnownFromTheLastSnapshotAndWhatFollowsIt() throws IOException {
        try (ReplicaGroup group = groupWithSmallSegments(1)) {
            LeaderObserved first = group.awaitLeader(0);
            String large = "x".repeat(1_000);
            assertWritten(group.produceAs(ref(first), 8, 0, 0, "rare"), 0);
            int last = -1;
            // One that is due while another is being written is taken with a later commit.
            while (last < 1_000 && snapshots(group).size() < 2) {
                last++;
                assertWritten(group.produceAs(ref(first), 7, 0, last, large), last + 1);
            }
            assertThat(snapshots(group)).hasSize(2);
            LeaderObserved second = restart(group, first.term(), 1);
            assertDuplicate(group.produceAs(ref(second), 7, 0, last, large), last + 1);
            assertDuplicate(group.produceAs(ref(second), 8, 0, 0, "rare"), 0);

            for (Path snapshot : snapshots(group)) {
                byte[] bytes = Files.readAllBytes(snapshot);
                bytes[bytes.length / 2] ^= 1;
                Files.write(snapshot, bytes);
            }
            LeaderObserved third = restart(group, second.term(), 1);
            assertDuplicate(group.produceAs(ref(third), 7, 0, last, large), last + 1);
            assertDuplicate(group.produceAs(ref(third), 8, 0, 0, "rare"), 0);
        }
    }

    @Test
    void whoHasNotWrittenForLongIsForgottenByTheTimeOfTheLog() {
        long expiry = PartitionSettings.DEFAULT.producerExpiryMillis();
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            assertWritten(group.produceAs(ref(first), 7, 0, 0, "a"), 0);
            assertWritten(group.produceAs(ref(first), 8, 0, 0, "b"), 1);
            group.wallClockMillis.addAndGet(expiry / 2);
            assertWritten(group.produceAs(ref(first), 8, 0, 1, "c"), 2);
            assertDuplicate(group.produceAs(ref(first), 7, 0, 0, "a"), 0);
            group.wallClockMillis.addAndGet(expiry);
            assertWritten(group.produceAs(ref(first), 8, 0, 2, "d"), 3);

            group.stop(first.replica().brokerId());
            LeaderObserved second = group.awaitLeader(first.term());
            assertThat(((SequenceRefused) group.produceAs(ref(second), 7, 0, 1, "e")).verdict())
                    .isEqualTo(SequenceVerdict.UnknownProducer.UNKNOWN_PRODUCER);
            assertDuplicate(group.produceAs(ref(second), 8, 0, 2, "d"), 3);
            assertThat(group.readAll(ref(second))).containsExactly("a", "b", "c", "d");
        }
    }

    @Test
    void anExpiryThatIsMadeShorterHoldsForReplicasThatRun() {
        PartitionSettings usual = PartitionSettings.DEFAULT;
        long shorter = usual.producerExpiryMillis() / 10;
        try (ReplicaGroup group = group(1)) {
            LeaderObserved leader = group.awaitLeader(0);
            assertWritten(group.produceAs(ref(leader), 7, 0, 0, "a"), 0);
            assertWritten(group.produceAs(ref(leader), 8, 0, 0, "b"), 1);
            group.wallClockMillis.addAndGet(2 * shorter);
            assertWritten(group.produceAs(ref(leader), 8, 0, 1, "c"), 2);
            assertWritten(group.produceAs(ref(leader), 7, 0, 1, "d"), 3);
            group.wallClockMillis.addAndGet(shorter);
            assertWritten(group.produceAs(ref(leader), 8, 0, 2, "e"), 4); // the log tells that "d" is older than this

            group.settings = new PartitionSettings(
                    usual.queueBytesMax(),
                    usual.proposalBytesMax(),
                    usual.proposalsInflightMax(),
                    usual.waitingFetchesMax(),
                    usual.fetchBytesMax(),
                    shorter);
            group.wallClockMillis.addAndGet(2 * shorter);
            assertWritten(group.produceAs(ref(leader), 8, 0, 3, "f"), 5);
            assertThat(((SequenceRefused) group.produceAs(ref(leader), 7, 0, 2, "g")).verdict())
                    .isEqualTo(SequenceVerdict.UnknownProducer.UNKNOWN_PRODUCER);
        }
    }

    private static LeaderObserved restart(ReplicaGroup group, long term, int... brokers) {
        for (int broker : brokers) {
            group.stop(broker);
        }
        for (int broker : brokers) {
            group.start(broker);
        }
        return group.awaitLeader(term);
    }

    private List<Path> snapshots(ReplicaGroup group) throws IOException {
        try (Stream<Path> files =
                Files.list(directory.resolve("broker-1").resolve(group.id(1).group()))) {
            return files.filter(file -> file.getFileName().toString().endsWith(".snapshot"))
                    .toList();
        }
    }
}
