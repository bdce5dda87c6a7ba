package io.millrace.client.cli;

import io.millrace.client.HostPort;
import io.millrace.client.MillraceClient;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of every command that talks to a cluster. */
final class ConnectionOptions {
    private static final String VARIABLE = "MILLRACE_BOOTSTRAP";
    private static final String DEFAULT_BOOTSTRAP = "localhost:9092";
    /** For so long a cluster may be on its way up before the address is called wrong. */
    private static final Duration FIRST_CONTACT = Duration.ofSeconds(3);

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Nullable @Option(
            names = {"-b", "--bootstrap"},
            paramLabel = "HOST:PORT[,HOST:PORT]",
            description = "Brokers to ask first; any one of the cluster is enough. Default: $MILLRACE_BOOTSTRAP, or"
                    + " localhost:9092.")
    private String bootstrap;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            converter = DurationConverter.class,
            description = "How long to go on trying while the cluster cannot answer: 500ms, 10s, 2m. Default: 30s.")
    private Duration timeout;

    /** How long one call, or one record, may take with all its retries. */
    Duration timeout() {
        return timeout;
    }

    /** A client for these options, not connected yet. */
    MillraceClient client(Console console) {
        return MillraceClient.builder()
                .bootstrap(addresses(console))
                .timeout(timeout)
                .firstContactTimeout(timeout.compareTo(FIRST_CONTACT) < 0 ? timeout : FIRST_CONTACT)
                .build();
    }

    private List<HostPort> addresses(Console console) {
        String variable = console.environment().getOrDefault(VARIABLE, "");
        String chosen = bootstrap != null ? bootstrap : variable.isBlank() ? DEFAULT_BOOTSTRAP : variable;
        try {
            return HostPort.parseList(chosen);
        } catch (IllegalArgumentException e) {
            String where = bootstrap != null ? "--bootstrap" : "$" + VARIABLE;
            throw new ParameterException(command.commandLine(), where + ": " + e.getMessage(), e);
        }
    }

    /** {@code 500ms}, {@code 10s}, {@code 2m}; a number alone is seconds. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            String number = text.replaceFirst("(ms|s|m)$", "");
            if (!number.matches("[0-9]{1,9}") || Long.parseLong(number) == 0) {
                throw new TypeConversionException("'" + text + "' is not a time like 500ms, 10s or 2m");
            }
            long value = Long.parseLong(number);
            if (text.endsWith("ms")) {
                return Duration.ofMillis(value);
            }
            return text.endsWith("m") ? Duration.ofMinutes(value) : Duration.ofSeconds(value);
        }
    }
}
