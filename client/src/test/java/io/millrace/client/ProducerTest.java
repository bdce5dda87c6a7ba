package io.millrace.client;

import static io.millrace.client.ClientFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.grpc.Status;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.Partitioner;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.record.StoredRecord;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.ProduceResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ProducerTest {
    private final ClientFixture fixture = new ClientFixture();
    private final FakeCluster cluster = fixture.cluster;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aPositionTellsHowDurableItIs() {
        cluster.createTopic("orders", 1);
        cluster.createTopic("logs", 1, Map.of("flush.policy", "os"));
        Producer producer = fixture.client.producer();
        assertThat(producer.sendSync(value("orders", "x")).flush()).isEqualTo(FlushPolicy.When.COMMIT);
        assertThat(producer.sendSync(value("logs", "x")).flush()).isEqualTo(FlushPolicy.When.OS);
    }

    @Test
    void recordsComeBackAsTheyWereSentWithTheirPositions() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        ProducerRecord full = ProducerRecord.of("orders", Bytes.utf8("k"), Bytes.utf8("v"))
                .withTimestamp(42)
                .withHeader("a", Bytes.utf8("1"))
                .withHeader("b", null);

        assertThat(producer.send(full).join()).isEqualTo(new RecordPosition("orders", 0, 0, 42));
        assertThat(producer.send(ProducerRecord.of("orders", null)).join().offset())
                .isEqualTo(1);

        List<StoredRecord> records = cluster.records("orders", 0);
        assertThat(records.get(0))
                .isEqualTo(new StoredRecord(
                        0,
                        42,
                        Bytes.utf8("k"),
                        Bytes.utf8("v"),
                        List.of(new Header("a", Bytes.utf8("1")), new Header("b", null))));
        assertThat(records.get(1).key()).isNull();
        assertThat(records.get(1).value()).isNull();
        assertThat(records.get(1).timestampMillis()).isEqualTo(fixture.timers.currentTimeMillis());
        assertThat(producer.stats()).isEqualTo(new ProducerStats(2, 0, 0, 0, 0));
    }

    @Test
    void orderWithinAPartitionSurvivesRetries() {
        cluster.createTopic("orders", 1);
        // Every other request fails, in ways that may or may not have been applied.
        for (int i = 0; i < 20; i++) {
            cluster.nextProduce(
                    append -> {
                        throw noLeader();
                    },
                    FakeCluster.Append::run);
        }
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withBatchBytesMax(1024));
        List<CompletableFuture<RecordPosition>> sent = sendNumbers(producer, "orders", 2_000);
        producer.flush();

        assertThat(cluster.values("orders", 0)).isEqualTo(numbers(2_000));
        for (int i = 0; i < sent.size(); i++) {
            assertThat(sent.get(i).join().offset()).isEqualTo(i);
        }
        assertThat(producer.stats().batchesRetried()).isPositive();
        assertThat(producer.stats().batchesPossiblyDuplicated()).isZero();
    }

    @Test
    void recordsGatherInOneBatchWhileARequestIsUnderWay() throws InterruptedException {
        cluster.createTopic("orders", 1);
        HeldProduce held = new HeldProduce();
        cluster.nextProduce(held);
        Producer producer = fixture.client.producer();
        List<CompletableFuture<RecordPosition>> sent = sendNumbers(producer, "orders", 1);
        held.awaitArrival();
        sent.addAll(sendNumbers(producer, "orders", 999));
        held.release();
        producer.flush();

        assertThat(cluster.produceLog()).hasSize(2);
        assertThat(sent.get(999).join().offset()).isEqualTo(999);
    }

    @Test
    void lingeringRecordsWaitForCompanyUntilTheTimeIsOver() {
        cluster.createTopic("orders", 1);
        fixture.timers.hold();
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withLinger(Duration.ofMillis(5)));
        List<CompletableFuture<RecordPosition>> sent = sendNumbers(producer, "orders", 10);

        assertThat(cluster.produceLog()).isEmpty();
        fixture.timers.release();
        CompletableFuture.allOf(sent.toArray(CompletableFuture<?>[]::new)).join();
        assertThat(cluster.produceLog()).hasSize(1);
        assertThat(fixture.timers.waits()).containsExactly(Duration.ofMillis(5));
    }

    @Test
    void flushDoesNotLinger() {
        cluster.createTopic("orders", 1);
        fixture.timers.hold();
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withLinger(Duration.ofHours(1)));
        sendNumbers(producer, "orders", 10);
        producer.flush();

        assertThat(cluster.values("orders", 0)).isEqualTo(numbers(10));
    }

    @Test
    void withoutIdempotenceABatchWhoseAnswerIsLostMayBeThereTwiceAndIsCounted() {
        cluster.createTopic("orders", 1);
        cluster.nextProduce(append -> {
            append.run();
            throw Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException();
        });
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withIdempotence(false));
        producer.send(value("orders", "once")).join();

        assertThat(cluster.values("orders", 0)).containsExactly("once", "once");
        assertThat(producer.stats()).isEqualTo(new ProducerStats(1, 0, 1, 1, 1));
    }

    @Test
    void aFailureAfterAnUnknownOutcomeStaysUnknown() {
        cluster.createTopic("orders", 1);
        cluster.nextProduce(
                append -> {
                    append.run();
                    throw FakeCluster.error(Status.Code.UNAVAILABLE, ErrorReason.OUTCOME_UNKNOWN, null, Map.of());
                },
                append -> {
                    throw FakeCluster.error(Status.Code.INVALID_ARGUMENT, ErrorReason.INVALID_REQUEST, null, Map.of());
                });
        MillraceException failure = failureOf(fixture.client.producer().send(value("orders", "x")));

        assertThat(failure.reason()).isEqualTo(FailureReason.INVALID_REQUEST);
        assertThat(failure.isOutcomeUnknown()).isTrue();
    }

    @Test
    void aKilledLeaderIsReplacedByItsSuccessor() throws InterruptedException {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("orders", "before")).join();
        CountDownLatch arrived = new CountDownLatch(1);
        cluster.nextProduce(append -> {
            arrived.countDown();
            // Until the broker is killed.
            new CountDownLatch(1).await();
            throw new AssertionError();
        });
        CompletableFuture<RecordPosition> during = producer.send(value("orders", "during"));
        arrived.await();
        cluster.moveLeader("orders", 0, 2);
        cluster.broker(1).kill();

        assertThat(during.join().offset()).isEqualTo(1);
        producer.send(value("orders", "after")).join();
        assertThat(cluster.values("orders", 0)).containsExactly("before", "during", "after");
        assertThat(producer.stats()).isEqualTo(new ProducerStats(3, 0, 1, 0, 0));
    }

    @Test
    void aBrokerThatComesBackIsUsedAgain() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("orders", "1")).join();
        cluster.broker(1).kill();
        cluster.moveLeader("orders", 0, 2);
        producer.send(value("orders", "2")).join();
        cluster.broker(1).restart();
        cluster.moveLeader("orders", 0, 1);
        cluster.strictLeaders();
        fixture.timers.pass(Duration.ofSeconds(2));
        producer.send(value("orders", "3")).join();

        assertThat(cluster.values("orders", 0)).containsExactly("1", "2", "3");
        assertThat(cluster.produceLog().get(cluster.produceLog().size() - 1)).isEqualTo("1<orders-0");
    }

    @Test
    void aLeaderHintIsFollowedWithoutWaiting() {
        cluster.createTopic("orders", 1);
        cluster.strictLeaders();
        Producer producer = fixture.client.producer();
        producer.send(value("orders", "1")).join();
        cluster.moveLeader("orders", 0, 3);
        producer.send(value("orders", "2")).join();

        assertThat(cluster.produceLog()).containsExactly("1<orders-0", "1<orders-0", "3<orders-0");
        assertThat(fixture.timers.waits()).isEmpty();
    }

    @Test
    void anElectionIsWaitedForWithGrowingPauses() {
        cluster.createTopic("orders", 1);
        for (int i = 0; i < 8; i++) {
            cluster.nextProduce(append -> {
                throw noLeader();
            });
        }
        fixture.client.producer().send(value("orders", "x")).join();

        List<Duration> waits = fixture.timers.waits();
        assertThat(waits).hasSize(8);
        assertThat(waits.get(0)).isLessThanOrEqualTo(Duration.ofMillis(20));
        assertThat(waits.get(7)).isBetween(Duration.ofMillis(250), Duration.ofMillis(500));
    }

    @Test
    void anOverloadedBrokerIsLeftAloneForAsLongAsItAsks() {
        cluster.createTopic("orders", 1);
        cluster.nextProduce(append -> {
            throw FakeCluster.error(
                    Status.Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED, Duration.ofMillis(1_700), Map.of());
        });
        fixture.client.producer().send(value("orders", "x")).join();

        assertThat(fixture.timers.waits()).containsExactly(Duration.ofMillis(1_700));
    }

    @Test
    void aRecordFailsWhenItsTimeIsOver() {
        cluster.createTopic("orders", 1);
        cluster.moveLeader("orders", 0, null);
        Producer producer = fixture.client.producer();
        MillraceException failure = failureOf(producer.send(value("orders", "x")));

        assertThat(failure.reason()).isEqualTo(FailureReason.NO_LEADER);
        assertThat(failure.isOutcomeUnknown()).isFalse();
        assertThat(failure).hasMessageContaining("gave up after");
        assertThat(fixture.timers.nanoTime())
                .isBetween(
                        Duration.ofSeconds(59).toNanos(), Duration.ofSeconds(60).toNanos());
        assertThat(producer.stats()).isEqualTo(new ProducerStats(0, 1, 0, 0, 0));
    }

    @Test
    void recordsBehindAFailedBatchAreWritten() {
        cluster.createTopic("orders", 1);
        cluster.nextProduce(append -> {
            throw FakeCluster.error(Status.Code.INVALID_ARGUMENT, ErrorReason.CORRUPT_BATCH, null, Map.of());
        });
        Producer producer = fixture.client.producer();
        assertThat(failureOf(producer.send(value("orders", "bad"))).reason()).isEqualTo(FailureReason.CORRUPT_BATCH);
        assertThat(producer.send(value("orders", "good")).join().offset()).isZero();
    }

    @Test
    void aBatchTooLargeForTheBrokerIsSplitAndOnlyTheRecordTooLargeFails() {
        cluster.createTopic("orders", 1);
        cluster.limitRequestsTo(300);
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withLinger(Duration.ofHours(1)));
        fixture.timers.hold();
        List<CompletableFuture<RecordPosition>> sent = sendNumbers(producer, "orders", 50);
        CompletableFuture<RecordPosition> large = producer.send(value("orders", "x".repeat(1_000)));
        sent.addAll(sendNumbers(producer, "orders", 50));
        producer.flush();

        MillraceException failure = failureOf(large);
        assertThat(failure.reason()).isEqualTo(FailureReason.MESSAGE_TOO_LARGE);
        assertThat(failure.metadata()).containsEntry("limit_bytes", "300");
        List<String> expected = new ArrayList<>(numbers(50));
        expected.addAll(numbers(50));
        assertThat(cluster.values("orders", 0)).isEqualTo(expected);
        for (int i = 0; i < sent.size(); i++) {
            assertThat(sent.get(i).join().offset()).isEqualTo(i);
        }
    }

    @Test
    void aFullBufferFailsAtOnceIfSendsMayNotBlock() throws InterruptedException {
        cluster.createTopic("orders", 1);
        HeldProduce held = new HeldProduce();
        cluster.nextProduce(held);
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT
                .withBatchBytesMax(1024)
                .withBufferBytesMax(1024)
                .withBlockMax(Duration.ZERO));
        // The metadata is a wait as well.
        fixture.client.partitions("orders");
        CompletableFuture<RecordPosition> first = producer.send(value("orders", "x".repeat(800)));
        MillraceException failure = failureOf(producer.send(value("orders", "y".repeat(800))));
        assertThat(failure.reason()).isEqualTo(FailureReason.BUFFER_FULL);
        assertThat(failureOf(producer.send(value("orders", "z".repeat(2_000)))).reason())
                .isEqualTo(FailureReason.MESSAGE_TOO_LARGE);

        held.release();
        first.join();
        producer.send(value("orders", "y".repeat(800))).join();
        assertThat(cluster.records("orders", 0)).hasSize(2);
    }

    @Test
    void aSendIntoAFullBufferWaitsForRoom() throws InterruptedException {
        cluster.createTopic("orders", 1);
        HeldProduce held = new HeldProduce();
        cluster.nextProduce(held);
        Producer producer = fixture.client.producer(
                ProducerSettings.DEFAULT.withBatchBytesMax(1024).withBufferBytesMax(1024));
        CompletableFuture<RecordPosition> first = producer.send(value("orders", "x".repeat(800)));
        CompletableFuture<Long> second = CompletableFuture.supplyAsync(
                () -> producer.send(value("orders", "y".repeat(800))).join().offset());
        held.release();

        assertThat(first.join().offset()).isZero();
        assertThat(second.join()).isEqualTo(1);
    }

    @Test
    void aKeyDecidesThePartitionAsInKafka() {
        cluster.createTopic("orders", 3);
        Producer producer = fixture.client.producer();
        for (int i = 0; i < 20; i++) {
            Bytes key = Bytes.utf8("key-" + i);
            RecordPosition position =
                    producer.send(ProducerRecord.of("orders", key, key)).join();
            assertThat(position.partition()).isEqualTo(Partitioner.forKey(key, 3));
        }
    }

    @Test
    void recordsWithoutKeysFillOnePartitionAfterTheOther() {
        cluster.createTopic("orders", 3);
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withBatchBytesMax(1024));
        sendNumbers(producer, "orders", 300);
        producer.flush();

        for (int partition = 0; partition < 3; partition++) {
            assertThat(cluster.records("orders", partition)).hasSizeBetween(80, 120);
        }
    }

    @Test
    void aNamedPartitionIsTaken() {
        cluster.createTopic("orders", 3);
        Producer producer = fixture.client.producer();

        assertThat(producer.send(value("orders", "x").toPartition(2)).join())
                .isEqualTo(new RecordPosition("orders", 2, 0, fixture.timers.currentTimeMillis()));
        MillraceException failure = failureOf(producer.send(value("orders", "x").toPartition(3)));
        assertThat(failure.reason()).isEqualTo(FailureReason.UNKNOWN_PARTITION);
        assertThat(failure.metadata()).containsEntry("partitions", "3");
    }

    @Test
    void partitionsDoNotWaitForEachOther() throws InterruptedException {
        cluster.createTopic("orders", 2);
        HeldProduce held = new HeldProduce();
        cluster.nextProduce(held);
        Producer producer = fixture.client.producer();
        CompletableFuture<RecordPosition> slow =
                producer.send(value("orders", "x").toPartition(0));
        // The order of arrival decides who meets the fault.
        while (cluster.produceLog().isEmpty()) {
            Thread.onSpinWait();
        }
        producer.send(value("orders", "y").toPartition(1)).join();
        assertThat(slow).isNotDone();
        held.release();
        slow.join();
    }

    @Test
    void anUnknownTopicIsBelievedOnlyAfterSeveralAnswers() {
        MillraceException failure = failureOf(fixture.client.producer().send(value("missing", "x")));

        assertThat(failure.reason()).isEqualTo(FailureReason.UNKNOWN_TOPIC);
        assertThat(cluster.metadataLog()).hasSize(3);
        assertThat(cluster.metadataLog().stream().map(line -> line.charAt(0)).distinct())
                .hasSizeGreaterThan(1);
    }

    @Test
    void aBadTopicNameIsRefusedWithoutAsking() {
        assertThat(failureOf(fixture.client.producer().send(value("a/b", "x"))).reason())
                .isEqualTo(FailureReason.INVALID_TOPIC_NAME);
        assertThat(cluster.metadataLog()).isEmpty();
    }

    @Test
    void recordsThatWereThereAlreadyAreToldAsSuch() throws InterruptedException {
        cluster.createTopic("orders", 1);
        HeldProduce held = new HeldProduce(); // the others gather meanwhile
        cluster.nextProduce(held, append -> ProduceResponse.newBuilder()
                .setBaseOffset(10)
                .setRecordCount(2)
                .addDuplicates(
                        ProduceResponse.Duplicate.newBuilder().setRecord(1).setOffset(4))
                .addDuplicates(
                        ProduceResponse.Duplicate.newBuilder().setRecord(3).setOffset(10))
                .build());
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withMaxInFlight(1));
        CompletableFuture<RecordPosition> first = producer.send(value("orders", "first"));
        held.awaitArrival();
        List<CompletableFuture<RecordPosition>> sent = sendNumbers(producer, "orders", 4);
        held.release();

        assertThat(first.join().duplicate()).isFalse();
        assertThat(sent.stream().map(CompletableFuture::join))
                .extracting(RecordPosition::offset, RecordPosition::duplicate)
                .containsExactly(tuple(10L, false), tuple(4L, true), tuple(11L, false), tuple(10L, true));
    }

    @Test
    void batchesAreCompressedAsTheirTopicHasIt() {
        cluster.createTopic("orders", 1, Map.of("compression.types", "snappy"));
        cluster.createTopic("plain", 1, Map.of("compression.types", "none"));
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withCompression(BatchCompression.AUTO));
        producer.sendSync(value("orders", "x"));
        producer.sendSync(value("orders", "x".repeat(10_000)));
        producer.sendSync(value("plain", "x".repeat(10_000)));

        assertThat(cluster.compressions("orders", 0)).containsExactly(Compression.SNAPPY, Compression.SNAPPY);
        assertThat(cluster.compressions("plain", 0)).containsExactly(Compression.NONE);
    }

    @Test
    void closingWaitsForWhatWasSentAndRefusesMore() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        List<CompletableFuture<RecordPosition>> sent = sendNumbers(producer, "orders", 100);
        producer.close();

        assertThat(sent).allMatch(CompletableFuture::isDone);
        assertThat(cluster.values("orders", 0)).isEqualTo(numbers(100));
        assertThat(failureOf(producer.send(value("orders", "x"))).reason()).isEqualTo(FailureReason.CLOSED);
    }

    private static List<CompletableFuture<RecordPosition>> sendNumbers(Producer producer, String topic, int count) {
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        numbers(count).forEach(number -> sent.add(producer.send(value(topic, number))));
        return sent;
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    private static ProducerRecord value(String topic, String value) {
        return ProducerRecord.of(topic, Bytes.utf8(value));
    }

    private static RuntimeException noLeader() {
        return FakeCluster.error(Status.Code.UNAVAILABLE, ErrorReason.NO_LEADER, null, Map.of());
    }
}
