package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.GroupSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.WorkerSettings;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Java's consumer in groups on real brokers. */
class GroupConsumingTest {
    private static final long PATIENCE_SECONDS = 120;
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 6;

    /** What one member has handled, in its order. */
    private record Member(Consumer consumer, CompletableFuture<Void> running) {
        void leave() {
            consumer.close();
            running.join();
        }
    }

    /** Of each partition, the offsets in the order in which they were handled by anybody. */
    private final Map<TopicPartition, ConcurrentLinkedQueue<Long>> handled = new ConcurrentHashMap<>();

    /** Not the common pool, which the brokers need. */
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private final Set<String> values = ConcurrentHashMap.newKeySet();

    @AfterEach
    void stopThreads() {
        threads.shutdownNow();
    }

    private Member join(MillraceClient client) {
        Consumer consumer = client.consumer(
                ConsumerSettings.DEFAULT.withGroup(GroupSettings.of("workers").withAutoCommit(Duration.ofMillis(100))));
        consumer.subscribe(List.of(TOPIC));
        return new Member(
                consumer,
                CompletableFuture.runAsync(
                        () -> consumer.forEach(WorkerSettings.DEFAULT.withWorkers(2), record -> {
                            handled.computeIfAbsent(record.partition(), p -> new ConcurrentLinkedQueue<>())
                                    .add(record.offset());
                            values.add(Objects.requireNonNull(record.value()).toUtf8());
                        }),
                        threads));
    }

    private static void await(BooleanSupplier condition) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(giveUp);
            Thread.onSpinWait();
        }
    }

    private static void produce(Producer producer, int from, int to) {
        IntStream.range(from, to).forEach(i -> {
            var unused = producer.send(
                    ProducerRecord.of(TOPIC, null, Bytes.utf8("v" + i)).toPartition(i % PARTITIONS));
        });
        producer.flush();
    }

    @Test
    void membersThatComeAndGoHandleEachRecordOnceAndInOrder() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start();
                MillraceClient client = cluster.client();
                Producer producer = client.producer()) {
            client.admin().createTopic(TOPIC, PARTITIONS, Admin.REPLICATION_FACTOR_DEFAULT);
            List<Member> members = new ArrayList<>();
            int written = 0;
            for (int round = 0; round < 6; round++) {
                members.add(join(client));
                if (round % 2 == 1) {
                    members.remove(0).leave();
                }
                produce(producer, written, written + 600);
                written += 600;
            }
            int all = written;
            await(() -> values.size() == all);
            members.forEach(Member::leave);
            assertThat(handled).hasSize(PARTITIONS);
            // Orderly hand-overs: nothing twice, nothing out of order.
            handled.values().forEach(offsets -> assertThat(offsets)
                    .containsExactlyElementsOf(
                            LongStream.range(0, all / PARTITIONS).boxed().toList()));
        }
    }

    @Test
    void everyRecordIsHandledAlthoughBrokersGoAway() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3);
                MillraceClient client = cluster.client();
                Producer producer = client.producer()) {
            client.admin().createTopic(TOPIC, PARTITIONS, Admin.REPLICATION_FACTOR_DEFAULT);
            List<Member> members = new ArrayList<>(List.of(join(client), join(client)));
            int written = 0;
            for (int broker = 1; broker <= 3; broker++) {
                produce(producer, written, written + 600);
                cluster.stopBroker(broker);
                produce(producer, written + 600, written + 1_200);
                written += 1_200;
                int all = written;
                await(() -> values.size() == all);
                cluster.startBroker(broker);
            }
            members.forEach(Member::leave);
            int each = written / PARTITIONS;
            handled.values().forEach(offsets -> assertThat(offsets).contains(0L, each - 1L));
            try (Consumer look = client.consumer(ConsumerSettings.DEFAULT.withGroup("workers"))) {
                assertThat(look.committed(look.partitionsOf(TOPIC)).values())
                        .hasSize(PARTITIONS)
                        .containsOnly((long) each);
            }
        }
    }
}
