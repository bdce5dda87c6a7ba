package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SynchronizedHistogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace bench}: writes generated records and measures their acknowledgements. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Write generated records to a topic and measure their acknowledgements.",
            "",
            "Without --rate as many as are taken; with it at an even pace, and latencies count from the time at which a"
                    + " record was due (so that a stall is not left out). The first --warm-up is not measured."
        },
        footer = {
            "",
            "Examples:",
            "  millrace bench load --record-size 1024 --duration 20s",
            "  millrace bench load --rate 1000 --duration 60s --json"
        })
final class BenchCommand implements Callable<Integer> {
    private static final long HIGHEST_MICROS = Duration.ofMinutes(10).toNanos() / 1_000;
    private static final int DISTINCT_VALUES = 1_024;

    private final Console console;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ConnectionOptions connection = new ConnectionOptions();

    @Mixin
    private final TopicArgument topic = new TopicArgument();

    @Mixin
    private final CompressionOption compression = new CompressionOption();

    @Option(
            names = {"-s", "--record-size"},
            paramLabel = "BYTES",
            defaultValue = "1024",
            description = "Of each value. Default: 1024.")
    private int recordSize;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(
            names = {"-d", "--duration"},
            paramLabel = "TIME",
            defaultValue = "30s",
            converter = ConnectionOptions.DurationConverter.class,
            description = "How long to measure. Default: 30s.")
    private Duration duration;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(
            names = {"-w", "--warm-up"},
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = ConnectionOptions.DurationConverter.class,
            description = "How long to write before that. Default: 10s.")
    private Duration warmUp;

    @Option(
            names = {"-r", "--rate"},
            paramLabel = "N",
            defaultValue = "0",
            description = "Records a second. Default: as many as are taken.")
    private int rate;

    @Option(
            names = "--batch-size",
            paramLabel = "BYTES",
            defaultValue = "262144",
            description = "Batches are closed before they pass it. Default: 262144.")
    private int batchSize;

    @Option(names = "--json", description = "Print the result as a JSON document.")
    private boolean json;

    /** Micro-seconds from due to acknowledged, of records due in the measured time. */
    private final Histogram latencies = new SynchronizedHistogram(HIGHEST_MICROS, 3);

    private final LongAdder acknowledged = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Object gapLock = new Object();
    private long lastAckNanos;
    private long longestGapNanos;

    BenchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        checkArguments();
        ProducerSettings settings = compression
                .in(ProducerSettings.DEFAULT)
                .withBatchBytesMax(batchSize)
                .withDeliveryTimeout(connection.timeout());
        try (MillraceClient client = connection.client(console);
                Producer producer = client.producer(settings)) {
            client.partitions(topic.name()); // an unknown topic fails here, with one clear error
            Bytes[] values = values();
            long start = System.nanoTime();
            long measureFrom = start + warmUp.toNanos();
            long end = measureFrom + duration.toNanos();
            long number = 0;
            for (long due = start; due < end; number++) {
                send(producer, values[(int) (number % DISTINCT_VALUES)], due, measureFrom, end);
                due = rate == 0 ? System.nanoTime() : start + (number + 1) * 1_000_000_000L / rate;
                pause(producer, due);
            }
            producer.flush();
            report();
        }
        return failed.sum() == 0 ? MillraceCli.OK : MillraceCli.FAILED;
    }

    private void checkArguments() {
        if (recordSize < 0 || rate < 0 || duration.isZero()) {
            throw new ParameterException(
                    spec.commandLine(), "--record-size and --rate are 0 or more, --duration is more than 0");
        }
    }

    /** Random bytes: nothing on the way can gain by compressing them. */
    private Bytes[] values() {
        Random random = new Random(1);
        Bytes[] values = new Bytes[DISTINCT_VALUES];
        for (int i = 0; i < values.length; i++) {
            byte[] value = new byte[recordSize];
            random.nextBytes(value);
            values[i] = Bytes.wrap(value);
        }
        return values;
    }

    private static void pause(Producer producer, long untilNanos) {
        for (long left = untilNanos - System.nanoTime(); left > 0; left = untilNanos - System.nanoTime()) {
            LockSupport.parkNanos(producer, left);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // Counted when it completes.
    private void send(Producer producer, Bytes value, long dueNanos, long measureFrom, long end) {
        producer.send(ProducerRecord.of(topic.name(), value)).whenComplete((position, failure) -> {
            long now = System.nanoTime();
            if (failure != null) {
                failed.increment();
                return;
            }
            if (now >= measureFrom && now <= end) {
                acknowledged.increment();
                noteGap(now);
            }
            if (dueNanos >= measureFrom) {
                latencies.recordValue(Math.min(HIGHEST_MICROS, (now - dueNanos) / 1_000));
            }
        });
    }

    private void noteGap(long now) {
        synchronized (gapLock) {
            if (lastAckNanos != 0) {
                longestGapNanos = Math.max(longestGapNanos, now - lastAckNanos);
            }
            lastAckNanos = Math.max(lastAckNanos, now);
        }
    }

    private void report() {
        double seconds = duration.toNanos() / 1e9;
        double perSecond = acknowledged.sum() / seconds;
        double megabytesPerSecond = perSecond * recordSize / 1e6;
        double gapMillis = longestGapNanos / 1e6;
        if (json) {
            console.print(Json.line(out -> {
                out.writeStartObject();
                out.writeStringField("topic", topic.name());
                out.writeNumberField("record_bytes", recordSize);
                out.writeNumberField("seconds", seconds);
                out.writeNumberField("records_acknowledged", acknowledged.sum());
                out.writeNumberField("records_failed", failed.sum());
                out.writeNumberField("records_per_second", Math.round(perSecond));
                out.writeNumberField("ack_p50_ms", millis(50));
                out.writeNumberField("ack_p99_ms", millis(99));
                out.writeNumberField("ack_p999_ms", millis(99.9));
                out.writeNumberField("ack_max_ms", latencies.getMaxValue() / 1e3);
                out.writeNumberField("longest_gap_ms", gapMillis);
                out.writeEndObject();
            }));
        } else {
            console.print(String.format(
                    Locale.ROOT,
                    "%,d records acknowledged in %.1f s: %,.0f/s, %.1f MB/s%n"
                            + "due to acknowledged: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms%n"
                            + "longest time without an acknowledgement: %.0f ms%n"
                            + "failed: %,d%n",
                    acknowledged.sum(),
                    seconds,
                    perSecond,
                    megabytesPerSecond,
                    millis(50),
                    millis(99),
                    millis(99.9),
                    latencies.getMaxValue() / 1e3,
                    gapMillis,
                    failed.sum()));
        }
    }

    private double millis(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e3;
    }
}
