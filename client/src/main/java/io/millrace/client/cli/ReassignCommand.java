package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import io.millrace.client.PartitionReassignment;
import io.millrace.protocol.TopicPartition;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace topic reassign}. */
@Command(
        name = "reassign",
        mixinStandardHelpOptions = true,
        description = "Move a partition to other brokers, or show what is under way. Producers and consumers go on.")
final class ReassignCommand extends ClientCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "TOPIC:PARTITION",
            description = "Such as orders:0. None: show all that are under way.")
    private @Nullable String partition;

    @Option(
            names = "--to",
            split = ",",
            paramLabel = "BROKER",
            description = "The brokers that shall hold it, separated by commas, the preferred leader first.")
    private List<Integer> to = List.of();

    @Option(names = "--cancel", description = "Undo what is under way.")
    private boolean cancel;

    @Option(names = "--dry-run", description = "Only show what would be moved.")
    private boolean dryRun;

    @Option(names = "--no-wait", description = "Do not wait until it is there.")
    private boolean noWait;

    ReassignCommand(Console console) {
        super(console);
    }

    @Override
    void check() {
        boolean shows = partition == null && to.isEmpty() && !cancel;
        if (!shows && (partition == null || to.isEmpty() != cancel)) {
            throw wrongUsage("either TOPIC:PARTITION with --to or --cancel, or nothing of that");
        }
    }

    @Override
    void run(MillraceClient client) {
        if (partition == null) {
            console.print(table(client.admin().listReassignments()));
        } else {
            reassign(client, parsed(partition));
        }
    }

    private void reassign(MillraceClient client, TopicPartition moved) {
        console.print(MovePrinter.plan(client.admin().reassignPartitions(Map.of(moved, to), dryRun), dryRun));
        if (!dryRun && !noWait) {
            while (client.admin().listReassignments().stream()
                    .anyMatch(open -> open.partition().equals(moved))) {
                pause("interrupted; the move goes on");
            }
            console.print(moved + " is where it shall be\n");
        }
    }

    private TopicPartition parsed(String text) {
        int colon = text.lastIndexOf(':');
        try {
            return new TopicPartition(
                    text.substring(0, Math.max(0, colon)), Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw wrongUsage("'" + text + "' is not TOPIC:PARTITION, such as orders:0", e);
        }
    }

    private static String table(List<PartitionReassignment> open) {
        if (open.isEmpty()) {
            return "nothing is under way\n";
        }
        Table table = new Table("PARTITION", "ON", "TO", "CAUSE");
        open.forEach(move -> table.row(
                move.partition(),
                MovePrinter.ids(move.replicas()),
                MovePrinter.ids(move.target()),
                move.cause().name().toLowerCase(Locale.ROOT)));
        return table.toString();
    }
}
