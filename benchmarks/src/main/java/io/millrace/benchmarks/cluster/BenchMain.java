package io.millrace.benchmarks.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.millrace.benchmarks.cluster.PeerSystem.ServersKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line of {@code bin/bench}, and the order of what it does. Exit code 1: something could not be measured. */
@Command(
        name = "bin/bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures Millrace beside Kafka and NATS on this machine, in one run.",
            "",
            "Starts three servers of each, drives the same work by turns from one client process each, and prints medians,"
                    + " ranges and ratios. Linux only: it reads /proc. 'bin/bench micro' runs the micro-benchmarks."
        },
        footer = {
            "",
            "Systems: millrace, kafka (default flush), kafka-flushed (flush.messages=1), nats (if nats-server is installed).",
            "Cells of 'writes': 1KiB-1p, 1KiB-12p, 100B-1p, 100B-12p (throughput), latency (1,000 records/s), batch (one at a"
                    + " time or all at once).",
            "Cells of 'reads': read-1p, read-12p (all of a topic, warm and cold), fan-out (20 consumers), delivery (1,000"
                    + " records/s, from due to handled), rebalance (members come and go; not of NATS).",
            "",
            "Examples:",
            "  bin/bench --quick",
            "  bin/bench --systems millrace,kafka --cells 1KiB-1p,latency --runs 5 --seconds 20",
            "  bin/bench reads --megabytes 200 --runs 2"
        })
final class BenchMain implements Callable<Integer> {
    private static final Duration READY = Duration.ofMinutes(3);

    @Parameters(
            arity = "0..1",
            paramLabel = "WORK",
            defaultValue = "writes",
            description = "'writes' or 'reads'. Default: writes.")
    private Cell.Work work = Cell.Work.WRITES;

    @Option(
            names = "--systems",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Which to measure; ratios are those of the first to the others. Default: all; of reads all but kafka-flushed.")
    private List<PeerSystem> systems = List.of();

    @Option(
            names = "--cells",
            split = ",",
            paramLabel = "NAME",
            description = "What to measure. Default: all of the work.")
    private List<Cell> cells = List.of();

    @Option(names = "--runs", paramLabel = "N", description = "Repetitions. Default: 3.")
    private int runs = 3;

    @Option(names = "--seconds", paramLabel = "N", description = "Of each measurement. Default: 15.")
    private int seconds = 15;

    @Option(names = "--warm-up", paramLabel = "N", description = "Seconds before each measurement. Default: 5.")
    private int warmUpSeconds = 5;

    @Option(
            names = "--first-warm-up",
            paramLabel = "N",
            description =
                    "Seconds of each system with each record size, on all its servers, before all else. Default: 60.")
    private int firstWarmUpSeconds = 60;

    @Option(
            names = "--megabytes",
            paramLabel = "N",
            description =
                    "Of values, to be written and then read; of each topic there are three replicas. Default: 1000.")
    private int megabytes = 1_000;

    @Option(names = "--quick", description = "One run, 5 s each, little warm-up: whether it works, not how fast it is.")
    private boolean quick;

    @Option(names = "--base-port", paramLabel = "N", description = "Servers take ports N to N+29. Default: 9692.")
    private int basePort = 9_692;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(names = "--out", paramLabel = "DIR", required = true, hidden = true)
    private Path out;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(names = "--home", paramLabel = "DIR", required = true, hidden = true)
    private Path home;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(names = "--kafka-version", paramLabel = "V", required = true, hidden = true)
    private String kafkaVersion;

    private final Map<ServersKind, Servers> servers = new EnumMap<>(ServersKind.class);
    private final Map<PeerSystem, DriverProcess> drivers = new EnumMap<>(PeerSystem.class);
    private final Results results = new Results();
    private final List<String> problems = new ArrayList<>();
    private @Nullable Path directory;
    private volatile boolean ending;
    private int topics;

    private BenchMain() {}

    /** For {@code bin/bench}. */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new BenchMain());
        command.registerConverter(PeerSystem.class, label -> named(PeerSystem.values(), label));
        command.registerConverter(Cell.class, label -> named(Cell.values(), label));
        command.registerConverter(Cell.Work.class, label -> named(Cell.Work.values(), label));
        System.exit(command.execute(arguments));
    }

    /** The constant whose {@code toString} it is. */
    private static <T> T named(T[] values, String label) {
        for (T value : values) {
            if (value.toString().equalsIgnoreCase(label)) {
                return value;
            }
        }
        throw new CommandLine.TypeConversionException("'" + label + "' is none of "
                + String.join(", ", Stream.of(values).map(Object::toString).toList()));
    }

    @Override
    public Integer call() throws Exception {
        if (quick) {
            runs = 1;
            seconds = 5;
            warmUpSeconds = 2;
            firstWarmUpSeconds = 5;
            megabytes = 100;
        }
        if (systems.isEmpty()) {
            systems = work.systems();
        }
        if (cells.isEmpty()) {
            cells = work.cells();
        }
        Machine machine = Machine.here();
        Files.createDirectories(out);
        directory = Files.createTempDirectory("millrace-bench-");
        Runtime.getRuntime().addShutdownHook(new Thread(this::end)); // also on Ctrl-C
        List<PeerSystem> measured = start();
        if (measured.isEmpty()) {
            say("nothing is left to measure");
            return 1;
        }
        warmUp(measured);
        measure(measured);
        if (ending) {
            return 1;
        }
        report(machine, measured);
        return problems.isEmpty() ? 0 : 1;
    }

    // ------------------------------------------------------------------------------------------------- start and end

    /** Starts what can be started, and says what cannot. */
    private List<PeerSystem> start() throws Exception {
        List<PeerSystem> started = new ArrayList<>();
        for (PeerSystem system : systems) {
            Servers its = servers.computeIfAbsent(system.servers, this::make);
            Optional<String> problem = its.problem();
            if (problem.isPresent()) {
                servers.remove(system.servers);
                say("%s is left out: %s", system, problem.get());
            } else {
                started.add(system);
            }
        }
        for (Servers each : servers.values()) {
            say("starting %s", each.description());
            each.start();
        }
        for (PeerSystem system : started) {
            drivers.put(system, awaitReady(system));
        }
        return started;
    }

    private Servers make(ServersKind kind) {
        Path its = created(directoryOf(kind));
        return switch (kind) {
            case MILLRACE -> new MillraceServers(home, its, basePort);
            case KAFKA -> new KafkaServers(kafkaVersion, home, its, basePort + Servers.PORTS);
            case NATS -> new NatsServers(its, basePort + 2 * Servers.PORTS);
        };
    }

    private Path directoryOf(ServersKind kind) {
        return Objects.requireNonNull(directory).resolve(kind.name().toLowerCase(Locale.ROOT));
    }

    private static Path created(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A system is ready when it takes records; a client may give up before that, and another is started. */
    private DriverProcess awaitReady(PeerSystem system) throws Exception {
        long deadline = System.nanoTime() + READY.toNanos();
        while (true) {
            DriverProcess driver = driver(system);
            String problem;
            try {
                problem = driver.run(task(system, Cell.BATCH.kind, Cell.BATCH, 0, 0))
                        .problem();
                if (problem == null) {
                    say("%s is ready", system);
                    return driver;
                }
            } catch (IOException e) {
                problem = e.getMessage();
            }
            driver.close();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(system + " is not ready after " + READY.toSeconds() + " s: " + problem);
            }
        }
    }

    private DriverProcess driver(PeerSystem system) throws IOException {
        String bootstrap = Objects.requireNonNull(servers.get(system.servers)).bootstrap();
        return new DriverProcess(system, bootstrap, out.resolve("client-" + system + ".log"));
    }

    /** Ends all that was started, and removes what it has written. */
    private synchronized void end() {
        ending = true;
        List<AutoCloseable> started = new ArrayList<>(drivers.values());
        started.addAll(servers.values());
        for (AutoCloseable each : started) {
            try {
                each.close();
            } catch (Exception e) {
                say("cannot end what was started: %s", e);
            }
        }
        Path all = directory;
        if (all != null) {
            delete(all);
        }
    }

    private static void delete(Path all) {
        try (Stream<Path> files = Files.walk(all)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            say("cannot delete %s: %s", all, e);
        }
    }

    // ---------------------------------------------------------------------------------------------------- measuring

    /** Each server leads some of twelve partitions. */
    private void warmUp(List<PeerSystem> measured) throws Exception {
        for (Cell cell : List.of(Cell.KIB_12P, Cell.SMALL_12P, Cell.LATENCY, Cell.READ_12P)) {
            for (PeerSystem system : measured) {
                if (cells.stream().noneMatch(cell::warmsUp)) {
                    continue;
                }
                int warm = cell == Cell.LATENCY ? Math.min(10, firstWarmUpSeconds) : firstWarmUpSeconds;
                say("warming up %s: %s, %d s", system, cell, warm);
                run(task(system, cell.kind, cell, warm, 1), system);
            }
        }
    }

    private void measure(List<PeerSystem> measured) throws Exception {
        int count = 0;
        long total = runs
                * cells.stream()
                        .mapToLong(cell ->
                                measured.stream().filter(cell.kind::isFor).count())
                        .sum();
        List<PeerSystem> order = new ArrayList<>(measured);
        for (int repetition = 0; repetition < runs; repetition++) {
            for (Cell cell : cells) {
                for (PeerSystem system : order) {
                    if (ending) {
                        return;
                    }
                    if (!cell.kind.isFor(system)) {
                        continue;
                    }
                    TaskResult result = run(task(system, cell.kind, cell, warmUpSeconds, seconds), system);
                    results.add(new Measurement(repetition, cell, system, result));
                    say(
                            "%d/%d  run %d  %-9s %-14s %s",
                            ++count, total, repetition + 1, cell, system, brief(cell, result));
                }
            }
            Collections.rotate(order, 1);
        }
    }

    private static String brief(Cell cell, TaskResult result) {
        if (result.problem() != null) {
            return "FAILED: " + result.problem();
        }
        List<String> parts = new ArrayList<>();
        for (Metric metric : cell.kind.metrics().subList(0, 2)) {
            parts.add(metric.format(Objects.requireNonNull(result.metrics().get(metric))) + " " + metric.label);
        }
        return String.join(", ", parts);
    }

    private TaskResult run(Task task, PeerSystem system) throws Exception {
        new ProcessBuilder("sync").start().waitFor();
        TaskResult result = answer(task, system);
        if (result.problem() != null && !ending) {
            problems.add(system + ", " + task.kind() + ": " + result.problem());
        }
        return result;
    }

    /** A client that has ended is replaced by another, which is cold. */
    private TaskResult answer(Task task, PeerSystem system) throws Exception {
        try {
            return Objects.requireNonNull(drivers.get(system)).run(task);
        } catch (IOException e) {
            if (!ending) {
                drivers.put(system, driver(system));
            }
            return TaskResult.failed(e.toString());
        }
    }

    private Task task(PeerSystem system, Cell.Kind kind, Cell cell, int warmUp, int measure) {
        List<Long> others = new ArrayList<>();
        servers.forEach((servedBy, each) -> {
            if (servedBy != system.servers) {
                others.addAll(each.pids());
            }
        });
        return new Task(
                "bench" + topics++,
                kind,
                cell.recordBytes,
                cell.partitions,
                warmUp,
                measure,
                megabytes,
                Objects.requireNonNull(servers.get(system.servers)).pids(),
                others,
                directoryOf(system.servers).toString());
    }

    // ---------------------------------------------------------------------------------------------------- reporting

    private void report(Machine machine, List<PeerSystem> measured) throws IOException {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s: %d processors, %s, %s, Java %s; load average before %s, after %s%n",
                machine.date(),
                machine.processors(),
                machine.memory(),
                machine.kernel(),
                machine.java(),
                machine.loadAverage(),
                Machine.loadAverageNow()));
        text.append(String.format(
                Locale.ROOT,
                "RF 3, %d runs of %d s after %d s each; medians and (ranges); ratios are those of single runs%n",
                runs,
                seconds,
                warmUpSeconds));
        for (PeerSystem system : measured) {
            String what = Objects.requireNonNull(servers.get(system.servers)).description();
            text.append(String.format(Locale.ROOT, "- %s: %s; %s%n", system, what, system.durability));
        }
        text.append('\n').append(Table.of(results, cells, measured));
        problems.forEach(problem -> text.append("FAILED: ").append(problem).append('\n'));
        System.out.print("\n" + text);
        Files.writeString(out.resolve("table.md"), text);
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        json.writeValue(
                out.resolve("results.json").toFile(),
                Map.of("machine", machine, "seconds", seconds, "measurements", results.all(), "problems", problems));
        LatencyPicture.write(results, Cell.LATENCY, measured, out.resolve("latency.png"));
        say("written to %s: table.md, results.json, latency.png", out);
    }

    private static void say(String format, Object... arguments) {
        System.err.printf(Locale.ROOT, format + "%n", arguments);
    }
}
