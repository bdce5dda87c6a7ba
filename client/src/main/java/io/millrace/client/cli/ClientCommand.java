package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that asks the cluster something. What is wrong with its arguments it says before it connects. */
abstract class ClientCommand implements Runnable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    final Console console;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ConnectionOptions connection = new ConnectionOptions();

    ClientCommand(Console console) {
        this.console = console;
    }

    @Override
    public final void run() {
        check();
        try (MillraceClient client = connection.client(console)) {
            run(client);
        }
    }

    /** @throws ParameterException if its arguments make no sense together */
    void check() {}

    abstract void run(MillraceClient client);

    /** How long the cluster may go on without doing anything. */
    final Duration timeout() {
        return connection.timeout();
    }

    final ParameterException wrongUsage(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    final ParameterException wrongUsage(String problem, Throwable cause) {
        return new ParameterException(spec.commandLine(), problem, cause);
    }

    /**
     * Until it is time to look again at what goes on in the cluster.
     *
     * @param interrupted what to say if the user has enough of waiting
     */
    static void pause(String interrupted) {
        try {
            Thread.sleep(LOOK_EVERY.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException(interrupted);
        }
    }
}
