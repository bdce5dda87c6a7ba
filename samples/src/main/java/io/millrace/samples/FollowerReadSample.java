package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.stream.IntStream;

/**
 * Reads replicas that do not lead, so that the leaders are left to the writers. Such a replica shows committed records only, some
 * milliseconds later than its leader. With one broker there is but the leader, and it is read.
 */
public final class FollowerReadSample {
    private static final String TOPIC = "sample-follower-read";
    private static final int RECORDS = 1_000;

    private FollowerReadSample() {}

    public static void main(String[] args) {
        Sample.run(args, FollowerReadSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 1);
        long before = Sample.endOffset(client, TOPIC, 0);
        Sample.write(
                client,
                IntStream.range(0, RECORDS)
                        .mapToObj(i -> ProducerRecord.of(TOPIC, Bytes.utf8("page view " + i)))
                        .toList());
        try (Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withAnyReplica(true))) {
            consumer.assign(consumer.partitionsOf(TOPIC));
            consumer.assignment().forEach(partition -> consumer.seek(partition, before));
            int read = 0;
            while (read < RECORDS) {
                read += consumer.poll(Duration.ofSeconds(1)).size();
            }
            System.out.println(read + " records read from any replica");
            Sample.require(read == RECORDS, "each is read once");
        }
    }
}
