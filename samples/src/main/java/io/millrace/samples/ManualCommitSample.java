package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.GroupSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** The application says what is done: record by record, without waiting, and all at once. What was not committed comes again. */
public final class ManualCommitSample {
    private static final String TOPIC = "sample-manual-commit";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final ConsumerSettings SETTINGS = ConsumerSettings.DEFAULT.withGroup(
            GroupSettings.of("sample-manual-commit").withAutoCommit(Duration.ZERO));

    private ManualCommitSample() {}

    public static void main(String[] args) {
        Sample.run(args, ManualCommitSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 1);
        Sample.write(
                client,
                IntStream.range(0, 10)
                        .mapToObj(i -> ProducerRecord.of(TOPIC, Bytes.utf8("payment " + i)))
                        .toList());
        long next;
        try (Consumer consumer = client.consumer(SETTINGS)) {
            List<ConsumerRecord> records = read(consumer, 10);
            for (ConsumerRecord record : records.subList(0, 4)) {
                consumer.commitSync(record); // this one, and all before it
            }
            next = records.get(4).offset();
        } // as if it had crashed with the fifth in its hands
        try (Consumer consumer = client.consumer(SETTINGS)) {
            List<ConsumerRecord> records = read(consumer, 6);
            Sample.require(records.get(0).offset() == next, "it goes on with the fifth");
            CompletableFuture<Long> committed = new CompletableFuture<>();
            consumer.commitAsync((offsets, failure) -> committed.complete(offsets.get(PARTITION)));
            System.out.println("committed: " + committed.join());
            consumer.commitSync(); // the same, waiting; harmless
            Sample.require(
                    Long.valueOf(next + 6)
                            .equals(consumer.committed(Set.of(PARTITION)).get(PARTITION)),
                    "everything is committed");
        }
    }

    private static List<ConsumerRecord> read(Consumer consumer, int count) {
        consumer.subscribe(Set.of(TOPIC));
        List<ConsumerRecord> records = new ArrayList<>();
        while (records.size() < count) {
            records.addAll(consumer.poll(Duration.ofSeconds(1)));
        }
        return records;
    }
}
