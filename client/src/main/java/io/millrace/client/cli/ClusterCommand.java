package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ClusterDescription.BrokerDescription;
import io.millrace.client.MillraceClient;
import java.io.IOException;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace cluster}. */
@Command(
        name = "cluster",
        mixinStandardHelpOptions = true,
        description = "Show the brokers, which of them are up, and which one runs the controller.")
final class ClusterCommand implements Runnable {
    private final Console console;

    @Mixin
    private final ConnectionOptions connection = new ConnectionOptions();

    @Option(names = "--json", description = "Print one JSON document instead of a table.")
    private boolean json;

    ClusterCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        try (MillraceClient client = connection.client(console)) {
            ClusterDescription cluster = client.admin().describeCluster();
            console.print(json ? Json.line(out -> write(out, cluster)) : table(cluster));
        }
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
