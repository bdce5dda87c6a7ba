package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.BrokerListing;
import io.millrace.client.MillraceClient;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code millrace broker …}: to run one, which the launcher does by itself, and to look after those that run. */
@Command(
        name = "broker",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description =
                "Run a broker in the foreground: --config FILE [-Dkey=value]. Or list brokers, and have their replicas"
                        + " moved to others.")
final class BrokerCommands implements Runnable {
    private static final String MOVES_GO_ON = "interrupted; the moves go on";

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // Set by picocli, so that it accepts anything.
    @Unmatched
    private List<String> arguments;

    static CommandLine commandLine(Console console) {
        return new CommandLine(new BrokerCommands())
                .addSubcommand(new ListAll(console))
                .addSubcommand(new Drain(console))
                .addSubcommand(new Undrain(console))
                .addSubcommand(new Decommission(console))
                .addSubcommand(ConfigCommands.commandLine(console));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "'broker' is run by the launcher: bin/millrace broker");
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Show the brokers, how many replicas each has, and which of them are drained.")
    static final class ListAll extends ClientCommand {
        @Option(names = "--json", description = "Print one JSON document instead of a table.")
        private boolean json;

        ListAll(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            List<BrokerListing> brokers = client.admin().listBrokers();
            console.print(json ? Json.line(out -> write(out, brokers)) : table(brokers));
        }

        private static String table(List<BrokerListing> brokers) {
            Table table = new Table("BROKER", "CLIENT", "STATE", "RACK", "REPLICAS", "LEADERS", "MOVING", "METADATA");
            for (BrokerListing broker : brokers) {
                table.row(
                        broker.id(),
                        broker.client(),
                        (broker.alive() ? "up" : "down") + (broker.draining() ? ", draining" : ""),
                        broker.rack().orElse("-"),
                        broker.replicas(),
                        broker.leaders(),
                        broker.moving(),
                        broker.votesOnMetadata() ? "votes" : "-");
            }
            return table.toString();
        }

        private static void write(JsonGenerator out, List<BrokerListing> brokers) throws IOException {
            out.writeStartObject();
            out.writeArrayFieldStart("brokers");
            for (BrokerListing broker : brokers) {
                out.writeStartObject();
                out.writeNumberField("id", broker.id());
                out.writeStringField("client", broker.client().toString());
                out.writeBooleanField("alive", broker.alive());
                out.writeBooleanField("draining", broker.draining());
                out.writeStringField("rack", broker.rack().orElse(""));
                out.writeNumberField("replicas", broker.replicas());
                out.writeNumberField("leaders", broker.leaders());
                out.writeNumberField("moving", broker.moving());
                out.writeBooleanField("votes_on_metadata", broker.votesOnMetadata());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
    }

    /** The one that is meant. */
    private static Optional<BrokerListing> find(MillraceClient client, int broker) {
        return client.admin().listBrokers().stream()
                .filter(listed -> listed.id() == broker)
                .findFirst();
    }

    /** Says how much is left each time that it is less, until nothing is. */
    private static void awaitEmpty(Console console, MillraceClient client, int broker) {
        int told = -1;
        while (true) {
            int left = find(client, broker).map(BrokerListing::replicas).orElse(0);
            if (left == 0) {
                return;
            }
            if (left != told) {
                console.print("broker " + broker + ": " + Text.count(left, "replica", "replicas") + " left\n");
                told = left;
            }
            ClientCommand.pause(MOVES_GO_ON);
        }
    }

    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description =
                    "Move all replicas of a broker to others, a few at a time, and place none on it any more; then it"
                            + " is safe to stop. Producers and consumers go on. Ending this command does not end the moves:"
                            + " 'undrain' does.")
    static final class Drain extends ClientCommand {
        @Parameters(paramLabel = "BROKER", description = "Its id.")
        private int broker;

        @Option(names = "--dry-run", description = "Only show what would be moved, and why.")
        private boolean dryRun;

        @Option(names = "--no-wait", description = "Do not wait until it is empty.")
        private boolean noWait;

        Drain(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            console.print(MovePrinter.plan(client.admin().drainBroker(broker, dryRun), dryRun));
            if (!dryRun && !noWait) {
                awaitEmpty(console, client, broker);
                console.print("broker " + broker + " holds nothing: it is safe to stop\n");
            }
        }
    }

    @Command(
            name = "undrain",
            mixinStandardHelpOptions = true,
            description =
                    "Let a broker have replicas again. What was moved off it stays where it is; what is under way goes back.")
    static final class Undrain extends ClientCommand {
        @Parameters(paramLabel = "BROKER", description = "Its id.")
        private int broker;

        Undrain(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            client.admin().undrainBroker(broker);
            console.print("broker " + broker + " may have replicas again\n");
        }
    }

    @Command(
            name = "decommission",
            mixinStandardHelpOptions = true,
            description =
                    "Let a broker go for good: drain it, wait until it is stopped, and forget it. Not possible for one that"
                            + " votes on the cluster's metadata.")
    static final class Decommission extends ClientCommand {
        @Parameters(paramLabel = "BROKER", description = "Its id.")
        private int broker;

        Decommission(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            if (find(client, broker).filter(BrokerListing::votesOnMetadata).isPresent()) {
                throw new CliException(
                        "broker " + broker + " votes on the cluster's metadata (metadata-voters): it can be"
                                + " drained and stopped for a while, but not be given up");
            }
            console.print(MovePrinter.plan(client.admin().drainBroker(broker, false), false));
            awaitEmpty(console, client, broker);
            if (find(client, broker).filter(BrokerListing::alive).isPresent()) {
                console.print("broker " + broker + " holds nothing: stop it now\n");
            }
            while (find(client, broker).filter(BrokerListing::alive).isPresent()) {
                ClientCommand.pause(MOVES_GO_ON);
            }
            client.admin().unregisterBroker(broker);
            console.print("broker " + broker + " is gone\n");
        }
    }
}
