package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.Admin;
import io.millrace.client.FailureReason;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.NewTopic;
import io.millrace.client.TopicChange;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicDescription.PartitionDescription;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace topic …}. */
@Command(
        name = "topic",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Create, list, describe, alter, reassign and delete topics.")
final class TopicCommands implements Runnable {
    /** What a table shows in place of what is not known. */
    private static final String UNKNOWN = "-";

    /** Most topics have all their leaders by then; else how far it is is told from then on. */
    private static final Duration LEADER_WAIT = Duration.ofSeconds(2);

    private static final String SETTINGS = " flush.policy: commit (default), interval or os;"
            + " flush.interval.ms: with interval, default 1000. retention.ms, retention.bytes: how long, and how"
            + " much of it for each replica of a partition, is kept; default: as the brokers are configured."
            + " max.message.bytes: the largest record; default: as the brokers are configured."
            + " compression.types: those of none, gzip, snappy, lz4, zstd that it takes, separated by commas;"
            + " default: all. min.insync.replicas: with fewer in sync no records are taken; default: 1."
            + " deduplication.window.ms, deduplication.window.records: a record is not written if"
            + " one of the same key and value is among the latest; default: off.";

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    static CommandLine commandLine(Console console) {
        return new CommandLine(new TopicCommands())
                .addSubcommand(new Create(console))
                .addSubcommand(new ListAll(console))
                .addSubcommand(new Describe(console))
                .addSubcommand(new Alter(console))
                .addSubcommand(new TransferLeader(console))
                .addSubcommand(new ReassignCommand(console))
                .addSubcommand(new Delete(console));
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "what about topics? 'topic create', 'list', 'describe', 'alter', 'reassign', 'transfer-leader' or 'delete'");
    }

    @Command(name = "create", mixinStandardHelpOptions = true, description = "Create a topic.")
    static final class Create extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(
                paramLabel = "TOPIC",
                description = "Its name: 1 to 249 of a-z A-Z 0-9 . _ - and not beginning with two underscores.")
        private String topic;

        @Option(
                names = {"-p", "--partitions"},
                paramLabel = "N",
                description = "How many partitions; order is kept within each. Default: 1, or as many as are assigned.")
        private @Nullable Integer partitions;

        @Option(
                names = {"-r", "--replication-factor"},
                paramLabel = "N",
                description = "On how many brokers each record is kept. Default: 3, or as many as there are.")
        private @Nullable Integer replicationFactor;

        @Option(names = "--assign", paramLabel = "PARTITION=BROKERS", description = Assignment.DESCRIPTION)
        private List<String> assign = List.of();

        @Option(
                names = {"-s", "--setting"},
                paramLabel = "NAME=VALUE",
                description = "A setting of this topic; may be repeated." + SETTINGS)
        private Map<String, String> settings = new LinkedHashMap<>();

        @Option(names = "--if-not-exists", description = "A topic that exists is no error; it stays as it is.")
        private boolean ifNotExists;

        @Option(names = "--json", description = "Print the topic as a JSON document.")
        private boolean json;

        Create(Console console) {
            super(console);
        }

        @Override
        void check() {
            if (replicationFactor != null && replicationFactor < 1) {
                throw wrongUsage("--replication-factor is 1 or more, not " + replicationFactor);
            }
            if (!assign.isEmpty() && assigned(this, assign).firstKey() != 0) {
                throw wrongUsage("--assign begins with partition 0");
            }
        }

        @Override
        void run(MillraceClient client) {
            List<List<Integer>> assignment = List.copyOf(assigned(this, assign).values());
            int copies = replicationFactor == null ? Admin.REPLICATION_FACTOR_DEFAULT : replicationFactor;
            int count = partitions != null ? partitions : Math.max(1, assignment.size());
            try {
                NewTopic wanted = new NewTopic(topic, count, copies, assignment, settings);
                TopicDescription created =
                        withLeaders(this, client, client.admin().createTopic(wanted, LEADER_WAIT));
                console.print(
                        json
                                ? Json.line(out -> write(out, created))
                                : "created " + topic + ": "
                                        + Text.count(created.partitions().size(), "partition", "partitions")
                                        + ", replication factor "
                                        + created.replicationFactor() + "\n");
            } catch (MillraceException e) {
                if (!ifNotExists || e.reason() != FailureReason.TOPIC_ALREADY_EXISTS) {
                    throw e;
                }
                console.err().println("millrace: " + topic + " exists");
            }
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Print the names of all topics.")
    static final class ListAll extends ClientCommand {
        @Option(names = "--internal", description = "Also the cluster's own topics.")
        private boolean internal;

        @Option(names = "--json", description = "Print one JSON document, with the partitions of each.")
        private boolean json;

        ListAll(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            List<TopicDescription> topics = client.admin().listTopics(internal);
            console.print(
                    json
                            ? Json.line(out -> writeAll(out, topics))
                            : topics.stream().map(topic -> topic.name() + "\n").collect(Collectors.joining()));
        }

        private static void writeAll(JsonGenerator out, List<TopicDescription> topics) throws IOException {
            out.writeStartArray();
            for (TopicDescription topic : topics) {
                write(out, topic);
            }
            out.writeEndArray();
        }
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Show a topic's partitions: leader, replicas, those in sync, offsets, size on disk.")
    static final class Describe extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(paramLabel = "TOPIC", description = "Its name.")
        private String topic;

        @Option(names = "--json", description = "Print one JSON document instead of a table.")
        private boolean json;

        Describe(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            TopicDescription found = client.admin().describeTopic(topic);
            console.print(json ? Json.line(out -> write(out, found)) : table(found));
        }

        private static String table(TopicDescription topic) {
            Table table =
                    new Table("PARTITION", "LEADER", "TERM", "REPLICAS", "IN SYNC", "EARLIEST", "LATEST", "BYTES");
            for (PartitionDescription partition : topic.partitions()) {
                table.row(
                        partition.partition(),
                        partition.leader().isPresent() ? partition.leader().getAsInt() : UNKNOWN,
                        partition.leaderTerm(),
                        ids(partition.replicas()),
                        ids(partition.inSyncReplicas()),
                        known(partition.logStartOffset()),
                        known(partition.highWatermark()),
                        known(partition.sizeBytes()));
            }
            String settings = told(topic.settings());
            return topic.name() + " (id " + topic.id() + "), replication factor " + topic.replicationFactor() + "\n"
                    + (settings.isEmpty() ? "" : settings + "\n")
                    + table;
        }

        private static String known(OptionalLong value) {
            return value.isPresent() ? Long.toString(value.getAsLong()) : UNKNOWN;
        }

        private static String ids(List<Integer> ids) {
            return ids.isEmpty() ? UNKNOWN : ids.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
    }

    @Command(
            name = "alter",
            mixinStandardHelpOptions = true,
            description = "Give a topic other settings, or more partitions. Brokers need no restart.")
    static final class Alter extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(paramLabel = "TOPIC", description = "Its name.")
        private String topic;

        @Option(
                names = {"-s", "--setting"},
                paramLabel = "NAME=VALUE",
                description = "A setting to be so from now on; may be repeated." + SETTINGS)
        private Map<String, String> settings = new LinkedHashMap<>();

        @Option(
                names = "--reset",
                paramLabel = "NAME",
                description = "A setting to be the default again; may be repeated.")
        private List<String> reset = List.of();

        @Option(
                names = {"-p", "--partitions"},
                paramLabel = "N",
                description =
                        "How many partitions there shall be, at least as many as there are. A key may belong to another"
                                + " partition than before.")
        private @Nullable Integer partitions;

        @Option(names = "--assign", paramLabel = "PARTITION=BROKERS", description = Assignment.DESCRIPTION)
        private List<String> assign = List.of();

        @Option(names = "--json", description = "Print the topic as a JSON document.")
        private boolean json;

        Alter(Console console) {
            super(console);
        }

        @Override
        void check() {
            if (partitions != null && partitions < 1) {
                throw wrongUsage("--partitions is 1 or more, not " + partitions);
            }
            if (settings.isEmpty()
                    && reset.isEmpty()
                    && partitions == null
                    && assigned(this, assign).isEmpty()) {
                throw wrongUsage("what shall be other than it is? --setting, --reset, --partitions or --assign");
            }
        }

        @Override
        void run(MillraceClient client) {
            NavigableMap<Integer, List<Integer>> assignment = assigned(this, assign);
            int asAssigned = assignment.isEmpty() ? 0 : assignment.lastKey() + 1;
            TopicChange change = new TopicChange(
                    topic,
                    settings,
                    reset,
                    partitions == null ? asAssigned : partitions,
                    List.copyOf(assignment.values()));
            TopicDescription altered = withLeaders(this, client, client.admin().alterTopic(change, LEADER_WAIT));
            console.print(
                    json
                            ? Json.line(out -> write(out, altered))
                            : "altered " + topic + ": "
                                    + Text.count(altered.partitions().size(), "partition", "partitions") + ", "
                                    + told(altered.settings()) + "\n");
        }
    }

    @Command(
            name = "transfer-leader",
            mixinStandardHelpOptions = true,
            description = "Have a partition led by another of the brokers that hold it.")
    static final class TransferLeader extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(paramLabel = "TOPIC", description = "Its name.")
        private String topic;

        @Option(
                names = {"-p", "--partition"},
                paramLabel = "N",
                required = true,
                description = "Which partition.")
        private int partition;

        @Option(names = "--to", paramLabel = "BROKER", required = true, description = "The broker that shall lead.")
        private int broker;

        TransferLeader(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            client.admin().transferLeader(topic, partition, broker);
            console.print(topic + "-" + partition + " is led by broker " + broker + "\n");
        }
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete topics and all their records. There is no way back.")
    static final class Delete extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(arity = "1..*", paramLabel = "TOPIC", description = "Their names.")
        private List<String> topics;

        @Option(names = "--if-exists", description = "A topic that does not exist is no error.")
        private boolean ifExists;

        Delete(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            Deletion.each(
                    console,
                    "topic",
                    topics,
                    client.admin()::deleteTopic,
                    ifExists ? FailureReason.UNKNOWN_TOPIC : null);
        }
    }

    /** When all of its partitions have a leader, or that comes to nothing; tells how far it is. What is changed stays so. */
    private static TopicDescription withLeaders(ClientCommand command, MillraceClient client, TopicDescription topic) {
        LeaderProgress progress = new LeaderProgress(command.timeout().toNanos(), System.nanoTime());
        TopicDescription now = topic;
        while (true) {
            int all = now.partitions().size();
            int withLeader = (int) now.partitions().stream()
                    .filter(partition -> partition.leader().isPresent())
                    .count();
            progress.look(withLeader, all, System.nanoTime())
                    .ifPresent(line -> command.console.err().println("millrace: " + line));
            if (withLeader == all) {
                return now;
            }
            if (progress.isStuck(System.nanoTime())) {
                command.console.err().println("millrace: the others get none; see 'millrace cluster status'");
                return now;
            }
            ClientCommand.pause("interrupted; the topic is there, and its partitions go on electing leaders");
            now = client.admin().listTopics(false).stream()
                    .filter(one -> one.id() == topic.id())
                    .findFirst()
                    .orElse(now);
        }
    }

    /** What {@code --assign} says, by partition. */
    private static NavigableMap<Integer, List<Integer>> assigned(ClientCommand command, List<String> given) {
        try {
            return Assignment.parse(given);
        } catch (IllegalArgumentException e) {
            throw command.wrongUsage(String.valueOf(e.getMessage()), e);
        }
    }

    private static String told(Map<String, String> settings) {
        return settings.entrySet().stream()
                .map(setting -> setting.getKey() + "=" + setting.getValue())
                .collect(Collectors.joining(", "));
    }

    private static void write(JsonGenerator out, TopicDescription topic) throws IOException {
        out.writeStartObject();
        out.writeStringField("name", topic.name());
        out.writeNumberField("id", topic.id());
        out.writeNumberField("replication_factor", topic.replicationFactor());
        out.writeObjectFieldStart("settings");
        for (Map.Entry<String, String> setting : topic.settings().entrySet()) {
            out.writeStringField(setting.getKey(), setting.getValue());
        }
        out.writeEndObject();
        out.writeArrayFieldStart("partitions");
        for (PartitionDescription partition : topic.partitions()) {
            write(out, partition);
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, PartitionDescription partition) throws IOException {
        out.writeStartObject();
        out.writeNumberField("partition", partition.partition());
        OptionalInt leader = partition.leader();
        write(out, "leader", leader.isPresent() ? OptionalLong.of(leader.getAsInt()) : OptionalLong.empty());
        out.writeNumberField("leader_term", partition.leaderTerm());
        write(out, "replicas", partition.replicas());
        write(out, "in_sync_replicas", partition.inSyncReplicas());
        write(out, "earliest_offset", partition.logStartOffset());
        write(out, "latest_offset", partition.highWatermark());
        write(out, "size_bytes", partition.sizeBytes());
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, String name, OptionalLong value) throws IOException {
        if (value.isPresent()) {
            out.writeNumberField(name, value.getAsLong());
        } else {
            out.writeNullField(name);
        }
    }

    private static void write(JsonGenerator out, String name, List<Integer> ids) throws IOException {
        out.writeArrayFieldStart(name);
        for (int id : ids) {
            out.writeNumber(id);
        }
        out.writeEndArray();
    }
}
