package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.ProducerStats;
import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace produce}: each line becomes a record. */
@Command(
        name = "produce",
        mixinStandardHelpOptions = true,
        description = {
            "Write the lines of stdin, or of a file, to a topic: each line is a record.",
            "",
            "Lines are bytes, cut at line feeds only. A failed attempt is repeated until --timeout; then reading"
                    + " stops, and the exit status is 1. What was acknowledged is on the disks of a majority."
        },
        footer = {
            "",
            "Examples:",
            "  seq 1000 | millrace produce numbers",
            "  millrace produce orders --file orders.tsv --key-separator '\\t'"
        })
final class ProduceCommand implements Callable<Integer> {
    private static final int LINE_BYTES_MAX = 16 * 1024 * 1024;
    private static final int LINES_BETWEEN_LOOKS = 256;
    private static final long PROGRESS_NANOS = 500_000_000L;

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

    @Nullable @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "Read this file. Default, and '-': stdin.")
    private String file;

    @Nullable @Option(
            names = {"-K", "--key-separator"},
            paramLabel = "SEPARATOR",
            description = "What stands between key and value on each line, at its first occurrence; \\t is a tab."
                    + " Default: no keys.")
    private String keySeparator;

    @Nullable @Option(
            names = {"-p", "--partition"},
            paramLabel = "N",
            description = "Write to this partition. Default: by the key's hash, or without keys to each in turn.")
    private Integer partition;

    @Option(names = "--progress", description = "Show progress on stderr even if that is not a terminal.")
    private boolean progress;

    @Option(names = "--json", description = "Print the summary as a JSON document to stdout, not as text to stderr.")
    private boolean json;

    /** The first line that failed, and why. */
    private record LineFailure(long lineNumber, MillraceException failure) {}

    private final AtomicReference<@Nullable LineFailure> firstFailure = new AtomicReference<>();
    private long startedNanos;
    private long shownNanos;

    ProduceCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        checkArguments();
        byte @Nullable [] separator = keySeparator == null ? null : Escapes.unescape(keySeparator);
        startedNanos = System.nanoTime();
        shownNanos = startedNanos;
        try (MillraceClient client = connection.client(console);
                InputStream in = open();
                Producer producer = client.producer(
                        compression.in(ProducerSettings.DEFAULT).withDeliveryTimeout(connection.timeout()))) {
            var unused =
                    client.partitions(topic.name()); // an unknown topic fails here, even if there is nothing to write
            CliException badInput = null;
            try {
                sendAll(new LineReader(in, LINE_BYTES_MAX), separator, producer);
            } catch (CliException e) {
                badInput = e;
            }
            producer.flush();
            return summarize(producer.stats(), badInput);
        }
    }

    private void checkArguments() {
        if (partition != null && partition < 0) {
            throw new ParameterException(spec.commandLine(), "--partition is 0 or more, not " + partition);
        }
        if (keySeparator != null && keySeparator.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--key-separator must not be empty");
        }
    }

    private InputStream open() throws IOException {
        if (file == null || file.equals("-")) {
            return console.in();
        }
        try {
            return Files.newInputStream(Path.of(file));
        } catch (NoSuchFileException e) {
            throw new CliException("there is no file " + file);
        } catch (IOException e) {
            throw new CliException("cannot read " + file + ": " + e.getMessage());
        }
    }

    private void sendAll(LineReader lines, byte @Nullable [] separator, Producer producer) {
        for (Bytes line = read(lines); line != null && firstFailure.get() == null; line = read(lines)) {
            ProducerRecord record = record(line, separator, lines.lineNumber());
            send(record, lines.lineNumber(), producer);
            if (lines.lineNumber() % LINES_BETWEEN_LOOKS == 0) {
                showProgress(producer);
            }
        }
    }

    private @Nullable Bytes read(LineReader lines) {
        try {
            return lines.next();
        } catch (IOException e) {
            String what = file == null ? "stdin" : file;
            throw new CliException("cannot read " + what + " after line " + lines.lineNumber() + ": " + e.getMessage());
        }
    }

    private ProducerRecord record(Bytes line, byte @Nullable [] separator, long lineNumber) {
        Bytes key = null;
        Bytes value = line;
        if (separator != null) {
            int at = indexOf(line, separator);
            if (at < 0) {
                throw new CliException("line " + lineNumber + " has no key separator: stopped there");
            }
            key = line.slice(0, at);
            value = line.slice(at + separator.length, line.size());
        }
        ProducerRecord record = ProducerRecord.of(topic.name(), key, value);
        return partition == null ? record : record.toPartition(partition);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // Failures are kept; successes are counted by the producer.
    private void send(ProducerRecord record, long lineNumber, Producer producer) {
        producer.send(record).whenComplete((position, thrown) -> {
            if (thrown != null) {
                Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
                if (cause instanceof MillraceException failure) {
                    firstFailure.compareAndSet(null, new LineFailure(lineNumber, failure));
                }
            }
        });
    }

    private static int indexOf(Bytes line, byte[] separator) {
        for (int at = 0; at + separator.length <= line.size(); at++) {
            int matched = 0;
            while (matched < separator.length && line.byteAt(at + matched) == separator[matched]) {
                matched++;
            }
            if (matched == separator.length) {
                return at;
            }
        }
        return -1;
    }

    private void showProgress(Producer producer) {
        long now = System.nanoTime();
        if ((progress || console.errIsTerminal()) && now - shownNanos >= PROGRESS_NANOS) {
            shownNanos = now;
            console.err().print("\r" + acknowledged(producer.stats(), now));
            console.err().flush();
        }
    }

    private int summarize(ProducerStats stats, @Nullable CliException badInput) {
        LineFailure failure = firstFailure.get();
        if (json) {
            console.print(Json.line(out -> {
                out.writeStartObject();
                out.writeStringField("topic", topic.name());
                out.writeNumberField("records_acknowledged", stats.recordsAcknowledged());
                out.writeNumberField("records_failed", stats.recordsFailed());
                out.writeNumberField("batches_retried", stats.batchesRetried());
                out.writeNumberField("batches_possibly_duplicated", stats.batchesPossiblyDuplicated());
                out.writeNumberField("records_possibly_duplicated", stats.recordsPossiblyDuplicated());
                out.writeEndObject();
            }));
        } else {
            boolean overProgress = shownNanos != startedNanos;
            console.err().println((overProgress ? "\r" : "") + text(stats, System.nanoTime()));
        }
        if (failure != null) {
            console.err()
                    .println("millrace: line " + failure.lineNumber() + " was not acknowledged: "
                            + Advice.describe(failure.failure()));
        }
        if (badInput != null) {
            console.err().println("millrace: " + badInput.getMessage());
        }
        return failure == null && badInput == null ? MillraceCli.OK : MillraceCli.FAILED;
    }

    private String text(ProducerStats stats, long nowNanos) {
        StringBuilder text = new StringBuilder(acknowledged(stats, nowNanos));
        if (stats.recordsFailed() > 0) {
            text.append("; ").append(Text.records(stats.recordsFailed())).append(" not acknowledged");
        }
        if (stats.batchesRetried() > 0) {
            text.append("; ")
                    .append(Text.count(stats.batchesRetried(), "batch", "batches"))
                    .append(" retried");
        }
        return text.toString();
    }

    private String acknowledged(ProducerStats stats, long nowNanos) {
        double seconds = Math.max(1, nowNanos - startedNanos) / 1e9;
        return String.format(
                Locale.ROOT,
                "%s acknowledged in %.1f s (%,.0f/s)",
                Text.records(stats.recordsAcknowledged()),
                seconds,
                stats.recordsAcknowledged() / seconds);
    }
}
