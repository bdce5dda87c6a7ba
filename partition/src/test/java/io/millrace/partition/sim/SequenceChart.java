package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The last events as a sequence chart in text: time runs down, each member has a column.
 *
 * <pre>
 *   │  runs        ┊  is paused        (blank)  is down
 *   ●  something happens here          ├─AE+2──▶  a message arrives, or is lost: ─✗
 *   ✗  crashes or stops                ▲  starts  ■  the disk or the clock
 * </pre>
 */
final class SequenceChart {
    private static final int LANE_COLUMNS = 11;

    private final SortedSet<NodeId> nodes = new TreeSet<>();
    private final TreeMap<NodeId, Integer> laneOf = new TreeMap<>();
    private final StringBuilder text = new StringBuilder();

    private SequenceChart(List<Trace.Line> lines) {
        for (Trace.Line line : lines) {
            nodes.addAll(line.lanes().keySet());
        }
        int lane = 0;
        for (NodeId node : nodes) {
            laneOf.put(node, lane++);
        }
    }

    static String of(List<Trace.Line> lines) {
        SequenceChart chart = new SequenceChart(lines);
        chart.head();
        lines.forEach(chart::line);
        return chart.text.toString();
    }

    private void head() {
        text.append(String.format(Locale.ROOT, "%13s  ", "ms"));
        for (NodeId node : nodes) {
            text.append(String.format(Locale.ROOT, "%-" + LANE_COLUMNS + "s", node));
        }
        text.append("\n");
    }

    private void line(Trace.Line line) {
        char[] columns = new char[nodes.size() * LANE_COLUMNS];
        Arrays.fill(columns, ' ');
        laneOf.forEach((node, lane) ->
                columns[lane * LANE_COLUMNS] = switch (line.lanes().getOrDefault(node, Trace.Lane.DOWN)) {
                    case UP -> '│';
                    case PAUSED -> '┊';
                    case DOWN -> ' ';
                });
        NodeId node = line.node();
        if (node != null && line.what() instanceof Input.Received received) {
            arrow(columns, received.message(), true);
        } else if (line.what() instanceof Trace.Lost lost) {
            arrow(columns, lost.message(), false);
        } else if (node != null) {
            columns[laneOf.getOrDefault(node, 0) * LANE_COLUMNS] = line.mark();
        }
        List<String> words = new ArrayList<>();
        if (node != null && !(line.what() instanceof Input.Received)) {
            words.add(node + ":");
        }
        words.add(Trace.describe(line.what()));
        if (line.standing() != null) {
            words.add("⇒ " + line.standing());
        }
        text.append(String.format(
                Locale.ROOT, "%13.3f  %s %s%n", line.micros() / 1_000.0, new String(columns), String.join(" ", words)));
    }

    private void arrow(char[] columns, Message message, boolean arrives) {
        int from = laneOf.getOrDefault(message.from(), 0) * LANE_COLUMNS;
        int to = laneOf.getOrDefault(message.to(), 0) * LANE_COLUMNS;
        int left = Math.min(from, to);
        int right = Math.max(from, to);
        for (int i = left + 1; i < right; i++) {
            columns[i] = columns[i] == '│' ? '┼' : '─';
        }
        String label = labelOf(message);
        int at = left + (from < to ? 2 : 3);
        if (at + label.length() < right) {
            label.getChars(0, label.length(), columns, at);
        }
        columns[from] = from < to ? '├' : '┤';
        if (arrives) {
            columns[to] = from < to ? '▶' : '◀';
        } else {
            columns[from < to ? to - 1 : to + 1] = '✗';
        }
    }

    private static String labelOf(Message message) {
        if (message instanceof Message.AppendRequest append) {
            return append.entries().isEmpty() ? "AE" : "AE+" + append.entries().size();
        } else if (message instanceof Message.AppendAccepted accepted) {
            return "ok" + accepted.matchIndex();
        } else if (message instanceof Message.AppendRejected rejected) {
            return "no" + rejected.previousIndex();
        } else if (message instanceof Message.VoteRequest) {
            return "vote?";
        } else if (message instanceof Message.PreVoteRequest) {
            return "would?";
        } else if (message instanceof Message.VoteResponse response) {
            return response.granted() ? "vote" : "no";
        } else if (message instanceof Message.PreVoteResponse response) {
            return response.granted() ? "would" : "no";
        }
        return message.getClass().getSimpleName().replaceAll("[a-z]", "");
    }
}
