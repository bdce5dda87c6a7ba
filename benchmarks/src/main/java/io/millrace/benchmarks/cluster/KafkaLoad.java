package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Acknowledged by all in-sync replicas, idempotent. */
final class KafkaLoad implements LoadClient {
    private final String bootstrap;
    private final boolean flushed;
    private final Admin admin;

    /** @param flushed whether each append is forced to disk before it is acknowledged */
    KafkaLoad(String bootstrap, boolean flushed) {
        this.bootstrap = bootstrap;
        this.flushed = flushed;
        this.admin = Admin.create(Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap));
    }

    @Override
    public void createTopic(String topic, int partitions) throws Exception {
        Map<String, String> configuration = new HashMap<>();
        configuration.put("min.insync.replicas", "2");
        configuration.put("file.delete.delay.ms", "0");
        if (flushed) {
            configuration.put("flush.messages", "1");
        }
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 3).configs(configuration)))
                .all()
                .get();
        awaitLeaders(topic, partitions);
    }

    /**
     * Until each partition takes a record. A leader that is only just becoming one refuses the first batch of several in flight, takes
     * the second, and refuses the first from then on (OutOfOrderSequenceException) until it expires, two minutes later: seen with 4.2.2.
     */
    private void awaitLeaders(String topic, int partitions) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(0)) {
            for (int partition = 0; partition < partitions; partition++) {
                producer.send(new ProducerRecord<>(topic, partition, null, new byte[0]))
                        .get();
            }
        }
    }

    @Override
    public void deleteTopic(String topic) throws Exception {
        admin.deleteTopics(List.of(topic)).all().get();
    }

    private KafkaProducer<byte[], byte[]> producer(int lingerMillis) {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.LINGER_MS_CONFIG,
                lingerMillis,
                ProducerConfig.BATCH_SIZE_CONFIG,
                BATCH_BYTES_MAX,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                (long) BUFFER_BYTES);
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public Sender sender(String topic, int partitions, List<byte[]> values, boolean linger) {
        KafkaProducer<byte[], byte[]> producer = producer(linger ? LINGER_MILLIS : 0);
        return new Sender() {
            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // the callback is told the same
            public void send(long number, Load.Acknowledgement acknowledgement) {
                byte[] value = values.get((int) (number % values.size()));
                Integer partition = linger ? null : (int) (number % partitions);
                producer.send(
                        new ProducerRecord<>(topic, partition, null, value),
                        (metadata, failure) -> acknowledgement.completed(failure));
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
        KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of());
        List<TopicPartition> all = IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        return new Polling(
                consumer, wait -> consumer.poll(wait).forEach(record -> handler.accept(record.value().length)));
    }

    /** With the protocol of KIP-848: the broker assigns, and only what moves is revoked. */
    @Override
    public Receiver receiveInGroup(String topic, String group, IntConsumer handler) {
        KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of(
                ConsumerConfig.GROUP_ID_CONFIG,
                group,
                ConsumerConfig.GROUP_PROTOCOL_CONFIG,
                "consumer",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest"));
        consumer.subscribe(List.of(topic));
        return new Polling(consumer, wait -> consumer.poll(wait).forEach(record -> handler.accept(record.partition())));
    }

    /** @param more settings than every consumer has */
    private KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS_MAX);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void close() {
        admin.close();
    }
}
