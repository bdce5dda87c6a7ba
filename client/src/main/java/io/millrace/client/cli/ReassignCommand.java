package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import io.millrace.client.PartitionReassignment;
import io.millrace.protocol.TopicPartition;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
        if (!dryRun && !noWait && isOver(client, moved)) {
            console.print(moved + " is where it shall be\n");
        }
    }

    /** Waits until it is; unless it is only to be undone, and nobody leads it who could say so. */
    private boolean isOver(MillraceClient client, TopicPartition moved) {
        WaitingNotice notice = new WaitingNotice();
        while (true) {
            Optional<PartitionReassignment> open = client.admin().listReassignments().stream()
                    .filter(one -> one.partition().equals(moved))
                    .findFirst();
            if (open.isEmpty()) {
                return true;
            }
            Optional<String> news = notice.look(open.get().waitsFor());
            news.ifPresent(waitsFor -> console.err()
                    .println("millrace: " + waitsFor
                            + (cancel
                                    ? "; that the move is undone is not waited for"
                                    : "; 'millrace cluster status' says what is wrong, --cancel undoes the move")));
            if (cancel && news.isPresent()) {
                return false;
            }
            pause("interrupted; the move goes on");
        }
    }

    /** What to say of what is in the way: once, and not if it is over at the next look, as an election is. */
    static final class WaitingNotice {
        private String seen = "";
        private String told = "";

        Optional<String> look(String waitsFor) {
            boolean isNews = !waitsFor.isEmpty() && waitsFor.equals(seen) && !waitsFor.equals(told);
            seen = waitsFor;
            told = isNews || waitsFor.isEmpty() ? waitsFor : told;
            return isNews ? Optional.of(waitsFor) : Optional.empty();
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

    static String table(List<PartitionReassignment> open) {
        if (open.isEmpty()) {
            return "nothing is under way\n";
        }
        Table table = new Table("PARTITION", "ON", "TO", "CAUSE", "WAITS FOR");
        open.forEach(move -> table.row(
                move.partition(),
                MovePrinter.ids(move.replicas()),
                MovePrinter.ids(move.target()),
                move.cause().name().toLowerCase(Locale.ROOT),
                move.waitsFor().isEmpty() ? "-" : move.waitsFor()));
        return table.toString();
    }
}
