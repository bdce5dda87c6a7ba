package io.millrace.client.cli;

import io.millrace.protocol.TopicName;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The argument of every command that reads or writes one topic. */
final class TopicArgument {
    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private String name = "";

    @Parameters(paramLabel = "TOPIC", description = "Its name; it must exist.")
    @SuppressWarnings("UnusedMethod") // picocli calls it.
    private void setName(String given) {
        TopicName.problemWith(given).ifPresent(problem -> {
            throw new ParameterException(command.commandLine(), problem);
        });
        name = given;
    }

    /** One that a topic can have. */
    String name() {
        return name;
    }
}
