package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Changes what a running consumer reads: another topic by name, then all topics that match a pattern, one created later among them. */
public final class DynamicSubscribeSample {
    private static final String EU = "sample-dynamic-eu";
    private static final String US = "sample-dynamic-us";

    private DynamicSubscribeSample() {}

    public static void main(String[] args) {
        Sample.run(args, DynamicSubscribeSample::run);
    }

    private static void run(MillraceClient client) {
        String later = "sample-dynamic-later-" + System.currentTimeMillis();
        Sample.createTopic(client, EU, 1);
        Sample.createTopic(client, US, 1);
        try (Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withGroup("sample-dynamic"))) {
            consumer.subscribe(Set.of(EU));
            awaitRecord(client, consumer, EU);
            consumer.subscribe(Set.of(EU, US)); // no restart, and eu does not pause
            awaitRecord(client, consumer, US);
            consumer.subscribe("sample-dynamic-.*");
            Sample.createTopic(client, later, 1);
            awaitRecord(client, consumer, later);
            awaitRecord(client, consumer, EU);
            consumer.commitSync();
        }
        client.admin().deleteTopic(later);
    }

    private static void awaitRecord(MillraceClient client, Consumer consumer, String topic) {
        Sample.write(client, List.of(ProducerRecord.of(topic, Bytes.utf8("hello"))));
        List<ConsumerRecord> records = new ArrayList<>();
        while (records.stream().noneMatch(record -> record.topic().equals(topic))) {
            records.addAll(consumer.poll(Duration.ofSeconds(1)));
        }
        System.out.println("a record of " + topic + "; reading " + consumer.assignment());
    }
}
