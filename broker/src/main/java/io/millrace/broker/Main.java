package io.millrace.broker;

import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.InvalidSettingsException;
import io.millrace.broker.config.SettingsLoader;
import io.millrace.broker.data.RefusedException;
import io.millrace.broker.disk.RoomOnDisk;
import io.millrace.broker.logging.Logging;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The broker process.
 *
 * <p>Exit codes: 0 after an orderly stop; 1 if it must not or cannot run here (the reason is on standard error); 2 if the command
 * line or the configuration is wrong. A broker that the cluster has removed is started again, in this process.
 */
@Command(
        name = "millrace broker",
        description = "Runs one Millrace broker until it is stopped (SIGTERM, Ctrl-C).",
        sortOptions = false,
        footer = {
            "",
            "Settings come from, the last one winning: built-in defaults, FILE, the environment"
                    + " (millrace.cluster.port is MILLRACE_CLUSTER_PORT), -Dkey=value, 'millrace broker config set'.",
            "",
            "Of brokers that run: millrace broker list, drain, undrain, decommission, config; each has a --help."
        })
public final class Main implements Callable<Integer> {
    static final int EXIT_REFUSED = 1;
    static final int EXIT_CONFIGURATION = 2;

    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Settings in HOCON: millrace { broker-id = 1, ... }.")
    private @Nullable Path file;

    @Option(names = "-D", paramLabel = "KEY=VALUE", description = "One setting, for example -Dmillrace.broker-id=2.")
    private Map<String, String> overrides = new LinkedHashMap<>();

    @Option(names = "--check-config", description = "Check the settings and exit.")
    private boolean checkOnly;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    @SuppressWarnings("UnusedVariable") // picocli looks at it.
    private boolean help;

    private Main() {}

    /** For {@code bin/millrace broker}. */
    public static void main(String[] arguments) {
        int exitCode = run(arguments, System.err);
        // Needed although nothing else runs: a thread that is not a daemon must not keep a broker alive that is none
        // any more.
        System.exit(exitCode);
    }

    static int run(String[] arguments, PrintStream errors) {
        CommandLine commandLine = new CommandLine(new Main());
        // In one line, as all other mistakes; the whole help would hide it.
        commandLine.setParameterExceptionHandler((thrown, given) -> {
            String what = thrown instanceof CommandLine.UnmatchedArgumentException unmatched
                            && !unmatched.isUnknownOption()
                            && !unmatched.getUnmatched().isEmpty()
                    ? "'" + unmatched.getUnmatched().get(0) + "' is not an option; a file is named by --config"
                    : thrown.getMessage();
            errors.println("millrace: " + what + "; see 'millrace broker --help'");
            return EXIT_CONFIGURATION;
        });
        commandLine.setExecutionExceptionHandler((thrown, command, parsed) -> {
            if (thrown instanceof InvalidSettingsException invalid) {
                errors.println("millrace: the configuration has "
                        + (invalid.problems().size() == 1
                                ? "a mistake:"
                                : invalid.problems().size() + " mistakes:"));
                invalid.problems().forEach(problem -> errors.println("  " + problem));
                return EXIT_CONFIGURATION;
            }
            if (thrown instanceof RefusedException) {
                errors.println("millrace: " + thrown.getMessage());
                return EXIT_REFUSED;
            }
            throw thrown;
        });
        return commandLine.execute(arguments);
    }

    @Override
    public Integer call() throws Exception {
        Map<String, String> given = new LinkedHashMap<>(SettingsLoader.ofSystemProperties(System.getProperties()));
        given.putAll(overrides);
        BrokerSettings settings = SettingsLoader.load(Optional.ofNullable(file), System.getenv(), given);
        if (checkOnly) {
            System.out.println("The configuration is valid: broker " + settings.brokerId() + " of cluster '"
                    + settings.cluster().name() + "'.");
            return 0;
        }
        Logging.configure(settings);
        HaltWhenStuck halting = HaltWhenStuck.install(settings.shutdownTimeout());
        while (true) {
            RoomOnDisk.awaitStart(settings.dataDir(), settings.diskReserve());
            Broker.Ended ended = runOnce(settings, halting);
            if (ended.kind() == Broker.Ended.Kind.STOPPED) {
                return 0;
            } else if (!ended.kind().mayStartAgain()) {
                LOG.error("{}", ended.reason());
                return EXIT_REFUSED;
            }
            LOG.warn("{}; starting again", ended.reason());
            if (ended.kind() == Broker.Ended.Kind.OUT_OF_SPACE) {
                RoomOnDisk.await(settings.dataDir(), settings.diskReserve());
            }
        }
    }

    private static Broker.Ended runOnce(BrokerSettings settings, HaltWhenStuck halting) throws InterruptedException {
        try (Broker broker = Broker.start(settings)) {
            halting.watch(broker);
            return broker.awaitTermination();
        }
    }
}
