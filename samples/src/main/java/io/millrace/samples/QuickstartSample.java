package io.millrace.samples;

import io.millrace.client.Admin;
import io.millrace.client.FailureReason;
import io.millrace.client.FetchedRecords;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.PartitionReader;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordPosition;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.StoredRecord;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Creates a topic, writes ten records and reads them back.
 *
 * <p>Argument, or {@code MILLRACE_BOOTSTRAP}: brokers to ask first, {@code localhost:9092} unless given.
 */
public final class QuickstartSample {
    private static final String TOPIC = "sample-quickstart";
    private static final int RECORDS = 10;

    private QuickstartSample() {}

    /** Ends with an exception, and so with status 1, if what comes back is not what was written. */
    public static void main(String[] args) {
        String fromEnvironment = System.getenv().getOrDefault("MILLRACE_BOOTSTRAP", "localhost:9092");
        String bootstrap = args.length > 0 ? args[0] : fromEnvironment;
        try (MillraceClient client =
                MillraceClient.builder().bootstrap(bootstrap).build()) {
            run(client, System.out);
        }
    }

    private static void run(MillraceClient client, PrintStream out) {
        createTopic(client.admin());

        // Sends return at once, and go out in batches; the positions come when the records are safe.
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        try (Producer producer = client.producer()) {
            for (int i = 0; i < RECORDS; i++) {
                sent.add(producer.send(ProducerRecord.of(TOPIC, Bytes.utf8("key-" + i), Bytes.utf8("value-" + i))));
            }
        }
        long first = sent.get(0).join().offset();
        out.println("written: offsets " + first + " to "
                + sent.get(RECORDS - 1).join().offset());

        // A reader holds no position: each fetch says where, and its answer where to go on.
        PartitionReader reader = client.reader(TOPIC, 0);
        long next = first;
        while (next < first + RECORDS) {
            FetchedRecords fetched = reader.fetch(next).join();
            for (StoredRecord record : fetched.records()) {
                Bytes value = record.value();
                out.println(record.offset() + ": " + (value == null ? "null" : value.toUtf8()));
                long index = record.offset() - first;
                if (index < RECORDS && !("value-" + index).equals(value == null ? null : value.toUtf8())) {
                    throw new IllegalStateException("offset " + record.offset() + " is not what was written there");
                }
            }
            next = fetched.nextOffset();
        }
    }

    private static void createTopic(Admin admin) {
        try {
            admin.createTopic(TOPIC, 1, Admin.REPLICATION_FACTOR_DEFAULT);
        } catch (MillraceException e) {
            // From an earlier run: its records stay, and new ones come after them.
            if (e.reason() != FailureReason.TOPIC_ALREADY_EXISTS) {
                throw e;
            }
        }
    }
}
