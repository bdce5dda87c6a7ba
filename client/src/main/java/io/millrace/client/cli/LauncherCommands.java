package io.millrace.client.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** Commands that the launcher {@code bin/millrace} runs by itself. They are here so that {@code --help} lists them. */
final class LauncherCommands {
    private LauncherCommands() {}

    /** Accepts anything, and says who runs it. */
    private abstract static class OfLauncher implements Runnable {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Spec
        private CommandSpec spec;

        @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // Set by picocli, so that it accepts anything.
        @Unmatched
        private List<String> arguments;

        @Override
        public void run() {
            throw new ParameterException(
                    spec.commandLine(), "'" + spec.name() + "' is run by the launcher: bin/millrace " + spec.name());
        }
    }

    /** Three brokers on this machine. */
    @Command(
            name = "quickstart",
            description = "Start a cluster of three brokers on this machine and pipe a file through it;"
                    + " 'quickstart status' and 'quickstart stop' do what they say.")
    static final class Quickstart extends OfLauncher {}

    /** The simulator of Raft groups. */
    @Command(
            name = "simulate",
            description = "Run simulated Raft groups among faults and check them: --seed N, --seeds M or --minutes K.")
    static final class Simulate extends OfLauncher {}
}
