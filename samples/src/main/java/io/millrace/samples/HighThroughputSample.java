package io.millrace.samples;

import io.millrace.client.BatchCompression;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.ProducerStats;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.Locale;

/** Sends as fast as the cluster takes it: large batches, compressed, over several partitions, from one thread. */
public final class HighThroughputSample {
    private static final String TOPIC = "sample-throughput";
    private static final int RECORDS = 200_000;

    private HighThroughputSample() {}

    public static void main(String[] args) {
        Sample.run(args, HighThroughputSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 6);
        ProducerSettings settings = ProducerSettings.DEFAULT
                .withLinger(Duration.ofMillis(5)) // a batch that is not full waits for company
                .withCompression(BatchCompression.LZ4)
                .withBufferBytesMax(64 << 20); // a send waits when so much is not acknowledged
        long begun = System.nanoTime();
        ProducerStats stats;
        try (Producer producer = client.producer(settings)) {
            for (int i = 0; i < RECORDS; i++) {
                String value = "{\"id\":" + i + ",\"state\":\"on its way\",\"lines\":[\"mill\",\"race\",\"wheel\"]}";
                producer.send(
                        ProducerRecord.of(TOPIC, Bytes.utf8("order-" + i), Bytes.utf8(value)), (position, failure) -> {
                            if (failure != null) {
                                System.err.println("not written: " + failure.getMessage());
                            }
                        });
            }
            producer.flush();
            stats = producer.stats();
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%,d records acknowledged in %.1f s: %,.0f a second, of a JVM that had to warm up first%n",
                stats.recordsAcknowledged(),
                seconds,
                stats.recordsAcknowledged() / seconds);
        Sample.require(stats.recordsAcknowledged() == RECORDS, "all are acknowledged");
    }
}
