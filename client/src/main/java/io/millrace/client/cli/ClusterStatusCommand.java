package io.millrace.client.cli;

import io.millrace.client.Admin;
import io.millrace.client.ClusterDescription;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace cluster status}. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description =
                "Show brokers, leaders, replicas and lag, and what is wrong and what to do about it: asks every broker.",
        footer = {"", "ON 2: of a topic's partitions, broker 2 leads so many of those that it keeps."})
final class ClusterStatusCommand implements Runnable {
    /** To the upper left corner, and nothing below. */
    private static final String CLEAR = "\u001b[H\u001b[2J";

    private static final String USUAL_PERIOD = "2s";

    private final Console console;

    @Mixin
    private final ConnectionOptions connection = new ConnectionOptions();

    @Option(names = "--json", description = "Print one JSON document instead of tables; with --watch, one a line.")
    private boolean json;

    @Nullable @Option(
            names = "--watch",
            paramLabel = "TIME",
            arity = "0..1",
            fallbackValue = USUAL_PERIOD,
            converter = ConnectionOptions.DurationConverter.class,
            description = "Show it again and again, every " + USUAL_PERIOD + " or as often as this says, until Ctrl-C.")
    private Duration watch;

    ClusterStatusCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        try (MillraceClient client = connection.client(console)) {
            if (watch == null) {
                console.print(show(client.admin()));
                return;
            }
            while (true) {
                console.print((json ? "" : CLEAR) + showOrSayWhyNot(client.admin()));
                Thread.sleep(watch.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String show(Admin admin) {
        ClusterDescription cluster = admin.describeCluster();
        ClusterStatus status =
                new ClusterStatus(cluster, admin.listTopics(true), admin.askHealth(cluster.brokers()), Instant.now());
        return json ? Json.line(status::writeTo) : status.text() + (status.isWell() ? offer(admin) : "");
    }

    /** What could be done although nothing is wrong. */
    private static String offer(Admin admin) {
        try {
            return ClusterStatus.offer(admin.rebalanceReplicas(true));
        } catch (MillraceException e) {
            return ""; // what is wrong since a moment ago is told the next time
        }
    }

    /** Whoever watches wants to see a cluster come back. */
    private String showOrSayWhyNot(Admin admin) {
        try {
            return show(admin);
        } catch (MillraceException e) {
            String why = Advice.describe(e);
            return json
                    ? Json.line(out -> {
                        out.writeStartObject();
                        out.writeStringField("error", why);
                        out.writeEndObject();
                    })
                    : "millrace: " + why + "\n";
        }
    }
}
