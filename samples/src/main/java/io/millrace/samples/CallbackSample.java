package io.millrace.samples;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Sends without waiting, and hears of each record's outcome in a callback. */
public final class CallbackSample {
    private static final String TOPIC = "sample-callback";
    private static final int RECORDS = 10_000;

    private CallbackSample() {}

    public static void main(String[] args) {
        Sample.run(args, CallbackSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 3);
        AtomicInteger written = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        AtomicLong bytes = new AtomicLong();
        try (Producer producer = client.producer()) {
            for (int i = 0; i < RECORDS; i++) {
                Bytes value = Bytes.utf8("measurement " + i);
                // On one of the client's threads: count, log, hand over; never wait there.
                producer.send(ProducerRecord.of(TOPIC, Bytes.utf8("sensor-" + i % 100), value), (position, failure) -> {
                    if (failure == null) {
                        written.incrementAndGet();
                        bytes.addAndGet(value.size());
                    } else {
                        failed.incrementAndGet();
                        System.err.println("not written: " + failure.getMessage());
                    }
                });
            }
            producer.flush(); // waits for all of them; closing the producer does as well
        }
        System.out.println(written + " records, " + bytes + " bytes acknowledged; " + failed + " failed");
        Sample.require(written.get() == RECORDS, "all are acknowledged");
    }
}
