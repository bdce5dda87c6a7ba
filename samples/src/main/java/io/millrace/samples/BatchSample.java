package io.millrace.samples;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.SendResult;
import io.millrace.protocol.Bytes;
import java.util.ArrayList;
import java.util.List;

/** Sends a thousand records at once, one of which is too large, and looks at what became of each. */
public final class BatchSample {
    private static final String TOPIC = "sample-batch";
    private static final int RECORDS = 1_000;
    private static final int TOO_LARGE = 500;

    private BatchSample() {}

    public static void main(String[] args) {
        Sample.run(args, BatchSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 1);
        long before = Sample.endOffset(client, TOPIC, 0);

        List<ProducerRecord> records = new ArrayList<>();
        for (int i = 0; i < RECORDS; i++) {
            records.add(ProducerRecord.of(TOPIC, Bytes.utf8(i == TOO_LARGE ? "x".repeat(3 << 20) : "value-" + i)));
        }
        int written = 0;
        try (Producer producer = client.producer()) {
            List<SendResult> results = producer.sendBatch(records).join();
            for (int i = 0; i < RECORDS; i++) {
                SendResult result = results.get(i);
                if (result instanceof SendResult.Failed failed) {
                    System.out.println("record " + i + " was not written: "
                            + failed.failure().reason() + ", "
                            + failed.failure().getMessage());
                    Sample.require(i == TOO_LARGE, "only the one that is too large is refused");
                } else {
                    written++;
                }
            }
        }
        System.out.println(written + " of " + RECORDS + " written, from offset " + before + " on");
        Sample.require(written == RECORDS - 1, "a bad record does not take others along");
        Sample.require(
                Sample.endOffset(client, TOPIC, 0) == before + written, "exactly what was acknowledged is there");
    }
}
