package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionReply.Fetched;
import io.millrace.partition.replica.PartitionReply.Produced;
import io.millrace.partition.replica.PartitionReply.SequenceRefused;
import io.millrace.partition.state.DedupBounds;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.partition.state.SequenceVerdict;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A partition that compares records by content has each once, whoever sends it again, and however. */
class DeduplicationTest {
    private static final DedupBounds MINUTE = new DedupBounds(60_000, 10_000);

    private static ActorTestKit kit;
    private static long lastTopicId = 2_000;

    private final Path directory;

    DeduplicationTest(@TempDir Path directory) {
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

    private ReplicaGroup group(DedupBounds bounds, Integer... brokers) {
        return group(bounds, LogSettings.DEFAULT, brokers);
    }

    private ReplicaGroup group(DedupBounds bounds, LogSettings log, Integer... brokers) {
        return new ReplicaGroup(
                kit,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.FAST,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                log,
                Retention.FOREVER,
                Optional.of(bounds),
                brokers);
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    private static void assertProduced(PartitionReply reply, long baseOffset, DuplicateRecord... duplicates) {
        assertAnswer(reply, baseOffset, false, duplicates);
    }

    private static void assertRepeated(PartitionReply reply, long baseOffset, DuplicateRecord... duplicates) {
        assertAnswer(reply, baseOffset, true, duplicates);
    }

    private static void assertAnswer(
            PartitionReply reply, long baseOffset, boolean repeated, DuplicateRecord... duplicates) {
        Produced produced = (Produced) reply;
        assertThat(produced.baseOffset()).isEqualTo(baseOffset);
        assertThat(produced.repeated()).isEqualTo(repeated);
        assertThat(produced.duplicates()).containsExactly(duplicates);
    }

    private static DuplicateRecord at(int place, long offset) {
        return new DuplicateRecord(place, offset);
    }

    @Test
    void whateverHasTheSameContentIsWrittenOnce() {
        try (ReplicaGroup group = group(MINUTE, 1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            assertProduced(group.produce(leader, "a", "b", "a"), 0, at(2, 0));
            assertProduced(group.produce(leader, "c", "b", "d"), 2, at(1, 1));
            assertProduced(group.produce(leader, "d", "a"), -1, at(0, 3), at(1, 0));
            assertProduced(group.produce(leader, "e"), 4);
            assertThat(group.readAll(leader)).containsExactly("a", "b", "c", "d", "e");
        }
    }

    @Test
    void manyWhoSendTheSameAtOnceHearOfOneRecord() {
        try (ReplicaGroup group = group(MINUTE, 1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            for (int i = 0; i < 200; i++) {
                Payload batch = ReplicaGroup.batch("own " + i, "common");
                leader.tell(
                        new PartitionCommand.Produce(i, batch, 2, ContentHashes.of(batch, 1 << 20), probe.getRef()));
            }
            List<PartitionReply> answers = probe.receiveSeveralMessages(200, ReplicaGroup.PATIENCE);
            List<String> records = group.readAll(leader);
            assertThat(records).hasSize(201).doesNotHaveDuplicates();
            int common = records.indexOf("common");
            for (PartitionReply answer : answers) {
                Produced produced = (Produced) answer;
                assertThat(records.get((int) produced.baseOffset())).isEqualTo("own " + produced.requestId());
                assertThat(produced.duplicates())
                        .isEqualTo(produced.baseOffset() == common - 1 ? List.of() : List.of(at(1, common)));
            }
        }
    }

    @Test
    void onlyTheBatchesThatLoseRecordsAreEncodedAnewAndAsTheyWere() {
        try (ReplicaGroup group = group(MINUTE, 1)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            group.produce(leader, "x2");
            List<Bytes> sent = new ArrayList<>();
            for (Compression compression : Compression.values()) {
                sent.add(compressed(
                        compression, "x" + sent.size(), compression.name().repeat(100)));
            }
            assertProduced(group.produce(leader, 10, together(sent)), 1, at(4, 0));

            Payload read = ((Fetched) group.fetch(leader, 1, 1 << 20, 0)).batches();
            List<RecordBatch> batches = new ArrayList<>();
            RecordBatches.iterate(Bytes.wrap(read.array(), read.arrayOffset(), read.sizeBytes()))
                    .forEach(batches::add);
            assertThat(batches).extracting(RecordBatch::compression).containsExactly(Compression.values());
            for (int i = 0; i < batches.size(); i++) {
                assertThat(batches.get(i).recordCount()).isEqualTo(i == 2 ? 1 : 2);
                assertThat(batches.get(i).crc()
                                == RecordBatch.at(sent.get(i), 0).crc())
                        .isEqualTo(i != 2);
            }
        }
    }

    private static Bytes compressed(Compression compression, String... values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(1 << 20);
        for (String value : values) {
            assertThat(builder.tryAppend(1_000, null, Bytes.utf8(value), List.of()))
                    .isTrue();
        }
        return builder.build(compression);
    }

    private static Payload together(List<Bytes> batches) {
        byte[] all = new byte[batches.stream().mapToInt(Bytes::size).sum()];
        int at = 0;
        for (Bytes batch : batches) {
            batch.copyTo(all, at);
            at += batch.size();
        }
        return Payload.wrap(all);
    }

    @Test
    void aNumberedBatchThatIsSentAgainIsAnsweredAsAtFirst() {
        try (ReplicaGroup group = group(MINUTE, 1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            group.produce(ref(first), "a", "b");
            assertProduced(group.produceAs(ref(first), 7, 0, 0, "c", "a", "d"), 2, at(1, 0));
            assertProduced(group.produceAs(ref(first), 7, 0, 3, "b", "a"), -1, at(0, 1), at(1, 0));
            assertProduced(group.produceAs(ref(first), 7, 0, 5, "e"), 4);
            assertRepeated(group.produceAs(ref(first), 7, 0, 3, "b", "a"), -1, at(0, 1), at(1, 0));
            group.stop(first.replica().brokerId());

            LeaderObserved second = group.awaitLeader(first.term());
            assertRepeated(group.produceAs(ref(second), 7, 0, 0, "c", "a", "d"), 2, at(1, 0));
            assertRepeated(group.produceAs(ref(second), 7, 0, 3, "b", "a"), -1, at(0, 1), at(1, 0));
            assertRepeated(group.produceAs(ref(second), 7, 0, 5, "e"), 4);
            assertThat(((SequenceRefused) group.produceAs(ref(second), 7, 0, 7, "f")).verdict())
                    .isEqualTo(new SequenceVerdict.OutOfOrder(6));
            assertProduced(group.produceAs(ref(second), 7, 0, 6, "f"), 5);
            assertThat(group.readAll(ref(second))).containsExactly("a", "b", "c", "d", "e", "f");
        }
    }

    @Test
    void aLeaderThatIsStartedAgainKnowsWhatWasWritten() throws IOException {
        LogSettings small = LogSettings.DEFAULT.withSegmentBytes(16 << 10);
        try (ReplicaGroup group = group(MINUTE, small, 1)) {
            LeaderObserved leader = group.awaitLeader(0);
            String[] values = IntStream.range(0, 500)
                    .mapToObj(i -> "record " + i + "x".repeat(200))
                    .toArray(String[]::new);
            for (int i = 0; i < values.length; i += 10) {
                group.produce(ref(leader), Arrays.copyOfRange(values, i, i + 10));
            }
            // With what was saved beside the log, and then without.
            for (int round = 0; round < 2; round++) {
                group.stop(1);
                if (round == 1) {
                    assertThat(deleteSaved()).isPositive();
                }
                group.start(1);
                leader = group.awaitLeader(leader.term());
                assertThat(((Produced) group.produce(ref(leader), values)).duplicates())
                        .isEqualTo(
                                IntStream.range(0, 500).mapToObj(i -> at(i, i)).toList());
            }
            assertThat(group.readAll(ref(leader))).containsExactly(values);
        }
    }

    private int deleteSaved() throws IOException {
        List<Path> saved;
        try (Stream<Path> files = Files.walk(directory)) {
            saved = files.filter(file -> file.getFileName().toString().startsWith("producers-"))
                    .toList();
        }
        for (Path file : saved) {
            Files.delete(file);
        }
        return saved.size();
    }

    @Test
    void whatIsOlderThanTheWindowMayBeWrittenAgain() {
        try (ReplicaGroup group = group(new DedupBounds(1_000, 3), 1)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            group.produce(leader, "a");
            group.wallClockMillis.addAndGet(1_000);
            assertProduced(group.produce(leader, "a"), -1, at(0, 0));
            group.wallClockMillis.addAndGet(1);
            assertProduced(group.produce(leader, "a"), 1);
            assertProduced(group.produce(leader, "b", "c", "d"), 2);
            assertProduced(group.produce(leader, "a", "b"), 5);
            assertThat(group.readAll(leader)).containsExactly("a", "a", "b", "c", "d", "a", "b");
        }
    }

    /** Digests count as records do: only what Raft goes by is forced at once. */
    @Test
    void itWorksWithAnyFlushPolicy() {
        try (ReplicaGroup group = group(MINUTE, LogSettings.DEFAULT.withFlush(FlushPolicy.OS), 1, 2, 3)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            assertProduced(group.produce(leader, "a"), 0);
            assertProduced(group.produce(leader, "a", "b"), 1, at(0, 0));
        }
    }
}
