package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Each group reads everything, at its own pace: here one for the bills and one for the parcels, of the same orders. */
public final class SeveralGroupsSample {
    private static final String TOPIC = "sample-several-groups";
    private static final int RECORDS = 500;

    private SeveralGroupsSample() {}

    public static void main(String[] args) {
        Sample.run(args, SeveralGroupsSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 3);
        Sample.write(
                client,
                IntStream.range(0, RECORDS)
                        .mapToObj(i -> ProducerRecord.of(TOPIC, Bytes.utf8("order-" + i), Bytes.utf8("a book")))
                        .toList());
        for (String group : List.of("sample-billing", "sample-shipping")) {
            try (Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withGroup(group))) {
                consumer.subscribe(Set.of(TOPIC));
                int read = 0;
                while (read < RECORDS) {
                    read += consumer.poll(Duration.ofSeconds(1)).size();
                }
                consumer.commitSync();
                System.out.println(group + " has handled " + read + " orders");
                Sample.require(read == RECORDS, "each group reads each order of this run once");
            }
        }
    }
}
