package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads again what happened since a point in time: the broker finds it by the log's indexes, without reading what is older. */
public final class ReplaySample {
    private static final String TOPIC = "sample-replay";

    private ReplaySample() {}

    public static void main(String[] args) {
        Sample.run(args, ReplaySample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 1);
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        List<ProducerRecord> history = new ArrayList<>();
        for (int minutesAgo = 60; minutesAgo > 0; minutesAgo--) {
            history.add(ProducerRecord.of(TOPIC, Bytes.utf8(minutesAgo + " minutes before " + now))
                    .withTimestamp(now.minus(minutesAgo, ChronoUnit.MINUTES).toEpochMilli()));
        }
        Sample.write(client, history);
        Instant since = now.minus(10, ChronoUnit.MINUTES);
        List<ConsumerRecord> replayed = new ArrayList<>();
        try (Consumer consumer = client.consumer()) {
            consumer.assign(consumer.partitionsOf(TOPIC));
            consumer.seekToTimestamp(since.toEpochMilli());
            while (replayed.size() < 10) {
                // Timestamps are the producers': what comes after the first may be older, here from an earlier run.
                consumer.poll(Duration.ofSeconds(1)).stream()
                        .filter(record -> record.timestampMillis() >= since.toEpochMilli())
                        .filter(record ->
                                Objects.requireNonNull(record.value()).toUtf8().endsWith(" before " + now))
                        .forEach(replayed::add);
            }
        }
        System.out.println(replayed.size() + " records since " + since + ", the first at offset "
                + replayed.get(0).offset());
        Sample.require(replayed.get(0).timestampMillis() == since.toEpochMilli(), "it begins where it was told");
    }
}
