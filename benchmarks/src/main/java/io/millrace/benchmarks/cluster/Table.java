package io.millrace.benchmarks.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results as Markdown, which can be read as it is. */
final class Table {
    private Table() {}

    /** A row for each metric of each cell: medians with their range, then the first system by each other. */
    static String of(Results results, List<Cell> cells, List<PeerSystem> systems) {
        List<List<String>> rows = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("work", "measured"));
        systems.forEach(system -> head.add(system.label));
        others(systems).forEach(other -> head.add(systems.get(0) + " / " + other));
        rows.add(head);
        for (Cell cell : cells) {
            for (Metric metric : cell.kind.metrics()) {
                rows.add(row(results, cell, metric, systems));
            }
        }
        return markdown(rows);
    }

    private static List<PeerSystem> others(List<PeerSystem> systems) {
        return systems.subList(1, systems.size());
    }

    private static List<String> row(Results results, Cell cell, Metric metric, List<PeerSystem> systems) {
        List<String> row = new ArrayList<>(List.of(cell.label, metric.label));
        for (PeerSystem system : systems) {
            row.add(results.spread(cell, metric, system)
                    .map(spread -> metric.format(spread.median()) + " (" + metric.format(spread.min()) + "–"
                            + metric.format(spread.max()) + ")")
                    .orElse("–"));
        }
        for (PeerSystem other : others(systems)) {
            row.add(results.ratio(cell, metric, systems.get(0), other)
                    .map(spread ->
                            String.format(Locale.ROOT, "%.2f (%.2f–%.2f)", spread.median(), spread.min(), spread.max()))
                    .orElse("–"));
        }
        return row;
    }

    private static String markdown(List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int number = 0; number < rows.size(); number++) {
            text.append('|');
            for (int i = 0; i < columns; i++) {
                text.append(String.format(
                        " %-" + widths[i] + "s |", rows.get(number).get(i)));
            }
            text.append('\n');
            if (number == 0) {
                text.append("|");
                for (int width : widths) {
                    text.append(' ').append("-".repeat(width)).append(" |");
                }
                text.append('\n');
            }
        }
        return text.toString();
    }
}
