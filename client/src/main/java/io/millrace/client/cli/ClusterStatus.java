package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.client.BrokerHealth;
import io.millrace.client.BrokerHealth.Affected;
import io.millrace.client.BrokerHealth.Problem;
import io.millrace.client.BrokerHealth.Status;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ClusterDescription.BrokerDescription;
import io.millrace.client.ReplicaPlan;
import io.millrace.client.TopicDescription;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/** The cluster at one moment: what each broker says of itself, put together, for people and for programs. */
final class ClusterStatus {
    private static final int AFFECTED_SHOWN = 5;

    private final ClusterDescription cluster;
    private final List<TopicDescription> topics;
    private final Map<Integer, BrokerHealth> health;
    private final Instant at;
    private final List<Problem> problems;

    /** @param health of the brokers that have answered */
    ClusterStatus(
            ClusterDescription cluster, List<TopicDescription> topics, Map<Integer, BrokerHealth> health, Instant at) {
        this.cluster = cluster;
        this.topics = topics;
        this.health = new TreeMap<>(health);
        this.at = at;
        this.problems = merged();
    }

    boolean isWell() {
        return problems.isEmpty();
    }

    private Status status() {
        return problems.isEmpty() ? Status.OK : problems.get(0).severity();
    }

    /** Several brokers see the same: it is told once, with the earliest time. */
    private List<Problem> merged() {
        Map<String, Problem> kinds = new LinkedHashMap<>();
        Map<String, Map<String, Affected>> affected = new LinkedHashMap<>();
        Map<String, Integer> countMax = new LinkedHashMap<>();
        List<Problem> all = new ArrayList<>();
        health.values().forEach(broker -> all.addAll(broker.problems()));
        silent().ifPresent(all::add);
        for (Problem problem : all) {
            kinds.putIfAbsent(problem.name(), problem);
            countMax.merge(problem.name(), problem.count(), Math::max);
            Map<String, Affected> subjects = affected.computeIfAbsent(problem.name(), name -> new LinkedHashMap<>());
            problem.affected()
                    .forEach(one -> subjects.merge(
                            one.subject(), one, (a, b) -> a.since().isAfter(b.since()) ? b : a));
        }
        List<Problem> merged = new ArrayList<>();
        kinds.forEach((name, first) -> {
            List<Affected> subjects =
                    List.copyOf(affected.getOrDefault(name, Map.of()).values());
            Instant since = subjects.stream()
                    .map(Affected::since)
                    .min(Comparator.naturalOrder())
                    .orElse(first.since());
            int count = Math.max(subjects.size(), countMax.getOrDefault(name, 0));
            merged.add(new Problem(name, first.severity(), count, since, first.whatToDo(), subjects));
        });
        merged.sort(Comparator.comparing(Problem::severity).reversed());
        return merged;
    }

    /** Those that others can reach, and that did not answer us. */
    private Optional<Problem> silent() {
        List<Affected> silent = cluster.brokers().stream()
                .filter(broker -> broker.alive() && !health.containsKey(broker.id()))
                .map(broker -> new Affected(
                        "broker " + broker.id(),
                        "does not answer at " + broker.client() + ", though others reach it",
                        at))
                .toList();
        return problem(
                "NO_ANSWER",
                silent,
                "Look whether its client port can be reached from here (millrace.client.advertised-host).");
    }

    private static Optional<Problem> problem(String name, List<Affected> affected, String whatToDo) {
        return affected.isEmpty()
                ? Optional.empty()
                : Optional.of(new Problem(
                        name, Status.WARNING, affected.size(), affected.get(0).since(), whatToDo, affected));
    }

    // -------------------------------------------------------------------------------------------------------- for
    // people

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("cluster ")
                .append(cluster.clusterId())
                .append(": ")
                .append(status())
                .append("\n\n");
        text.append(brokers());
        if (!topics.isEmpty()) {
            text.append("\n").append(partitions());
        }
        problems.forEach(problem -> text.append("\n").append(told(problem)));
        return text.toString();
    }

    /** That replicas could be spread better, if that is worth it, or that they are being spread. */
    static String offer(ReplicaPlan plan) {
        if (plan.underWay()) {
            return "\nreplicas are being evened out: 'millrace broker list' shows how far it is, 'millrace cluster"
                    + " rebalance-replicas --stop' ends it\n";
        }
        return plan.advised()
                ? "\nreplicas are uneven ("
                        + plan.moves().get(0).reason()
                        + "): 'millrace cluster rebalance-replicas' moves some, --dry-run shows which\n"
                : "";
    }

    private Table brokers() {
        Table table =
                new Table("BROKER", "STATE", "LEADS", "REPLICAS", "UNDER-REPLICATED", "LAG", "DISK FREE", "CLIENT");
        for (BrokerDescription broker : cluster.brokers()) {
            boolean controls = cluster.controllerId().equals(OptionalInt.of(broker.id()));
            BrokerHealth known = health.get(broker.id());
            String state =
                    (known != null ? "up" : broker.alive() ? "no answer" : "down") + (controls ? ", controller" : "");
            if (known == null) {
                table.row(broker.id(), state, "-", "-", "-", "-", "-", broker.client());
            } else {
                table.row(
                        broker.id(),
                        state,
                        known.leaders(),
                        known.replicas(),
                        known.underReplicated(),
                        known.lagEntriesMax(),
                        bytes(known.diskFreeBytes()),
                        broker.client());
            }
        }
        return table;
    }

    /** How many partitions of each topic a broker leads, of how many it keeps. */
    private Table partitions() {
        List<String> header = new ArrayList<>(List.of("TOPIC", "PARTITIONS", "LED"));
        cluster.brokers().forEach(broker -> header.add("ON " + broker.id()));
        Table table = new Table(header.toArray(String[]::new));
        for (TopicDescription topic : topics) {
            List<Object> row = new ArrayList<>();
            row.add(topic.name());
            row.add(topic.partitions().size());
            row.add(topic.partitions().stream()
                    .filter(partition -> partition.leader().isPresent())
                    .count());
            for (BrokerDescription broker : cluster.brokers()) {
                long led = topic.partitions().stream()
                        .filter(partition -> partition.leader().equals(OptionalInt.of(broker.id())))
                        .count();
                long kept = topic.partitions().stream()
                        .filter(partition -> partition.replicas().contains(broker.id()))
                        .count();
                row.add(kept == 0 && led == 0 ? "-" : led + "/" + kept);
            }
            table.row(row.toArray());
        }
        return table;
    }

    private String told(Problem problem) {
        StringBuilder text = new StringBuilder();
        text.append(problem.severity())
                .append(' ')
                .append(problem.name())
                .append(problem.count() > 1 ? " (" + problem.count() + ")" : "")
                .append(", for ")
                .append(age(Duration.between(problem.since(), at)))
                .append('\n');
        problem.affected().stream().limit(AFFECTED_SHOWN).forEach(one -> text.append("  ")
                .append(one.subject())
                .append(one.detail().isEmpty() ? "" : ": " + one.detail())
                .append('\n'));
        if (problem.count() > AFFECTED_SHOWN) {
            text.append("  and ").append(problem.count() - AFFECTED_SHOWN).append(" more\n");
        }
        return text.append("  -> ").append(problem.whatToDo()).append('\n').toString();
    }

    /** By the clock of whoever saw it first: never less than nothing. */
    private static String age(Duration age) {
        long seconds = Math.max(0, age.toSeconds());
        return seconds < 120 ? seconds + " s" : seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
    }

    private static String bytes(OptionalLong bytes) {
        if (bytes.isEmpty()) {
            return "-";
        }
        double gib = bytes.getAsLong() / (double) (1 << 30);
        return String.format(Locale.ROOT, "%.1f GiB", gib);
    }

    // ------------------------------------------------------------------------------------------------------ for
    // programs

    void writeTo(JsonGenerator out) throws IOException {
        out.writeStartObject();
        out.writeStringField("cluster_id", cluster.clusterId());
        out.writeStringField("at", at.toString());
        out.writeStringField("status", status().name());
        out.writeFieldName("controller_id");
        number(out, cluster.controllerId());
        out.writeArrayFieldStart("brokers");
        for (BrokerDescription broker : cluster.brokers()) {
            write(out, broker);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("topics");
        for (TopicDescription topic : topics) {
            write(out, topic);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("problems");
        for (Problem problem : problems) {
            write(out, problem);
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private void write(JsonGenerator out, BrokerDescription broker) throws IOException {
        out.writeStartObject();
        out.writeNumberField("id", broker.id());
        out.writeStringField("client", broker.client().toString());
        out.writeStringField("http", broker.http());
        out.writeBooleanField("alive", broker.alive());
        BrokerHealth known = health.get(broker.id());
        out.writeBooleanField("answers", known != null);
        if (known != null) {
            out.writeStringField("version", known.version());
            out.writeStringField("status", known.status().name());
            out.writeNumberField("leaders", known.leaders());
            out.writeNumberField("replicas", known.replicas());
            out.writeNumberField("under_replicated", known.underReplicated());
            out.writeNumberField("lag_entries_max", known.lagEntriesMax());
            if (known.diskFreeBytes().isPresent()) {
                out.writeNumberField("disk_free_bytes", known.diskFreeBytes().getAsLong());
            }
            out.writeNumberField("disk_reserve_bytes", known.diskReserveBytes());
        }
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, TopicDescription topic) throws IOException {
        out.writeStartObject();
        out.writeStringField("name", topic.name());
        out.writeArrayFieldStart("partitions");
        for (TopicDescription.PartitionDescription partition : topic.partitions()) {
            out.writeStartObject();
            out.writeNumberField("partition", partition.partition());
            out.writeFieldName("leader");
            number(out, partition.leader());
            out.writeFieldName("replicas");
            out.writeArray(
                    partition.replicas().stream().mapToInt(Integer::intValue).toArray(),
                    0,
                    partition.replicas().size());
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, Problem problem) throws IOException {
        out.writeStartObject();
        out.writeStringField("problem", problem.name());
        out.writeStringField("severity", problem.severity().name());
        out.writeNumberField("count", problem.count());
        out.writeStringField("since", problem.since().toString());
        out.writeStringField("what_to_do", problem.whatToDo());
        out.writeArrayFieldStart("affected");
        for (Affected one : problem.affected()) {
            out.writeStartObject();
            out.writeStringField("subject", one.subject());
            out.writeStringField("detail", one.detail());
            out.writeStringField("since", one.since().toString());
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private static void number(JsonGenerator out, OptionalInt number) throws IOException {
        if (number.isPresent()) {
            out.writeNumber(number.getAsInt());
        } else {
            out.writeNull();
        }
    }
}
