package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.BrokerConfig;
import io.millrace.client.MillraceClient;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace broker config …}. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Show how brokers are configured, and change settings while they run.")
final class ConfigCommands implements Runnable {
    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    static CommandLine commandLine(Console console) {
        return new CommandLine(new ConfigCommands())
                .addSubcommand(new Describe(console))
                .addSubcommand(new Change(console))
                .addSubcommand(new Unset(console));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "what to do: describe, set or unset?");
    }

    /** One broker, or all. */
    private static final class Whose {
        @Option(names = "--broker", paramLabel = "N", required = true, description = "Of this broker only.")
        private @Nullable Integer broker;

        @Option(names = "--all", required = true, description = "Of all brokers that have none of their own.")
        private boolean all;

        OptionalInt broker() {
            return all || broker == null ? OptionalInt.empty() : OptionalInt.of(broker);
        }

        static String told(OptionalInt broker) {
            return broker.isPresent() ? "broker " + broker.getAsInt() : "all brokers";
        }
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description =
                    "Show what was set while brokers run or, with --broker, all settings of one broker as they hold now,"
                            + " who said so, and which of them can be changed while it runs.")
    static final class Describe extends ClientCommand {
        @ArgGroup
        private Whose whose = new Whose();

        @Option(names = "--json", description = "Print one JSON document instead of a table.")
        private boolean json;

        Describe(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            BrokerConfig config = client.admin().describeBrokerConfig(whose.broker());
            boolean one = whose.broker().isPresent();
            console.print(
                    json
                            ? Json.line(out -> write(out, config, one))
                            : one ? settings(config).toString() : given(config, whose.all));
        }

        static Table settings(BrokerConfig config) {
            Table table = new Table("SETTING", "VALUE", "ORIGIN", "WHERE", "CHANGE");
            for (BrokerConfig.Setting setting : config.settings()) {
                table.row(
                        setting.key(),
                        setting.value(),
                        setting.origin(),
                        setting.where().isEmpty() ? "-" : setting.where(),
                        setting.live() ? "live" : "restart");
            }
            return table;
        }

        /** @param ofAll only what was set for all brokers */
        static String given(BrokerConfig config, boolean ofAll) {
            Table table = new Table("WHOSE", "SETTING", "VALUE");
            boolean isEmpty = true;
            for (var given : config.given().entrySet()) {
                if (!ofAll || given.getKey().isEmpty()) {
                    given.getValue().forEach((name, value) -> table.row(Whose.told(given.getKey()), name, value));
                    isEmpty &= given.getValue().isEmpty();
                }
            }
            return isEmpty
                    ? "nothing was set " + (ofAll ? "for all brokers " : "") + "while brokers run\n"
                    : table.toString();
        }

        private static void write(JsonGenerator out, BrokerConfig config, boolean one) throws IOException {
            out.writeStartObject();
            if (one) {
                out.writeNumberField("broker", config.broker());
                out.writeArrayFieldStart("settings");
                for (BrokerConfig.Setting setting : config.settings()) {
                    out.writeStartObject();
                    out.writeStringField("key", setting.key());
                    out.writeStringField("value", setting.value());
                    out.writeStringField("origin", setting.origin());
                    out.writeStringField("where", setting.where());
                    out.writeBooleanField("live", setting.live());
                    out.writeEndObject();
                }
                out.writeEndArray();
            } else {
                out.writeObjectFieldStart("given");
                for (var given : config.given().entrySet()) {
                    out.writeObjectFieldStart(
                            given.getKey().isPresent() ? "" + given.getKey().getAsInt() : "all");
                    for (Map.Entry<String, String> setting : given.getValue().entrySet()) {
                        out.writeStringField(setting.getKey(), setting.getValue());
                    }
                    out.writeEndObject();
                }
                out.writeEndObject();
            }
            out.writeEndObject();
        }
    }

    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description =
                    "Change settings while brokers run. They hold after a restart too, before what the broker is configured"
                            + " with; 'describe --broker N' shows which can be changed.")
    static final class Change extends ClientCommand {
        @ArgGroup(multiplicity = "1")
        private Whose whose = new Whose();

        @Parameters(
                paramLabel = "NAME=VALUE",
                arity = "1..*",
                description = "Such as replica-replacement-delay=30m or leader-balance.enabled=off.")
        private Map<String, String> settings = new LinkedHashMap<>();

        Change(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            client.admin().alterBrokerConfig(whose.broker(), settings, List.of());
            console.print("set for " + Whose.told(whose.broker()) + ": " + settings + "\n");
        }
    }

    @Command(
            name = "unset",
            mixinStandardHelpOptions = true,
            description = "Let settings be as brokers are configured, or as was set for all of them.")
    static final class Unset extends ClientCommand {
        @ArgGroup(multiplicity = "1")
        private Whose whose = new Whose();

        @Parameters(paramLabel = "NAME", arity = "1..*", description = "Which.")
        private List<String> names = List.of();

        Unset(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            client.admin().alterBrokerConfig(whose.broker(), Map.of(), names);
            console.print(
                    "not set any more for " + Whose.told(whose.broker()) + ": " + String.join(", ", names) + "\n");
        }
    }
}
