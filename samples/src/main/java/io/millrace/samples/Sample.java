package io.millrace.samples;

import io.millrace.client.Admin;
import io.millrace.client.FailureReason;
import io.millrace.client.FetchedRecords;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.PartitionReader;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.SendResult;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** What is the same in all samples. */
final class Sample {
    private Sample() {}

    static void run(String[] args, Consumer<MillraceClient> sample) {
        try (MillraceClient client =
                MillraceClient.builder().bootstrap(bootstrap(args)).build()) {
            sample.accept(client);
        }
    }

    /** The brokers that the first argument names or, without one, {@code MILLRACE_BOOTSTRAP}, or the quickstart's first. */
    static String bootstrap(String[] args) {
        return args.length > 0 ? args[0] : System.getenv().getOrDefault("MILLRACE_BOOTSTRAP", "localhost:9092");
    }

    /** If it is there from an earlier run, its records stay, and new ones come after them. */
    static void createTopic(MillraceClient client, String name, int partitions) {
        try {
            client.admin().createTopic(name, partitions, Admin.REPLICATION_FACTOR_DEFAULT);
        } catch (MillraceException e) {
            if (e.reason() != FailureReason.TOPIC_ALREADY_EXISTS) {
                throw e;
            }
        }
    }

    /** The values from an offset to the end of a partition, as text. */
    static List<String> read(MillraceClient client, String topic, int partition, long from) {
        PartitionReader reader = client.reader(topic, partition);
        long end = reader.offsets().join().latest();
        List<String> values = new ArrayList<>();
        long next = from;
        while (next < end) {
            FetchedRecords fetched = reader.fetch(next).join();
            for (StoredRecord record : fetched.records()) {
                Bytes value = record.value();
                values.add(value == null ? "null" : value.toUtf8());
            }
            next = fetched.nextOffset();
        }
        return values;
    }

    /** Writes these and waits until all are acknowledged. */
    static void write(MillraceClient client, List<ProducerRecord> records) {
        try (Producer producer = client.producer()) {
            producer.sendBatch(records)
                    .join()
                    .forEach(result -> require(result instanceof SendResult.Written, "all are written"));
        }
    }

    static long endOffset(MillraceClient client, String topic, int partition) {
        return client.reader(topic, partition).offsets().join().latest();
    }

    /** Ends the sample, with status 1. */
    static void require(boolean isSo, String what) {
        if (!isSo) {
            throw new IllegalStateException("this does not hold: " + what);
        }
    }
}
