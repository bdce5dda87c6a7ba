package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Reads all partitions of a topic from where this run begins: assign, seek, poll, position and lag. */
public final class ConsumerSample {
    private static final String TOPIC = "sample-consumer";
    private static final int RECORDS = 1_000;

    private ConsumerSample() {}

    public static void main(String[] args) {
        Sample.run(args, ConsumerSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 3);
        try (Consumer consumer = client.consumer()) {
            List<TopicPartition> partitions = consumer.partitionsOf(TOPIC);
            consumer.assign(partitions);
            partitions.forEach(p -> consumer.seek(p, Sample.endOffset(client, TOPIC, p.partition())));
            Sample.write(
                    client,
                    IntStream.range(0, RECORDS)
                            .mapToObj(i -> ProducerRecord.of(
                                    TOPIC, Bytes.utf8("sensor-" + i % 50), Bytes.utf8("reading " + i)))
                            .toList());
            int read = 0;
            while (read < RECORDS) {
                for (ConsumerRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    if (read++ == 0) {
                        System.out.println("first: " + record.partition() + " at " + record.offset());
                    }
                }
            }
            long lag = partitions.stream()
                    .mapToLong(p -> consumer.lag(p).orElse(0))
                    .sum();
            System.out.println(read + " records read, " + lag + " are left");
            Sample.require(lag == 0, "nothing is left");
        }
    }
}
