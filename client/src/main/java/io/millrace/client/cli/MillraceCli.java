package io.millrace.client.cli;

import io.millrace.client.MillraceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code millrace}: the commands, and what is common to them. */
@Command(
        name = "millrace",
        mixinStandardHelpOptions = true,
        versionProvider = MillraceCli.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "A distributed message queue: topics, partitions, offsets.",
        footer = {
            "",
            "'millrace COMMAND --help' explains a command. To begin: millrace quickstart",
            "",
            "Exit status: 0 done, 1 failed, 2 wrong usage."
        })
public final class MillraceCli implements Runnable {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    /** Held, since the log manager forgets loggers that nobody has, and their levels with them. */
    private static final Logger GRPC_LOG = Logger.getLogger("io.grpc");

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    private MillraceCli() {}

    /** Runs one command and ends the process with its status. */
    public static void main(String[] args) {
        silenceGrpc();
        System.exit(run(Console.ofProcess(), args));
    }

    /** It warns of an address that is not found with a stack trace an attempt; the command says it once, in a line. */
    private static void silenceGrpc() {
        GRPC_LOG.setLevel(Level.OFF);
    }

    /** Runs one command; returns its exit status. */
    static int run(Console console, String... args) {
        CommandLine commandLine = commandLine(console);
        // Printed when the command is done: help goes through these, data does not.
        PrintWriter out = new PrintWriter(new OutputStreamWriter(console.out(), StandardCharsets.UTF_8));
        PrintWriter err = new PrintWriter(console.err(), true, StandardCharsets.UTF_8);
        commandLine.setOut(out).setErr(err);
        int status = commandLine.execute(args);
        out.flush();
        err.flush();
        return status;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static CommandLine commandLine(Console console) {
        CommandLine commandLine = new CommandLine(new MillraceCli())
                .addSubcommand(new LauncherCommands.Quickstart())
                .addSubcommand(BrokerCommands.commandLine(console))
                .addSubcommand(new LauncherCommands.Simulate())
                .addSubcommand(TopicCommands.commandLine(console))
                .addSubcommand(GroupCommands.commandLine(console))
                .addSubcommand(new ProduceCommand(console))
                .addSubcommand(new ConsumeCommand(console))
                .addSubcommand(ClusterCommand.commandLine(console))
                .addSubcommand(new BenchCommand(console))
                .addSubcommand(new WaitReadyCommand(console))
                .addSubcommand(new WaitLeadersCommand(console));
        return commandLine
                .setColorScheme(new ColorScheme.Builder(Ansi.OFF).build())
                .setUsageHelpAutoWidth(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, args) -> onWrongUsage(console, e))
                .setExecutionExceptionHandler((e, command, parsed) -> onFailure(console, e));
    }

    private static int onWrongUsage(Console console, ParameterException e) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        console.err().println("millrace: " + describe(e) + "; see '" + command.qualifiedName() + " --help'");
        return USAGE;
    }

    private static String describe(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()
                && !unmatched.getUnmatched().isEmpty()) {
            String first = unmatched.getUnmatched().get(0);
            boolean needsCommand =
                    !e.getCommandLine().getCommandSpec().subcommands().isEmpty();
            return needsCommand ? "there is no command '" + first + "'" : "'" + first + "' is one argument too many";
        }
        if (e instanceof UnmatchedArgumentException unmatched && unmatched.isUnknownOption()) {
            String option = unmatched.getUnmatched().get(0);
            boolean isOfACommand = e.getCommandLine().getSubcommands().values().stream()
                    .anyMatch(command -> command.getCommandSpec().findOption(nameOf(option)) != null);
            if (isOfACommand) {
                return "'" + option + "' goes after the command";
            }
        }
        return String.valueOf(e.getMessage());
    }

    /** {@code -b} of {@code -bhost:1}, {@code --bootstrap} of {@code --bootstrap=host:1}. */
    private static String nameOf(String option) {
        int value = option.startsWith("--") ? option.indexOf('=') : Math.min(2, option.length());
        return value < 0 ? option : option.substring(0, value);
    }

    private static int onFailure(Console console, Exception thrown) throws Exception {
        if (thrown instanceof MillraceException failure) {
            console.err().println("millrace: " + Advice.describe(failure));
            return FAILED;
        }
        if (thrown instanceof CliException failure) {
            if (failure.isQuiet()) {
                return OK;
            }
            console.err().println("millrace: " + failure.getMessage());
            return FAILED;
        }
        // A fault of ours: with its stack, which picocli prints.
        throw thrown;
    }

    /** From what Maven puts into the jar; there is none in a bare class directory. */
    static final class Version implements IVersionProvider {
        private static final String POM_PROPERTIES = "/META-INF/maven/io.millrace/millrace-client/pom.properties";

        @Override
        public String[] getVersion() throws IOException {
            Properties properties = new Properties();
            try (InputStream stream = MillraceCli.class.getResourceAsStream(POM_PROPERTIES)) {
                if (stream != null) {
                    properties.load(stream);
                }
            }
            return new String[] {"millrace " + properties.getProperty("version", "(development build)")};
        }
    }
}
