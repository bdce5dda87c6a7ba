package io.millrace.benchmarks.cluster;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.load.Load;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;

/** With the defaults of the producer: idempotent, five batches in flight. */
final class MillraceLoad implements LoadClient {
    private final MillraceClient client;

    MillraceLoad(String bootstrap) {
        client = MillraceClient.builder()
                .bootstrap(bootstrap)
                .timeout(Duration.ofSeconds(60))
                .build();
    }

    @Override
    public void createTopic(String topic, int partitions) {
        client.admin().createTopic(topic, partitions, 3);
    }

    @Override
    public void deleteTopic(String topic) {
        client.admin().deleteTopic(topic);
    }

    @Override
    public Sender sender(String topic, int partitions, List<byte[]> values, boolean linger) {
        Producer producer = client.producer(ProducerSettings.DEFAULT
                .withBatchBytesMax(BATCH_BYTES_MAX)
                .withBufferBytesMax(BUFFER_BYTES)
                .withLinger(Duration.ofMillis(linger ? LINGER_MILLIS : 0)));
        List<Bytes> bytes = values.stream().map(Bytes::wrap).toList();
        return new Sender() {
            @Override
            public void send(long number, Load.Acknowledgement acknowledgement) {
                Bytes value = bytes.get((int) (number % bytes.size()));
                ProducerRecord record = ProducerRecord.of(topic, value);
                producer.send(
                        linger ? record : record.toPartition((int) (number % partitions)),
                        (position, failure) -> acknowledgement.completed(failure));
            }

            @Override
            public void flush() {
                producer.flush();
            }

            @Override
            public void close() {
                producer.close();
            }
        };
    }

    @Override
    public Receiver receive(String topic, int partitions, IntConsumer handler) {
        Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withPollRecordsMax(POLL_RECORDS_MAX));
        consumer.assign(consumer.partitionsOf(topic));
        return new Polling(consumer, wait -> consumer.poll(wait)
                .forEach(record ->
                        handler.accept(Objects.requireNonNull(record.value()).size())));
    }

    @Override
    public Receiver receiveInGroup(String topic, String group, IntConsumer handler) {
        Consumer consumer = client.consumer(
                ConsumerSettings.DEFAULT.withPollRecordsMax(POLL_RECORDS_MAX).withGroup(group));
        consumer.subscribe(List.of(topic));
        return new Polling(consumer, wait -> consumer.poll(wait)
                .forEach(record -> handler.accept(record.partition().partition())));
    }

    @Override
    public void close() {
        client.close();
    }
}
