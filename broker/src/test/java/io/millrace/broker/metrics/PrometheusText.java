package io.millrace.broker.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Prometheus' text format 0.0.4 as its description says, and refuses what that forbids. On purpose none of the library that
 * writes it.
 */
public final class PrometheusText {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (\\S+)(?: (-?[0-9]+))?");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\n\"])*)\"(,|$)");
    private static final Set<String> TYPES = Set.of("counter", "gauge", "histogram", "summary", "untyped");

    /** @param name with its suffix */
    public record Sample(String name, Map<String, String> labels, double value) {}

    /** All samples under one name. */
    public static final class Family {
        public final String name;
        public String type = "untyped";
        public String help = "";
        public final List<Sample> samples = new ArrayList<>();

        Family(String name) {
            this.name = name;
        }
    }

    private final Map<String, Family> families = new LinkedHashMap<>();
    private final Set<String> finished = new HashSet<>();
    private final Set<String> seen = new HashSet<>();
    private Family current = new Family("");

    private PrometheusText() {}

    /** @throws IllegalArgumentException with the line that is wrong */
    public static Map<String, Family> parse(String text) {
        PrometheusText parser = new PrometheusText();
        if (!text.endsWith("\n")) {
            throw new IllegalArgumentException("the last line does not end");
        }
        for (String line : text.split("\n", -1)) {
            try {
                parser.line(line);
            } catch (RuntimeException e) {
                throw new IllegalArgumentException(line, e);
            }
        }
        parser.families.values().forEach(PrometheusText::checkHistogram);
        return parser.families;
    }

    private void line(String line) {
        if (line.startsWith("# HELP ")) {
            String[] parts = line.split(" ", 4);
            family(parts[2]).help = parts[3].replace("\\n", "\n").replace("\\\\", "\\");
        } else if (line.startsWith("# TYPE ")) {
            String[] parts = line.split(" ", -1);
            require(parts.length == 4 && TYPES.contains(parts[3]));
            Family family = family(parts[2]);
            require(family.samples.isEmpty());
            family.type = parts[3];
        } else if (!line.isEmpty() && !line.startsWith("#")) {
            sample(line);
        }
    }

    /** Their lines stand together, and only once. */
    private Family family(String name) {
        require(NAME.matcher(name).matches());
        if (!current.name.equals(name)) {
            finished.add(current.name);
            require(!finished.contains(name));
            current = new Family(name);
            families.put(name, current);
        }
        return current;
    }

    private void sample(String line) {
        Matcher parts = SAMPLE.matcher(line);
        require(parts.matches());
        String name = parts.group(1);
        boolean belongs = name.equals(current.name)
                || (current.type.equals("histogram") && name.matches(current.name + "_(bucket|sum|count)"))
                || (current.type.equals("summary") && name.matches(current.name + "_(sum|count)"));
        Family family = belongs ? current : family(name);
        Map<String, String> labels = labels(parts.group(2) == null ? "" : parts.group(2));
        require(seen.add(name + new TreeMap<>(labels)));
        require(!family.type.equals("counter") || name.endsWith("_total"));
        family.samples.add(new Sample(name, labels, value(parts.group(3))));
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new LinkedHashMap<>();
        Matcher label = LABEL.matcher(text);
        int at = 0;
        while (at < text.length()) {
            require(label.find(at) && label.start() == at);
            String value =
                    label.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
            require(labels.put(label.group(1), value) == null);
            at = label.end();
        }
        return labels;
    }

    private static double value(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private static void checkHistogram(Family family) {
        if (!family.type.equals("histogram")) {
            return;
        }
        Map<Map<String, String>, TreeMap<Double, Double>> series = new LinkedHashMap<>();
        Map<Map<String, String>, Double> counts = new LinkedHashMap<>();
        for (Sample sample : family.samples) {
            Map<String, String> labels = new TreeMap<>(sample.labels());
            String bound = labels.remove("le");
            if (sample.name().endsWith("_bucket")) {
                series.computeIfAbsent(labels, key -> new TreeMap<>()).put(value(bound), sample.value());
            } else if (sample.name().endsWith("_count")) {
                counts.put(labels, sample.value());
            }
        }
        series.forEach((labels, buckets) -> {
            double before = 0;
            for (double cumulative : buckets.values()) {
                require(cumulative >= before, family.name + labels + " has buckets that are not cumulative");
                before = cumulative;
            }
            require(
                    buckets.containsKey(Double.POSITIVE_INFINITY) && Objects.equals(counts.get(labels), before),
                    family.name + labels + " has a count that its buckets do not have");
        });
    }

    private static void require(boolean holds) {
        require(holds, "not in the format");
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalArgumentException(what);
        }
    }
}
