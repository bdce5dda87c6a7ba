package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.MovePlan;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is to be moved, with the reasons, and how many replicas each broker has before and after. */
final class MovePrinter {
    private MovePrinter() {}

    static String plan(MovePlan plan, boolean dryRun) {
        if (plan.moves().isEmpty()) {
            return "nothing to be moved\n";
        }
        Table brokers = new Table("BROKER", "REPLICAS BEFORE", "AFTER");
        Map<Integer, Integer> before = new TreeMap<>(plan.replicasBefore());
        before.forEach((broker, replicas) ->
                brokers.row(broker, replicas, plan.replicasAfter().getOrDefault(broker, 0)));
        return moves(plan.moves(), dryRun) + "\n" + brokers;
    }

    static String moves(List<MovePlan.Move> moves, boolean dryRun) {
        Table table = new Table("PARTITION", "FROM", "TO", "REASON");
        moves.forEach(move -> table.row(move.partition(), ids(move.from()), ids(move.to()), move.reason()));
        return Text.count(moves.size(), "partition", "partitions")
                + (dryRun ? " would be moved\n" : " to be moved\n")
                + table;
    }

    static String ids(List<Integer> brokers) {
        return brokers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    static void write(JsonGenerator out, MovePlan plan) throws IOException {
        out.writeStartObject();
        out.writeArrayFieldStart("moves");
        for (MovePlan.Move move : plan.moves()) {
            out.writeStartObject();
            out.writeStringField("topic", move.partition().topic());
            out.writeNumberField("partition", move.partition().partition());
            write(out, "from", move.from());
            write(out, "to", move.to());
            out.writeStringField("reason", move.reason());
            out.writeEndObject();
        }
        out.writeEndArray();
        write(out, "replicas_before", plan.replicasBefore());
        write(out, "replicas_after", plan.replicasAfter());
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, String name, List<Integer> ids) throws IOException {
        out.writeArrayFieldStart(name);
        for (int id : ids) {
            out.writeNumber(id);
        }
        out.writeEndArray();
    }

    private static void write(JsonGenerator out, String name, Map<Integer, Integer> counts) throws IOException {
        out.writeObjectFieldStart(name);
        for (Map.Entry<Integer, Integer> count : new TreeMap<>(counts).entrySet()) {
            out.writeNumberField(String.valueOf(count.getKey()), count.getValue());
        }
        out.writeEndObject();
    }
}
