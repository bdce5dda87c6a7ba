package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java's consumer on real brokers. */
class ConsumingTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Of three partitions that are being written and read, one after the other loses its leader. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyRecordIsReadOnceAndInOrderAlthoughLeadersGoAway(boolean anyReplica) {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3);
                MillraceClient client = cluster.client();
                Producer producer = client.producer();
                Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withAnyReplica(anyReplica))) {
            client.admin().createTopic("orders", 3, Admin.REPLICATION_FACTOR_DEFAULT);
            consumer.assign(consumer.partitionsOf("orders"));
            List<ConsumerRecord> records = new ArrayList<>();
            long written = 0;
            for (int broker = 1; broker <= 3; broker++) {
                written = write(producer, written, 300);
                read(consumer, records, (int) written - 150);
                cluster.stopBroker(broker);
                written = write(producer, written, 300);
                read(consumer, records, (int) written);
                cluster.startBroker(broker);
            }
            assertThat(records).hasSize((int) written);
            Map<TopicPartition, List<Long>> offsets = records.stream()
                    .collect(Collectors.groupingBy(
                            ConsumerRecord::partition,
                            Collectors.mapping(ConsumerRecord::offset, Collectors.toList())));
            offsets.values().forEach(each -> assertThat(each)
                    .containsExactlyElementsOf(
                            LongStream.range(0, each.size()).boxed().toList()));
            assertThat(records.stream()
                            .map(r -> Objects.requireNonNull(r.value()))
                            .distinct())
                    .hasSize((int) written);
        }
    }

    private static long write(Producer producer, long from, int count) {
        for (long number = from; number < from + count; number++) {
            var unused = producer.send(
                    ProducerRecord.of("orders", null, Bytes.utf8("v" + number)).toPartition((int) (number % 3)));
        }
        producer.flush();
        return from + count;
    }

    private static void read(Consumer consumer, List<ConsumerRecord> into, int count) {
        while (into.size() < count) {
            List<ConsumerRecord> polled = consumer.poll(PATIENCE);
            assertThat(polled).as("after " + into.size()).isNotEmpty();
            into.addAll(polled);
        }
    }

    @Test
    void readingBeginsAtATimeInSegmentsLongClosed() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(1, Map.of("millrace.segment-size", "64 KiB"));
                MillraceClient client = cluster.client();
                Producer producer = client.producer();
                Consumer consumer = client.consumer()) {
            client.admin().createTopic("orders", 1, Admin.REPLICATION_FACTOR_DEFAULT);
            Bytes value = Bytes.utf8("x".repeat(1_000));
            for (long at = 1; at <= 500; at++) {
                var unused = producer.send(ProducerRecord.of("orders", value).withTimestamp(at * 1_000));
            }
            producer.flush();
            TopicPartition partition = new TopicPartition("orders", 0);
            consumer.assign(List.of(partition));
            for (long at : new long[] {1, 77_000, 76_001, 500_000}) {
                consumer.seekToTimestamp(at, partition);
                ConsumerRecord first = consumer.poll(PATIENCE).get(0);
                assertThat(first.timestampMillis()).isEqualTo((at + 999) / 1_000 * 1_000);
            }
        }
    }
}
