package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ClusterDescription.BrokerDescription;
import io.millrace.client.LeaderPlan;
import io.millrace.client.MillraceClient;
import java.io.IOException;
import java.util.OptionalInt;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code millrace cluster}. */
@Command(
        name = "cluster",
        mixinStandardHelpOptions = true,
        description = "Show the brokers, which of them are up, and which one runs the controller; 'status' shows more.")
final class ClusterCommand extends ClientCommand {
    @Option(names = "--json", description = "Print one JSON document instead of a table.")
    private boolean json;

    private ClusterCommand(Console console) {
        super(console);
    }

    static CommandLine commandLine(Console console) {
        return new CommandLine(new ClusterCommand(console))
                .addSubcommand(new ClusterStatusCommand(console))
                .addSubcommand(new RebalanceLeaders(console));
    }

    @Override
    void run(MillraceClient client) {
        ClusterDescription cluster = client.admin().describeCluster();
        console.print(json ? Json.line(out -> write(out, cluster)) : table(cluster));
    }

    private static String table(ClusterDescription cluster) {
        Table table = new Table("BROKER", "CLIENT", "HTTP", "STATE");
        for (BrokerDescription broker : cluster.brokers()) {
            boolean controls = cluster.controllerId().equals(OptionalInt.of(broker.id()));
            String state = (broker.alive() ? "up" : "down") + (controls ? ", controller" : "");
            table.row(broker.id(), broker.client(), broker.http(), state);
        }
        return "cluster " + cluster.clusterId() + "\n" + table;
    }

    @Command(
            name = "rebalance-leaders",
            mixinStandardHelpOptions = true,
            description = "Move leaders, all at once, until brokers carry about the same, by number and by load.")
    static final class RebalanceLeaders extends ClientCommand {
        @Option(names = "--dry-run", description = "Only show what would be moved, and why.")
        private boolean dryRun;

        RebalanceLeaders(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            console.print(told(client.admin().rebalanceLeaders(dryRun), dryRun));
        }

        static String told(LeaderPlan plan, boolean dryRun) {
            Table moves = new Table("PARTITION", "FROM", "TO", "REASON");
            plan.moves()
                    .forEach(move ->
                            moves.row(move.topic() + "-" + move.partition(), move.from(), move.to(), move.reason()));
            Table brokers = new Table("BROKER", "CARRIES", "AFTERWARDS");
            plan.brokers()
                    .forEach(share -> brokers.row(share.broker(), percent(share.before()), percent(share.after())));
            return plan.moves().isEmpty()
                    ? "leaders are as even as they can be\n" + brokers
                    : (dryRun ? "would move " : "moving ")
                            + Text.count(plan.moves().size(), "leader", "leaders") + "\n" + moves + brokers;
        }

        /** Of the mean. */
        private static String percent(double share) {
            return Math.round(100 * share) + " %";
        }
    }

    private static void write(JsonGenerator out, ClusterDescription cluster) throws IOException {
        out.writeStartObject();
        out.writeStringField("cluster_id", cluster.clusterId());
        if (cluster.controllerId().isPresent()) {
            out.writeNumberField("controller_id", cluster.controllerId().getAsInt());
        } else {
            out.writeNullField("controller_id");
        }
        out.writeArrayFieldStart("brokers");
        for (BrokerDescription broker : cluster.brokers()) {
            out.writeStartObject();
            out.writeNumberField("id", broker.id());
            out.writeStringField("client", broker.client().toString());
            out.writeStringField("http", broker.http());
            out.writeBooleanField("alive", broker.alive());
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeEndObject();
    }
}
