package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConsumerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);

    private final ClientFixture fixture = new ClientFixture();
    private final FakeCluster cluster = fixture.cluster;

    @AfterEach
    void close() {
        fixture.close();
    }

    private Consumer consumer(ConsumerSettings settings, TopicPartition... partitions) {
        Consumer consumer = fixture.client.consumer(settings);
        consumer.assign(List.of(partitions));
        return consumer;
    }

    private Consumer consumer(TopicPartition... partitions) {
        return consumer(ConsumerSettings.DEFAULT, partitions);
    }

    private void produce(TopicPartition partition, String... values) {
        try (Producer producer = fixture.client.producer()) {
            for (String value : values) {
                producer.sendSync(ProducerRecord.of(partition.topic(), null, Bytes.utf8(value))
                        .toPartition(partition.partition()));
            }
        }
    }

    /** What is polled until there are so many. */
    private static List<String> values(Consumer consumer, int count) {
        List<String> values = new ArrayList<>();
        while (values.size() < count) {
            List<ConsumerRecord> records = consumer.poll(PATIENCE);
            assertThat(records).as("after " + values).isNotEmpty();
            records.forEach(record -> values.add(text(record)));
        }
        return values;
    }

    private static String text(ConsumerRecord record) {
        Bytes value = record.value();
        return value == null ? "null" : value.toUtf8();
    }

    private static String[] numbered(int count) {
        return IntStream.range(0, count).mapToObj(i -> "v" + i).toArray(String[]::new);
    }

    private static void await(BooleanSupplier condition) {
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(giveUp);
            Thread.onSpinWait();
        }
    }

    @Test
    void recordsOfEachPartitionComeInOrderFromTheirLeaders() {
        cluster.createTopic("orders", 2);
        cluster.strictLeaders();
        produce(FIRST, "a", "b", "c");
        produce(SECOND, "x", "y");
        Consumer consumer = consumer(FIRST, SECOND);
        List<ConsumerRecord> records = new ArrayList<>();
        while (records.size() < 5) {
            records.addAll(consumer.poll(PATIENCE));
        }
        assertThat(records.stream().filter(r -> r.partition().equals(FIRST)).map(ConsumerTest::text))
                .containsExactly("a", "b", "c");
        assertThat(records.stream().filter(r -> r.partition().equals(SECOND)).map(ConsumerTest::text))
                .containsExactly("x", "y");
        assertThat(consumer.position(FIRST)).hasValue(3);
        assertThat(consumer.lag(FIRST)).hasValue(0);
        assertThat(consumer.available(FIRST)).hasValue(new OffsetRange(0, 3));
        assertThat(cluster.fetchLog()).allMatch(line -> line.startsWith("1<orders-0") || line.startsWith("2<orders-1"));
    }

    @Test
    void aPollWaitsForTheNextRecordAndIsEmptyWithoutOne() {
        cluster.createTopic("orders", 1);
        Consumer consumer = consumer(FIRST);
        assertThat(consumer.poll(Duration.ofMillis(1))).isEmpty();
        CompletableFuture<List<String>> waiting = CompletableFuture.supplyAsync(() -> values(consumer, 1));
        produce(FIRST, "late");
        assertThat(waiting.join()).containsExactly("late");
    }

    @ParameterizedTest
    @EnumSource(BatchCompression.class)
    void batchesOfEveryCodecAreRead(BatchCompression compression) {
        cluster.createTopic("orders", 1);
        try (Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withCompression(compression))) {
            for (String value : numbered(50)) {
                var unused =
                        producer.send(ProducerRecord.of("orders", Bytes.utf8("key"), Bytes.utf8(value.repeat(20))));
            }
        }
        assertThat(values(consumer(FIRST), 50)).startsWith("v0".repeat(20)).endsWith("v49".repeat(20));
    }

    @Test
    void aPollGivesNoMoreThanItMayAndPartitionsTakeTurns() {
        cluster.createTopic("orders", 2);
        produce(FIRST, numbered(10));
        produce(SECOND, numbered(10));
        Consumer consumer = consumer(ConsumerSettings.DEFAULT.withPollRecordsMax(4), FIRST, SECOND);
        consumer.seekToBeginning();
        await(() -> cluster.fetchLog().size() == 4); // each was answered, and asked for more
        List<ConsumerRecord> first = consumer.poll(PATIENCE);
        List<ConsumerRecord> second = consumer.poll(PATIENCE);
        assertThat(first).hasSize(4);
        assertThat(second).hasSize(4);
        assertThat(first.get(0).partition()).isNotEqualTo(second.get(0).partition());
    }

    @Test
    void aConsumerBeginsWhereItIsTold() {
        cluster.createTopic("orders", 1);
        produce(FIRST, numbered(5));
        Consumer consumer = consumer(FIRST);
        consumer.seek(FIRST, 3);
        assertThat(values(consumer, 2)).containsExactly("v3", "v4");
        consumer.seekToBeginning();
        assertThat(values(consumer, 5)).startsWith("v0");
        consumer.seekToEnd(FIRST);
        await(() -> consumer.position(FIRST).orElse(-1) == 5);
        produce(FIRST, "new");
        assertThat(values(consumer, 1)).containsExactly("new");
        assertThatThrownBy(() -> consumer.seek(SECOND, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aConsumerBeginsAtATime() {
        cluster.createTopic("orders", 1);
        try (Producer producer = fixture.client.producer()) {
            for (long at : List.of(1_000L, 2_000L, 3_000L)) {
                producer.sendSync(ProducerRecord.of("orders", null, Bytes.utf8("at " + at))
                        .withTimestamp(at));
            }
        }
        Consumer consumer = consumer(FIRST);
        consumer.seekToTimestamp(1_500);
        assertThat(values(consumer, 2)).containsExactly("at 2000", "at 3000");
        consumer.seekToTimestamp(9_000, FIRST);
        await(() -> consumer.position(FIRST).orElse(-1) == 3);
    }

    @Test
    void aPausedPartitionGivesNothingUntilItIsResumedAndLosesNothing() {
        cluster.createTopic("orders", 2);
        produce(FIRST, numbered(3));
        Consumer consumer = consumer(FIRST, SECOND);
        consumer.pause(List.of(FIRST));
        produce(SECOND, "other");
        assertThat(values(consumer, 1)).containsExactly("other");
        assertThat(consumer.poll(AT_ONCE)).isEmpty();
        assertThat(consumer.paused()).containsExactly(FIRST);
        consumer.resume(List.of(FIRST));
        assertThat(values(consumer, 3)).containsExactly(numbered(3));
    }

    /** Nobody polls: what waits stays within its bound, whatever there is to read. */
    @Test
    void whatIsFetchedAheadIsBoundedForEachPartition() {
        cluster.createTopic("orders", 1);
        String large = "x".repeat(10_000);
        produce(FIRST, IntStream.range(0, 20).mapToObj(i -> large).toArray(String[]::new));
        Consumer consumer = consumer(
                ConsumerSettings.DEFAULT
                        .withFetchBytesMax(15_000)
                        .withPrefetchBytesMax(40_000)
                        .withPollRecordsMax(1),
                FIRST);
        consumer.seekToBeginning();
        await(() -> cluster.fetchLog().size() >= 3);
        assertThat(consumer.poll(PATIENCE)).hasSize(1);
        assertThat(cluster.fetchLog()).hasSize(3);
        assertThat(values(consumer, 19)).hasSize(19);
    }

    @Test
    void anOffsetThatIsNotThereIsResetAsThePolicySays() {
        cluster.createTopic("orders", 1);
        produce(FIRST, numbered(5));
        cluster.trim("orders", 0, 2);

        Consumer earliest = consumer(FIRST);
        earliest.seek(FIRST, 0);
        assertThat(values(earliest, 3)).containsExactly("v2", "v3", "v4");

        Consumer latest = consumer(ConsumerSettings.DEFAULT.withReset(ResetPolicy.LATEST), FIRST);
        latest.seek(FIRST, 99);
        await(() -> latest.position(FIRST).orElse(-1) == 5);

        Consumer strict = consumer(ConsumerSettings.DEFAULT.withReset(ResetPolicy.ERROR), FIRST);
        assertThat(failureOf(strict).reason()).isEqualTo(FailureReason.OFFSET_OUT_OF_RANGE);
        strict.seek(FIRST, 1);
        MillraceException failure = failureOf(strict);
        assertThat(failure.reason()).isEqualTo(FailureReason.OFFSET_OUT_OF_RANGE);
        assertThat(failure.metadata()).containsEntry("earliest_offset", "2");
        strict.seek(FIRST, 4);
        assertThat(values(strict, 1)).containsExactly("v4");
    }

    private static MillraceException failureOf(Consumer consumer) {
        MillraceException failure = catchThrowableOfType(MillraceException.class, () -> consumer.poll(PATIENCE));
        assertThat(failure).isNotNull();
        return failure;
    }

    @Test
    void whatDoesNotPassIsToldAndTheOthersCanBeReadOn() {
        cluster.createTopic("orders", 1);
        produce(FIRST, "a");
        TopicPartition nowhere = new TopicPartition("nowhere", 0);
        Consumer consumer = consumer(nowhere);
        MillraceException failure = failureOf(consumer);
        assertThat(failure.reason()).isEqualTo(FailureReason.UNKNOWN_TOPIC);
        assertThat(failure.metadata()).containsEntry("topic", "nowhere");
        consumer.assign(List.of(FIRST));
        assertThat(values(consumer, 1)).containsExactly("a");
    }

    @Test
    void troubleThatPassesIsWaitedOutWithGrowingPausesAndNotTold() {
        cluster.createTopic("orders", 1);
        produce(FIRST, "a");
        RuntimeException overloaded = FakeCluster.error(
                Status.Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED, Duration.ofMillis(7), Map.of());
        cluster.failNextFetch(overloaded, overloaded, overloaded);
        assertThat(values(consumer(FIRST), 1)).containsExactly("a");
        assertThat(fixture.timers.waits().stream().filter(wait -> !wait.isZero()))
                .hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void aConsumerFollowsALeaderThatMovesAndOneThatDies() {
        cluster.createTopic("orders", 1);
        cluster.strictLeaders();
        produce(FIRST, "a");
        Consumer consumer = consumer(FIRST);
        assertThat(values(consumer, 1)).containsExactly("a");
        cluster.moveLeader("orders", 0, 2);
        cluster.broker(1).kill();
        produce(FIRST, "b");
        assertThat(values(consumer, 1)).containsExactly("b");
        assertThat(cluster.fetchLog()).anyMatch(line -> line.equals("2<orders-0@1"));
    }

    @Test
    void whoAllowsItReadsAReplicaThatDoesNotLead() {
        cluster.createTopic("orders", 1);
        produce(FIRST, numbered(3));
        Consumer consumer = consumer(ConsumerSettings.DEFAULT.withAnyReplica(true), FIRST);
        assertThat(values(consumer, 3)).containsExactly(numbered(3));
        assertThat(cluster.fetchLog()).isNotEmpty().noneMatch(line -> line.startsWith("1<"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3}) // the first leads
    void whoSaysWhereItRunsReadsTheReplicaThere(int broker) {
        cluster.createTopic("orders", 1);
        produce(FIRST, numbered(3));
        try (MillraceClient near = fixture.clientIn("rack-" + broker)) {
            Consumer consumer = near.consumer(ConsumerSettings.DEFAULT.withAnyReplica(true));
            consumer.assign(List.of(FIRST));
            assertThat(values(consumer, 3)).containsExactly(numbered(3));
        }
        assertThat(cluster.fetchLog()).isNotEmpty().allMatch(line -> line.startsWith(broker + "<"));
    }

    @Test
    void aPartitionThatStaysAssignedGoesOnWhereItWas() {
        cluster.createTopic("orders", 2);
        produce(FIRST, "a");
        Consumer consumer = consumer(FIRST);
        values(consumer, 1);
        consumer.assign(consumer.partitionsOf("orders"));
        assertThat(consumer.assignment()).containsExactlyInAnyOrder(FIRST, SECOND);
        produce(FIRST, "b");
        assertThat(values(consumer, 1)).containsExactly("b");
    }

    @Test
    void aPollThatWaitsEndsWhenItIsWokenAndWhenTheConsumerIsClosed() {
        cluster.createTopic("orders", 1);
        Consumer consumer = consumer(FIRST);
        consumer.wakeup();
        assertThat(consumer.poll(PATIENCE)).isEmpty();
        CompletableFuture<MillraceException> waiting = CompletableFuture.supplyAsync(() -> failureOf(consumer));
        consumer.close();
        assertThat(waiting.join().reason()).isEqualTo(FailureReason.CLOSED);
    }

    // --------------------------------------------------------------------------------------------------------- workers

    private static CompletableFuture<Void> inBackground(
            Consumer consumer, WorkerSettings workers, RecordHandler handler) {
        return CompletableFuture.runAsync(() -> consumer.forEach(workers, handler));
    }

    @ParameterizedTest
    @EnumSource(WorkerSettings.Order.class)
    void workersKeepTheOrderThatTheyAreToldAndLoseNothing(WorkerSettings.Order order) {
        cluster.createTopic("orders", 2);
        try (Producer producer = fixture.client.producer()) {
            for (int i = 0; i < 2_000; i++) {
                var unused = producer.send(ProducerRecord.of("orders", Bytes.utf8("key" + i % 13), Bytes.utf8("v" + i))
                        .toPartition(i % 2));
            }
        }
        Consumer consumer = consumer(FIRST, SECOND);
        Map<String, List<Long>> seen = new ConcurrentHashMap<>();
        AtomicInteger count = new AtomicInteger();
        var running = inBackground(consumer, new WorkerSettings(4, order, 7), record -> {
            String what = order == WorkerSettings.Order.KEY
                    ? record.partition() + "/" + record.key()
                    : record.partition().toString();
            // Not synchronised: of one list, one thread at a time.
            seen.computeIfAbsent(what, key -> new ArrayList<>()).add(record.offset());
            if (count.incrementAndGet() == 2_000) {
                consumer.wakeup();
            }
        });
        running.join();
        assertThat(seen.values().stream().mapToInt(List::size).sum()).isEqualTo(2_000);
        assertThat(seen.values())
                .allSatisfy(offsets -> assertThat(offsets).isSorted().doesNotHaveDuplicates());
    }

    /** The worker of one partition is stuck; that of the other is not, and what waits for the first stays within bounds. */
    @Test
    void aStuckWorkerHoldsUpItsPartitionOnly() {
        cluster.createTopic("orders", 2);
        produce(FIRST, numbered(50));
        produce(SECOND, numbered(50));
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch others = new CountDownLatch(50);
        List<Long> first = new CopyOnWriteArrayList<>();
        Consumer consumer = consumer(FIRST, SECOND);
        var running = inBackground(consumer, new WorkerSettings(2, WorkerSettings.Order.PARTITION, 3), record -> {
            if (record.partition().equals(FIRST)) {
                release.await();
                first.add(record.offset());
                if (first.size() == 50) {
                    consumer.wakeup();
                }
            } else {
                others.countDown();
            }
        });
        await(() -> others.getCount() == 0 && consumer.position(FIRST).isPresent());
        assertThat(first).isEmpty();
        assertThat(consumer.position(FIRST).orElseThrow()).isLessThanOrEqualTo(1 + 3 + 1);
        release.countDown();
        running.join();
        assertThat(first).hasSize(50).isSorted();
    }

    @Test
    void aHandlerThatThrowsEndsItAndNothingElseIsHandledByItsWorker() {
        cluster.createTopic("orders", 1);
        produce(FIRST, numbered(10));
        List<Long> seen = new CopyOnWriteArrayList<>();
        Consumer consumer = consumer(FIRST);
        MillraceException failure = catchThrowableOfType(
                MillraceException.class,
                () -> consumer.forEach(record -> {
                    seen.add(record.offset());
                    if (record.offset() == 3) {
                        throw new IllegalStateException("no such order");
                    }
                }));
        assertThat(failure).hasMessageContaining("no such order").hasCauseInstanceOf(IllegalStateException.class);
        assertThat(seen).containsExactly(0L, 1L, 2L, 3L);
    }

    @Test
    void closingWaitsForWhatTheWorkersHave() {
        cluster.createTopic("orders", 1);
        produce(FIRST, numbered(5));
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        List<Long> seen = new CopyOnWriteArrayList<>();
        Consumer consumer = consumer(FIRST);
        var running = inBackground(consumer, WorkerSettings.DEFAULT, record -> {
            begun.countDown();
            release.await();
            seen.add(record.offset());
        });
        await(() -> begun.getCount() == 0 && consumer.position(FIRST).orElse(0) == 5);
        CompletableFuture<Void> closing = CompletableFuture.runAsync(consumer::close);
        assertThat(closing).isNotDone();
        release.countDown();
        closing.join();
        running.join();
        assertThat(seen).containsExactly(0L, 1L, 2L, 3L, 4L);
    }
}
