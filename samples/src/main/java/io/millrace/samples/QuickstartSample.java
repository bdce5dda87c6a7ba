package io.millrace.samples;

import io.millrace.client.FetchedRecords;
import io.millrace.client.MillraceClient;
import io.millrace.client.PartitionReader;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordPosition;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Creates a topic, writes ten records and reads them back. */
public final class QuickstartSample {
    private static final String TOPIC = "sample-quickstart";
    private static final int RECORDS = 10;

    private QuickstartSample() {}

    public static void main(String[] args) {
        Sample.run(args, QuickstartSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 1);

        // Sends return at once, and go out in batches; the positions come when the records are safe.
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        try (Producer producer = client.producer()) {
            for (int i = 0; i < RECORDS; i++) {
                sent.add(producer.send(ProducerRecord.of(TOPIC, Bytes.utf8("key-" + i), Bytes.utf8("value-" + i))));
            }
        }
        long first = sent.get(0).join().offset();
        System.out.println("written: offsets " + first + " to "
                + sent.get(RECORDS - 1).join().offset());

        // A reader holds no position: each fetch says where, and its answer where to go on.
        PartitionReader reader = client.reader(TOPIC, 0);
        long next = first;
        while (next < first + RECORDS) {
            FetchedRecords fetched = reader.fetch(next).join();
            for (StoredRecord record : fetched.records()) {
                Bytes value = record.value();
                String text = value == null ? "null" : value.toUtf8();
                System.out.println(record.offset() + ": " + text);
                long index = record.offset() - first;
                Sample.require(index >= RECORDS || text.equals("value-" + index), "what is read is what was written");
            }
            next = fetched.nextOffset();
        }
    }
}
