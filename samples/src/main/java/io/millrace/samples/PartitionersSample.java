package io.millrace.samples;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerHooks;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.protocol.Bytes;
import java.util.Set;
import java.util.TreeSet;

/** The four ways in which a record gets its partition. */
public final class PartitionersSample {
    private static final String TOPIC = "sample-partitioners";
    private static final int PARTITIONS = 4;

    private PartitionersSample() {}

    public static void main(String[] args) {
        Sample.run(args, PartitionersSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, PARTITIONS);
        try (Producer producer = client.producer()) {
            int explicit = producer.sendSync(record("anything").toPartition(3)).partition();
            System.out.println("named by the record: " + explicit);
            Sample.require(explicit == 3, "a record goes where it says");

            // The same hash as Kafka's (murmur2), so that applications that move keep their order by key.
            ProducerRecord keyed = ProducerRecord.of(TOPIC, Bytes.utf8("customer-7"), Bytes.utf8("order"));
            int first = producer.sendSync(keyed).partition();
            int second = producer.sendSync(keyed).partition();
            System.out.println("by the hash of the key: " + first + ", and again " + second);
            Sample.require(first == second, "one key, one partition, and so one order");

            // Without a key: one partition until it got a batch's worth of bytes, then the next.
            Set<Integer> used = new TreeSet<>();
            for (int i = 0; i < PARTITIONS; i++) {
                used.add(producer.sendSync(record("x".repeat(600_000))).partition());
            }
            System.out.println("without a key: " + used);
            Sample.require(used.size() == PARTITIONS, "records without a key are spread");
        }

        ProducerHooks byLength = ProducerHooks.NONE.withChooser((record, partitions) -> {
            Bytes value = record.value();
            return value == null ? 0 : value.size() % partitions;
        });
        try (Producer producer = client.producer(ProducerSettings.DEFAULT.withHooks(byLength))) {
            int chosen = producer.sendSync(record("12345")).partition();
            System.out.println("by the application: " + chosen);
            Sample.require(chosen == 5 % PARTITIONS, "the application's choice counts");
        }
    }

    private static ProducerRecord record(String value) {
        return ProducerRecord.of(TOPIC, Bytes.utf8(value));
    }
}
