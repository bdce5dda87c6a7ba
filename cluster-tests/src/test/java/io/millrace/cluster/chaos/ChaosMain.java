package io.millrace.cluster.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/** The command line of {@code bin/chaos}. Exit code 0: all is well; 1: it is not, and what is left is kept; 2: usage. */
final class ChaosMain {
    private static final String USAGE =
            """
            Usage: bin/chaos [--minutes N | --seconds N] [--seed N] [--rate N] [--consumers N]
                   bin/chaos --failovers N [--rate N]

            Three brokers as processes of their own, on loopback, under load. The first form kills them, stops them and cuts
            their network by chance, 10 minutes long by default, and reads everything back. The second kills the leader of a
            partition N times and measures how long nothing is acknowledged.

              --seed N   decides which faults come when; printed at the start; default: by chance
              --keep     keep logs and data although all is well
              --consumers N
                         so many processes of one group, over 12 partitions, that are killed, stopped and started as well;
                         default: none, and 3 partitions
              --rate N   records of 1 KiB a second, all producers together; default: 1000
            """;

    private long millis = 600_000;
    private long seed = new Random().nextLong() & 0xFFFF_FFFFL;
    private int recordsPerSecond = 1_000;
    private int failovers;
    private int consumers;
    private boolean keep;

    private ChaosMain() {}

    /** For {@code bin/chaos}. */
    public static void main(String[] arguments) {
        int exit;
        try {
            exit = new ChaosMain().run(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("chaos: " + e.getMessage() + "\n\n" + USAGE);
            exit = 2;
        }
        System.exit(exit);
    }

    private void parse(String[] arguments) {
        Iterator<String> left = List.of(arguments).iterator();
        while (left.hasNext()) {
            String option = left.next();
            if (option.equals("--keep")) {
                keep = true;
                continue;
            }
            if (!left.hasNext()) {
                throw new IllegalArgumentException(option + " needs a value");
            }
            long value = Long.parseLong(left.next());
            switch (option) {
                case "--minutes" -> millis = value * 60_000;
                case "--seconds" -> millis = value * 1_000;
                case "--seed" -> seed = value;
                case "--rate" -> recordsPerSecond = Math.toIntExact(value);
                case "--consumers" -> consumers = Math.toIntExact(value);
                case "--failovers" -> failovers = Math.toIntExact(value);
                default -> throw new IllegalArgumentException("'" + option + "' is not known");
            }
        }
    }

    private int run(String[] arguments) {
        if (List.of(arguments).contains("--help")) {
            System.out.println(USAGE);
            return 0;
        }
        parse(arguments);
        Path directory = null;
        boolean well = false;
        try {
            Path home = Path.of(Objects.requireNonNull(System.getProperty("millrace.home")));
            directory = Files.createTempDirectory(
                    Files.createDirectories(home.resolve("cluster-tests/target/chaos")), "run-");
            well = failovers > 0 ? failovers(directory) : chaos(directory);
        } catch (Exception | AssertionError e) {
            System.out.println("VERDICT: BROKEN, " + e);
            e.printStackTrace();
        }
        if (directory != null && well && !keep) {
            delete(directory);
        } else if (directory != null) {
            System.out.println("logs and data are kept in " + directory);
        }
        return well ? 0 : 1;
    }

    private boolean failovers(Path directory) throws Exception {
        try (Failovers run = new Failovers(directory)) {
            endWithThisProcess(run);
            return run.run(failovers, recordsPerSecond);
        }
    }

    private boolean chaos(Path directory) throws Exception {
        System.out.println("seed " + seed + ", " + millis / 1_000 + " s; the same again: bin/chaos --seconds "
                + millis / 1_000 + " --seed " + seed + (consumers > 0 ? " --consumers " + consumers : ""));
        int partitions = consumers > 0 ? 12 : 3;
        try (Chaos run = new Chaos(directory, FaultPlan.of(seed, 3, millis), partitions, consumers, seed)) {
            endWithThisProcess(run);
            return run.run(recordsPerSecond, millis);
        }
    }

    /** Also when somebody presses Ctrl-C: no broker is left behind. */
    private static void endWithThisProcess(AutoCloseable run) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                run.close();
            } catch (Exception e) {
                System.out.println("cannot end what was started: " + e);
            }
        }));
    }

    private static void delete(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.out.println("cannot delete " + directory + ": " + e);
        }
    }
}
