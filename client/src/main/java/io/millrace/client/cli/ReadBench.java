package io.millrace.client.cli;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a topic from its first record to what is its last when it begins, and measures how long that takes. */
final class ReadBench {
    private static final Duration POLL = Duration.ofSeconds(1);

    private final Console console;
    private final String topic;
    private final ConsumerSettings settings;
    private final boolean json;
    private long records;
    private long bytes;

    ReadBench(Console console, String topic, boolean anyReplica, boolean json) {
        this.console = console;
        this.topic = topic;
        this.settings = ConsumerSettings.DEFAULT.withPollRecordsMax(10_000).withAnyReplica(anyReplica);
        this.json = json;
    }

    void run(MillraceClient client) {
        try (Consumer consumer = client.consumer(settings)) {
            List<TopicPartition> partitions = consumer.partitionsOf(topic);
            Map<TopicPartition, Long> ends = new HashMap<>();
            for (TopicPartition partition : partitions) {
                long end = client.reader(topic, partition.partition())
                        .offsets()
                        .join()
                        .latest();
                ends.put(partition, end);
            }
            long startNanos = System.nanoTime();
            consumer.assign(partitions);
            while (!isAtEnd(consumer, ends)) {
                consumer.poll(POLL).forEach(this::count);
            }
            report((System.nanoTime() - startNanos) / 1e9);
        }
    }

    private static boolean isAtEnd(Consumer consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey()).orElse(-1) >= end.getValue());
    }

    private void count(ConsumerRecord record) {
        records++;
        bytes += sizeOf(record.key()) + sizeOf(record.value());
    }

    private static long sizeOf(@Nullable Bytes part) {
        return part == null ? 0 : part.size();
    }

    private void report(double seconds) {
        double perSecond = records / seconds;
        double megabytesPerSecond = bytes / seconds / 1e6;
        if (json) {
            console.print(Json.line(out -> {
                out.writeStartObject();
                out.writeStringField("topic", topic);
                out.writeNumberField("records_read", records);
                out.writeNumberField("bytes_read", bytes);
                out.writeNumberField("seconds", seconds);
                out.writeNumberField("records_per_second", Math.round(perSecond));
                out.writeNumberField("megabytes_per_second", megabytesPerSecond);
                out.writeEndObject();
            }));
        } else {
            console.print(String.format(
                    Locale.ROOT,
                    "%,d records read in %.1f s: %,.0f/s, %.1f MB/s%n",
                    records,
                    seconds,
                    perSecond,
                    megabytesPerSecond));
        }
    }
}
