package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.FailureReason;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupDescription.MemberDescription;
import io.millrace.client.GroupDescription.PartitionOfGroup;
import io.millrace.client.GroupListing;
import io.millrace.client.MillraceClient;
import io.millrace.client.OffsetReset;
import io.millrace.protocol.TopicPartition;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace group …}. */
@Command(
        name = "group",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "List, describe, reset and delete consumer groups.")
final class GroupCommands implements Runnable {
    /** What a table shows in place of what is not known. */
    private static final String UNKNOWN = "-";

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Spec
    private CommandSpec spec;

    static CommandLine commandLine(Console console) {
        return new CommandLine(new GroupCommands())
                .addSubcommand(new ListAll(console))
                .addSubcommand(new Describe(console))
                .addSubcommand(new ResetOffsets(console))
                .addSubcommand(new Delete(console));
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "what about groups? 'group list', 'describe', 'reset-offsets' or 'delete'");
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Print all groups.")
    static final class ListAll extends ClientCommand {
        @Option(names = "--json", description = "Print one JSON document instead of a table.")
        private boolean json;

        ListAll(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            List<GroupListing> groups = client.admin().listGroups();
            console.print(json ? Json.line(out -> write(out, groups)) : table(groups));
        }

        private static String table(List<GroupListing> groups) {
            Table table = new Table("GROUP", "STATE", "MEMBERS");
            groups.forEach(group -> table.row(group.group(), group.state(), group.members()));
            return table.toString();
        }

        private static void write(JsonGenerator out, List<GroupListing> groups) throws IOException {
            out.writeStartArray();
            for (GroupListing group : groups) {
                out.writeStartObject();
                out.writeStringField("group", group.group());
                out.writeStringField("state", group.state());
                out.writeNumberField("members", group.members());
                out.writeEndObject();
            }
            out.writeEndArray();
        }
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Show a group: how far it has read each partition, how much is left, and who reads it.")
    static final class Describe extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(paramLabel = "GROUP", description = "Its name.")
        private String group;

        @Option(names = "--members", description = "Show its members, and what each has, instead of partitions.")
        private boolean members;

        @Option(names = "--json", description = "Print one JSON document, with partitions and members.")
        private boolean json;

        Describe(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            GroupDescription found = client.admin().describeGroup(group);
            console.print(
                    json
                            ? Json.line(out -> write(out, found))
                            : head(found) + (members ? memberTable(found) : partitionTable(found)));
        }

        private static String head(GroupDescription group) {
            return group.group() + ": " + group.state() + ", "
                    + Text.count(group.members().size(), "member", "members") + ", assignor " + group.assignor()
                    + ", epoch " + group.epoch() + "\n";
        }

        private static Table partitionTable(GroupDescription group) {
            Table table = new Table("TOPIC", "PARTITION", "COMMITTED", "LATEST", "LAG", "MEMBER");
            for (PartitionOfGroup partition : group.partitions()) {
                table.row(
                        partition.partition().topic(),
                        partition.partition().partition(),
                        GroupCommands.known(partition.committed()),
                        GroupCommands.known(partition.latest()),
                        GroupCommands.known(partition.lag()),
                        partition.memberId().orElse(UNKNOWN));
            }
            return table;
        }

        private static Table memberTable(GroupDescription group) {
            Table table = new Table("MEMBER", "INSTANCE", "RACK", "PARTITIONS", "LETTING GO");
            for (MemberDescription member : group.members()) {
                table.row(
                        member.memberId() + (member.away() ? " (away)" : ""),
                        known(member.instanceId()),
                        known(member.rack()),
                        names(member.assignment()),
                        names(member.revoking()));
            }
            return table;
        }

        private static String names(List<TopicPartition> partitions) {
            return known(partitions.stream().map(TopicPartition::toString).collect(Collectors.joining(",")));
        }

        private static String known(String text) {
            return text.isEmpty() ? UNKNOWN : text;
        }

        private static void write(JsonGenerator out, GroupDescription group) throws IOException {
            out.writeStartObject();
            out.writeStringField("group", group.group());
            out.writeStringField("state", group.state());
            out.writeNumberField("epoch", group.epoch());
            out.writeStringField("assignor", group.assignor());
            out.writeArrayFieldStart("members");
            for (MemberDescription member : group.members()) {
                out.writeStartObject();
                out.writeStringField("member_id", member.memberId());
                out.writeStringField("instance_id", member.instanceId());
                out.writeStringField("rack", member.rack());
                write(out, "assignment", member.assignment());
                write(out, "revoking", member.revoking());
                out.writeBooleanField("away", member.away());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeArrayFieldStart("partitions");
            for (PartitionOfGroup partition : group.partitions()) {
                out.writeStartObject();
                out.writeStringField("topic", partition.partition().topic());
                out.writeNumberField("partition", partition.partition().partition());
                GroupCommands.write(out, "committed_offset", partition.committed());
                GroupCommands.write(out, "latest_offset", partition.latest());
                GroupCommands.write(out, "lag", partition.lag());
                out.writeStringField("metadata", partition.metadata());
                write(out, "member_id", partition.memberId());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }

        private static void write(JsonGenerator out, String name, Optional<String> text) throws IOException {
            if (text.isPresent()) {
                out.writeStringField(name, text.get());
            } else {
                out.writeNullField(name);
            }
        }

        private static void write(JsonGenerator out, String name, List<TopicPartition> partitions) throws IOException {
            out.writeArrayFieldStart(name);
            for (TopicPartition partition : partitions) {
                out.writeString(partition.toString());
            }
            out.writeEndArray();
        }
    }

    @Command(
            name = "reset-offsets",
            mixinStandardHelpOptions = true,
            description = "Let a group without members go on from another place.")
    static final class ResetOffsets extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(paramLabel = "GROUP", description = "Its name.")
        private String group;

        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Option(
                names = "--to",
                required = true,
                paramLabel = "PLACE",
                description =
                        "earliest, latest, an offset, or a time such as 2026-11-21T08:30:00Z: the first record that is not"
                                + " older.")
        private String place;

        @Option(
                names = {"-t", "--topic"},
                paramLabel = "TOPIC",
                description = "Only this topic; may be repeated. Default: all that the group has read.")
        private List<String> topics = new ArrayList<>();

        @Option(names = "--dry-run", description = "Only show what would be done.")
        private boolean dryRun;

        /** The place that is meant. */
        private OffsetReset.Target target = OffsetReset.Target.End.EARLIEST;

        ResetOffsets(Console console) {
            super(console);
        }

        @Override
        void check() {
            target = target();
        }

        @Override
        void run(MillraceClient client) {
            Table table = new Table("TOPIC", "PARTITION", "BEFORE", "AFTER");
            for (OffsetReset reset : client.admin().resetOffsets(group, topics, target, dryRun)) {
                table.row(
                        reset.partition().topic(), reset.partition().partition(), known(reset.before()), reset.after());
            }
            console.print(table.toString());
        }

        private OffsetReset.Target target() {
            if (place.equals("earliest")) {
                return OffsetReset.Target.End.EARLIEST;
            } else if (place.equals("latest")) {
                return OffsetReset.Target.End.LATEST;
            } else if (place.matches("[0-9]{1,18}")) {
                return new OffsetReset.Target.Offset(Long.parseLong(place));
            }
            try {
                return new OffsetReset.Target.Time(Instant.parse(place));
            } catch (DateTimeException e) {
                throw wrongUsage(
                        "--to is 'earliest', 'latest', an offset, or a time such as 2026-11-21T08:30:00Z, not '" + place
                                + "'",
                        e);
            }
        }
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Forget groups without members, and how far they have read.")
    static final class Delete extends ClientCommand {
        @SuppressWarnings("NullAway.Init") // Set by picocli.
        @Parameters(arity = "1..*", paramLabel = "GROUP", description = "Their names.")
        private List<String> groups;

        @Option(names = "--if-exists", description = "A group that does not exist is no error.")
        private boolean ifExists;

        Delete(Console console) {
            super(console);
        }

        @Override
        void run(MillraceClient client) {
            Deletion.each(
                    console,
                    "group",
                    groups,
                    client.admin()::deleteGroup,
                    ifExists ? FailureReason.UNKNOWN_GROUP : null);
        }
    }

    private static String known(OptionalLong value) {
        return value.isPresent() ? Long.toString(value.getAsLong()) : UNKNOWN;
    }

    private static void write(JsonGenerator out, String name, OptionalLong value) throws IOException {
        if (value.isPresent()) {
            out.writeNumberField(name, value.getAsLong());
        } else {
            out.writeNullField(name);
        }
    }
}
