package io.millrace.partition.sim;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/millrace simulate}. */
@Command(
        name = "simulate",
        mixinStandardHelpOptions = true,
        description = {
            "Run whole Raft groups – the real core, log and partition state on simulated disks, network and clocks – among"
                    + " faults, and check after every event that nothing acknowledged is lost, changed or out of order.",
            "The same seed and steps give the same history, so a failure can be replayed."
        },
        footer = {
            "",
            "docs/simulation.md explains what is simulated and checked.",
            "",
            "Exit status: 0 all seeds passed, 1 one failed, 2 wrong usage."
        })
public final class SimulateCommand implements Callable<Integer> {
    private static final int SEEDS = 100;
    private static final long PROGRESS_MILLIS = 1_000;

    /** How much to run. */
    static final class Extent {
        @Option(names = "--seed", paramLabel = "N", description = "This seed only.")
        @Nullable Long seed;

        @Option(names = "--seeds", paramLabel = "M", description = "So many seeds (default: " + SEEDS + ").")
        @Nullable Long seeds;

        @Option(names = "--minutes", paramLabel = "K", description = "As many seeds as can be done in this time.")
        @Nullable Double minutes;
    }

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    @ArgGroup
    private @Nullable Extent extent;

    @Option(names = "--from", paramLabel = "N", description = "The first seed (default: ${DEFAULT-VALUE}).")
    private long from = 1;

    @Option(names = "--threads", paramLabel = "T", description = "Seeds at the same time (default: one a processor).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--steps",
            paramLabel = "S",
            description = "Events before the faults of a seed end and it must recover (default: ${DEFAULT-VALUE}).")
    private long steps = 10_000;

    /** Runs the command and ends the process with its status. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new SimulateCommand())
                .setCommandName("millrace simulate")
                .execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        Extent asked = extent == null ? new Extent() : extent;
        long first = asked.seed == null ? from : asked.seed;
        long last = Long.MAX_VALUE;
        if (asked.seed != null) {
            last = asked.seed;
        } else if (asked.minutes == null) {
            last = first - 1 + (asked.seeds == null ? SEEDS : asked.seeds);
        }
        if (last < first || steps < 1 || threads < 1 || (asked.minutes != null && asked.minutes <= 0)) {
            throw new ParameterException(
                    spec.commandLine(), "numbers of seeds, minutes, steps and threads start above 0");
        }
        long startNanos = System.nanoTime();
        long endNanos = asked.minutes == null ? Long.MAX_VALUE : startNanos + (long) (asked.minutes * 60e9);
        BooleanSupplier enough = () -> System.nanoTime() - endNanos >= 0 && endNanos != Long.MAX_VALUE;

        PrintWriter out = spec.commandLine().getOut();
        Simulation simulation = new Simulation(SimulatedCluster::new, first, steps);
        Thread progress = showProgress(simulation, startNanos);
        Optional<Simulation.Failure> failure = simulation.run(last, threads, enough);
        progress.interrupt();
        progress.join();

        simulation.totals(totals -> {
            report(out, totals, startNanos);
            return totals;
        });
        failure.ifPresent(failed -> tell(out, failed));
        out.println(
                failure.isEmpty()
                        ? "All seeds passed."
                        : "FAILED: seed " + failure.get().seed());
        out.flush();
        return failure.isEmpty() ? 0 : 1;
    }

    /** One line on standard error, again and again, if that is a terminal. */
    private static Thread showProgress(Simulation simulation, long startNanos) {
        Thread thread = new Thread(
                () -> {
                    boolean shown = false;
                    try {
                        while (Boolean.getBoolean("millrace.stderr.terminal")) { // the launcher knows
                            Thread.sleep(PROGRESS_MILLIS);
                            shown = true;
                            System.err.print("\r\u001b[K" + simulation.totals(totals -> summary(totals, startNanos)));
                        }
                    } catch (InterruptedException done) {
                        if (shown) {
                            System.err.print("\r\u001b[K");
                        }
                    }
                },
                "progress");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static String summary(Simulation.Totals totals, long startNanos) {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        Duration elapsed = Duration.ofSeconds((long) seconds);
        return String.format(
                Locale.ROOT,
                "%,d seeds, %.1f simulated hours, %,d events (%,.0f a second), %s",
                totals.seeds,
                totals.virtualHours(),
                totals.events,
                totals.events / seconds,
                String.format(
                        Locale.ROOT,
                        "%d:%02d:%02d",
                        elapsed.toHours(),
                        elapsed.toMinutesPart(),
                        elapsed.toSecondsPart()));
    }

    private static void report(PrintWriter out, Simulation.Totals totals, long startNanos) {
        out.println(summary(totals, startNanos));
        out.printf(Locale.ROOT, "%,d requests acknowledged, %,d reads%n", totals.acknowledged, totals.reads);
        out.println("Faults, and what came of them:");
        for (Map.Entry<Fault, Long> counted : totals.faults.toMap().entrySet()) {
            out.printf(Locale.ROOT, "  %-42s %,14d%n", counted.getKey(), counted.getValue());
        }
    }

    private void tell(PrintWriter out, Simulation.Failure failed) {
        out.println();
        out.println(failed.cause().getMessage());
        if (!(failed.cause() instanceof SimulationFailure)) {
            failed.cause().printStackTrace(out);
        }
        out.printf(Locale.ROOT, "Replay it with: bin/millrace simulate --seed %d --steps %d%n", failed.seed(), steps);
    }
}
