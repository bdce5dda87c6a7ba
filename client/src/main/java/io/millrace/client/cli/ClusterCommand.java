package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ClusterDescription.BrokerDescription;
import io.millrace.client.LeaderPlan;
import io.millrace.client.MillraceClient;
import io.millrace.client.ReplicaPlan;
import java.io.IOException;
import java.util.Locale;
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
                .addSubcommand(new RebalanceLeaders(console))
                .addSubcommand(new RebalanceReplicas(console));
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
    }

    @Command(
            name = "rebalance-replicas",
            mixinStandardHelpOptions = true,
            description =
                    "Move replicas, a few at a time, until brokers carry about the same for their capacity, by number and by"
                            + " what is written and kept: above all after a broker was added. 'broker list' shows how far it is.")
    static final class RebalanceReplicas extends ClientCommand {
        @Option(names = "--dry-run", description = "Only show what would be moved, and why.")
        private boolean dryRun;

        @Option(names = "--stop", description = "Begin nothing more, and undo what is under way.")
        private boolean stop;

        RebalanceReplicas(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            if (stop && dryRun) {
                throw new CliException("--stop cannot be tried: --dry-run is given as well");
            } else if (stop) {
                client.admin().stopRebalancingReplicas();
                console.print("no more replicas are moved to even out what brokers carry\n");
            } else {
                console.print(told(client.admin().rebalanceReplicas(dryRun), dryRun));
            }
        }

        static String told(ReplicaPlan plan, boolean dryRun) {
            Table brokers = new Table("BROKER", "REPLICAS", "LEADERS", "IN/S", "SIZE", "CARRIES");
            for (ReplicaPlan.BrokerShare share : plan.brokers()) {
                ReplicaPlan.Held before = share.before();
                ReplicaPlan.Held after = share.after();
                brokers.row(
                        share.broker(),
                        change(before.replicas(), after.replicas()),
                        change(before.preferredLeaders(), after.preferredLeaders()),
                        change(mebibytes(before.bytesInPerSecond()), mebibytes(after.bytesInPerSecond())),
                        change(mebibytes(before.sizeBytes()), mebibytes(after.sizeBytes())),
                        change(percent(before.carried()), percent(after.carried())));
            }
            if (plan.moves().isEmpty()) {
                return "replicas are as even as they can be\n" + brokers;
            }
            return MovePrinter.moves(plan.moves(), dryRun) + "\n" + brokers;
        }

        private static String change(Object before, Object after) {
            return before.equals(after) ? before.toString() : before + " -> " + after;
        }

        private static String mebibytes(long bytes) {
            return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
        }
    }

    /** Of the mean. */
    private static String percent(double share) {
        return Math.round(100 * share) + " %";
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
