package io.millrace.client.cli;

import io.millrace.client.FetchOptions;
import io.millrace.client.FetchedRecords;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetRange;
import io.millrace.client.PartitionReader;
import io.millrace.protocol.record.StoredRecord;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace consume}: records to stdout. */
@Command(
        name = "consume",
        mixinStandardHelpOptions = true,
        description = {
            "Print the records of a topic, and wait for more until interrupted.",
            "",
            "Starts with the records that are written from now on; with --until-end, at the first one that is"
                    + " there. Within a partition the order is that of the offsets."
        },
        footer = {
            "",
            "Formats, besides value, key-value (a tab between) and json (a document a line):",
            "  a template in which %%v or %%s is the value, %%k the key, %%o the offset,",
            "  %%p the partition, %%t the topic, %%T the timestamp in milliseconds,",
            "  %%h the headers, %%S and %%K the sizes of value and key (-1: null), %%%% a",
            "  percent sign; \\n \\t \\r \\0 \\\\ \\xNN as usual. As in kcat, a template has a",
            "  line feed only where it says so.",
            "",
            "Examples:",
            "  millrace consume orders --until-end > orders.txt",
            "  millrace consume orders --from-timestamp 2026-11-21T12:00:00Z --until-end",
            "  millrace consume orders --group billing",
            "  millrace consume orders --offset -10 --partition 0 --format '%%o %%k=%%v\\n'"
        })
final class ConsumeCommand implements Runnable {
    private static final int OUT_BUFFER_BYTES = 256 * 1024;
    private static final FetchOptions FETCH =
            FetchOptions.DEFAULT.withBytesMax(4 * 1024 * 1024).withWaitMax(Duration.ofSeconds(5));

    private final Console console;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ConnectionOptions connection = new ConnectionOptions();

    @Mixin
    private final TopicArgument topic = new TopicArgument();

    @Option(
            names = {"-p", "--partition"},
            paramLabel = "N",
            split = ",",
            description = "Read only this partition, or these: 0,2 or given again. Default: all.")
    private List<Integer> partitions = List.of();

    @Option(names = "--from-beginning", description = "Start at the first record that is there.")
    private boolean fromBeginning;

    @Nullable @Option(
            names = {"-o", "--offset"},
            paramLabel = "OFFSET",
            description = "Start at this offset: a number, 'earliest', 'latest', or -N for the last N of each"
                    + " partition.")
    private String offset;

    @Nullable @Option(
            names = {"-t", "--from-timestamp"},
            paramLabel = "TIME",
            description = "Start at the first record of each partition that is not older: milliseconds since 1970, or"
                    + " 2026-11-21T12:00:00Z.")
    private String fromTimestamp;

    @Nullable @Option(
            names = {"-g", "--group"},
            paramLabel = "NAME",
            description = "Read as a member of this consumer group, from where it has committed, and commit what is"
                    + " printed. A group that has committed nothing starts at the first record that is there.")
    private String group;

    @Nullable @Option(
            names = {"-n", "--max-messages"},
            paramLabel = "N",
            description = "Stop after so many records.")
    private Long maxMessages;

    @Option(
            names = {"-e", "--until-end"},
            description = "Stop at the last record that is there when the command starts.")
    private boolean untilEnd;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "value",
            description = "value, key-value, json, or a template. Default: value.")
    private String format;

    ConsumeCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        StartOffset start = checkArguments();
        RecordFormat recordFormat = parseFormat();
        try (MillraceClient client = connection.client(console)) {
            if (group != null) {
                new GroupPrinter(console, recordFormat, topic.name(), remaining()).run(client, group);
            } else {
                new Printer(recordFormat, open(client, start)).run();
            }
        }
    }

    private long remaining() {
        return maxMessages == null ? Long.MAX_VALUE : maxMessages;
    }

    private StartOffset checkArguments() {
        partitions.stream().filter(number -> number < 0).findFirst().ifPresent(number -> {
            throw usage("--partition is 0 or more, not " + number);
        });
        if (maxMessages != null && maxMessages < 0) {
            throw usage("--max-messages is 0 or more, not " + maxMessages);
        }
        if (fromBeginning && offset != null) {
            throw usage("--from-beginning and --offset contradict each other");
        }
        if (fromTimestamp != null && (fromBeginning || offset != null)) {
            throw usage("--from-timestamp contradicts --from-beginning and --offset");
        }
        if (group != null
                && (fromBeginning || offset != null || fromTimestamp != null || untilEnd || !partitions.isEmpty())) {
            throw usage("with --group, the group says what is read and from where: none of --partition, --offset,"
                    + " --from-beginning, --from-timestamp and --until-end");
        }
        if (fromTimestamp != null) {
            return startAt(fromTimestamp);
        }
        if (offset == null) {
            return fromBeginning || untilEnd ? StartOffset.EARLIEST : StartOffset.LATEST;
        }
        try {
            return StartOffset.parse(offset);
        } catch (IllegalArgumentException e) {
            throw usage("--offset: " + e.getMessage());
        }
    }

    private StartOffset startAt(String time) {
        try {
            return StartOffset.atTime(time);
        } catch (IllegalArgumentException e) {
            throw usage("--from-timestamp: " + e.getMessage());
        }
    }

    private RecordFormat parseFormat() {
        try {
            return RecordFormat.parse(format);
        } catch (CliException e) {
            throw usage(String.valueOf(e.getMessage()));
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private List<Tail> open(MillraceClient client, StartOffset start) {
        List<Integer> chosen = partitions.isEmpty()
                ? IntStream.range(0, client.partitions(topic.name())).boxed().toList()
                : partitions.stream().distinct().toList();
        if (start.isAbsolute() && chosen.size() > 1) {
            throw usage("--offset " + offset + " needs one --partition, not " + chosen.size());
        }
        List<PartitionReader> readers = chosen.stream()
                .map(number -> client.reader(topic.name(), number))
                .toList();
        List<CompletableFuture<OffsetRange>> ranges =
                readers.stream().map(PartitionReader::offsets).toList();
        List<Tail> tails = new ArrayList<>();
        for (int i = 0; i < readers.size(); i++) {
            OffsetRange range = await(ranges.get(i));
            long first = start.isTime()
                    ? await(readers.get(i).offsetAt(start.number())).orElse(range.latest())
                    : start.in(range);
            // Beyond the end there is nothing to print, but that is not what was asked for: the broker is asked, and
            // says so.
            boolean toTheEnd = untilEnd && first <= range.latest();
            tails.add(new Tail(readers.get(i), first, toTheEnd ? range.latest() : Long.MAX_VALUE));
        }
        return tails;
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof MillraceException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /** One partition from where it was read last to where reading ends. */
    private static final class Tail {
        final PartitionReader reader;
        final long endOffset;
        long nextOffset;

        Tail(PartitionReader reader, long nextOffset, long endOffset) {
            this.reader = reader;
            this.nextOffset = nextOffset;
            this.endOffset = endOffset;
        }

        boolean isDone() {
            return nextOffset >= endOffset;
        }
    }

    /** What a partition's fetch has brought. */
    private record Arrival(Tail tail, @Nullable FetchedRecords fetched, @Nullable Throwable thrown) {}

    /**
     * Prints what arrives. Each partition has one fetch under way or one result waiting, which bounds the memory; the next fetch
     * leaves before its predecessor's records are printed.
     */
    private final class Printer {
        private final RecordFormat recordFormat;
        private final List<Tail> tails;
        private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
        private final OutputStream out = new BufferedOutputStream(console.out(), OUT_BUFFER_BYTES);
        private long remaining = remaining();
        private int open;

        Printer(RecordFormat recordFormat, List<Tail> tails) {
            this.recordFormat = recordFormat;
            this.tails = tails;
        }

        void run() {
            try {
                tails.stream().filter(tail -> !tail.isDone()).forEach(tail -> {
                    open++;
                    fetch(tail);
                });
                while (open > 0 && remaining > 0) {
                    accept(nextArrival());
                }
                out.flush();
            } catch (IOException e) {
                throw CliException.writing(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CliException("interrupted");
            }
        }

        /** Whoever watches sees what is there before this waits for more. */
        private Arrival nextArrival() throws IOException, InterruptedException {
            Arrival arrival = arrivals.poll();
            if (arrival == null) {
                out.flush();
                arrival = arrivals.take();
            }
            return arrival;
        }

        private void accept(Arrival arrival) throws IOException {
            Tail tail = arrival.tail();
            FetchedRecords fetched = arrival.fetched();
            if (fetched == null) {
                out.flush();
                throw failure(arrival);
            }
            tail.nextOffset = fetched.nextOffset();
            if (tail.isDone()) {
                open--;
            } else {
                fetch(tail);
            }
            for (StoredRecord record : fetched.records()) {
                if (remaining == 0 || record.offset() >= tail.endOffset) {
                    return;
                }
                recordFormat.write(out, topic.name(), tail.reader.partition().partition(), record);
                remaining--;
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // Both outcomes arrive.
        private void fetch(Tail tail) {
            tail.reader
                    .fetch(tail.nextOffset, FETCH)
                    .whenComplete((fetched, thrown) -> arrivals.add(new Arrival(tail, fetched, thrown)));
        }

        private RuntimeException failure(Arrival arrival) {
            Throwable cause =
                    arrival.thrown() instanceof CompletionException wrapper ? wrapper.getCause() : arrival.thrown();
            return cause instanceof RuntimeException failure ? failure : new IllegalStateException(cause);
        }
    }
}
