package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.load.Load;
import io.millrace.client.load.Payloads;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
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
            "Write generated records to a topic and measure their acknowledgements; or read what is there.",
            "",
            "Without --rate as many as are taken; with it at an even pace, and latencies count from the time at which a"
                    + " record was due (so that a stall is not left out). The first --warm-up is not measured."
        },
        footer = {
            "",
            "Examples:",
            "  millrace bench load --record-size 1024 --duration 20s",
            "  millrace bench load --rate 1000 --duration 60s --json",
            "  millrace bench load --read"
        })
final class BenchCommand implements Callable<Integer> {
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

    @Option(
            names = "--read",
            description = "Read instead: all that is in the topic when the command starts, once, as fast as it comes.")
    private boolean read;

    @Option(names = "--any-replica", description = "With --read: replicas that do not lead as well.")
    private boolean fromReplicas;

    @Option(names = "--json", description = "Print the result as a JSON document.")
    private boolean json;

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
        if (read) {
            try (MillraceClient client = connection.client(console)) {
                new ReadBench(console, topic.name(), fromReplicas, json).run(client);
                return MillraceCli.OK;
            }
        }
        try (MillraceClient client = connection.client(console);
                Producer producer = client.producer(settings)) {
            client.partitions(topic.name()); // an unknown topic fails here, with one clear error
            Load.Result result = new Load(rate, warmUp, duration).run(target(producer));
            report(result);
            return result.failed() == 0 ? MillraceCli.OK : MillraceCli.FAILED;
        }
    }

    private void checkArguments() {
        if (recordSize < 0 || rate < 0 || duration.isZero()) {
            throw new ParameterException(
                    spec.commandLine(), "--record-size and --rate are 0 or more, --duration is more than 0");
        }
    }

    private Load.Target target(Producer producer) {
        List<Bytes> values =
                Payloads.random(recordSize).stream().map(Bytes::wrap).toList();
        return new Load.Target() {
            @Override
            public void send(long number, Load.Acknowledgement acknowledgement) {
                Bytes value = values.get((int) (number % values.size()));
                producer.send(
                        ProducerRecord.of(topic.name(), value),
                        (position, failure) -> acknowledgement.completed(failure));
            }

            @Override
            public void flush() {
                producer.flush();
            }
        };
    }

    private void report(Load.Result result) {
        double seconds = result.duration().toNanos() / 1e9;
        double perSecond = result.recordsPerSecond();
        double megabytesPerSecond = perSecond * recordSize / 1e6;
        double gapMillis = result.longestGap().toNanos() / 1e6;
        double maxMillis = result.latencyMicros().getMaxValue() / 1e3;
        if (json) {
            console.print(Json.line(out -> {
                out.writeStartObject();
                out.writeStringField("topic", topic.name());
                out.writeNumberField("record_bytes", recordSize);
                out.writeNumberField("seconds", seconds);
                out.writeNumberField("records_acknowledged", result.acknowledged());
                out.writeNumberField("records_failed", result.failed());
                out.writeNumberField("records_per_second", Math.round(perSecond));
                out.writeNumberField("ack_p50_ms", result.latencyMillis(50));
                out.writeNumberField("ack_p99_ms", result.latencyMillis(99));
                out.writeNumberField("ack_p999_ms", result.latencyMillis(99.9));
                out.writeNumberField("ack_max_ms", maxMillis);
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
                    result.acknowledged(),
                    seconds,
                    perSecond,
                    megabytesPerSecond,
                    result.latencyMillis(50),
                    result.latencyMillis(99),
                    result.latencyMillis(99.9),
                    maxMillis,
                    gapMillis,
                    result.failed()));
        }
    }
}
