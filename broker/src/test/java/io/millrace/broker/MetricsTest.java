package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.broker.metrics.PrometheusText;
import io.millrace.broker.metrics.PrometheusText.Family;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.PartitionCommit;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Prometheus gets from a real broker, and that what is written about it is true. */
class MetricsTest extends WithOneBroker {
    private static final Path ROOT = Path.of("..");
    private static final Pattern NAME_IN_EXPRESSION = Pattern.compile("\\b(millrace|jvm|process|system)_[a-z0-9_]+");

    private static Map<String, Family> scrape() throws Exception {
        HttpResponse<String> answer = broker.http("/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=UTF-8");
        return PrometheusText.parse(answer.body());
    }

    private static double value(Map<String, Family> families, String name, String... labels) {
        Map<String, String> wanted = labels.length == 0 ? Map.of() : Map.of(labels[0], labels[1]);
        return families.values().stream()
                .flatMap(family -> family.samples.stream())
                .filter(sample -> sample.name().equals(name) && sample.labels().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no sample " + name + wanted))
                .value();
    }

    @Test
    @Timeout(60)
    void whatAClientDoesIsCountedByTopic() throws Exception {
        String topic = newTopic(1);
        Map<String, Family> before = scrape();
        messages.produce(records(topic, 0, value("a"), value("b"), value("c")));
        messages.produce(records(topic, 0, value("d")));
        messages.fetch(fetch(topic, 0, 1).build());
        messages.fetch(fetch(topic, 0, 4).build());
        assertThat(failure(() -> messages.fetch(fetch("no-such-topic", 0, 0).build()))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_TOPIC);

        Map<String, Family> after = scrape();

        assertThat(value(after, "millrace_produce_requests_total", "topic", topic))
                .isEqualTo(2);
        assertThat(value(after, "millrace_produce_records_total", "topic", topic))
                .isEqualTo(4);
        assertThat(value(after, "millrace_produce_bytes_total", "topic", topic)).isGreaterThan(100);
        assertThat(value(after, "millrace_fetch_requests_total", "topic", topic))
                .isEqualTo(2);
        assertThat(value(after, "millrace_fetch_records_total", "topic", topic)).isEqualTo(3);
        assertThat(value(after, "millrace_fetch_bytes_total", "topic", topic)).isGreaterThan(50);
        assertThat(value(after, "millrace_log_bytes", "topic", topic)).isGreaterThan(100);
        assertThat(value(after, "millrace_request_errors_total", "reason", "UNKNOWN_TOPIC"))
                .isPositive();
        for (String more : List.of(
                "millrace_produce_seconds_count",
                "millrace_fetch_seconds_count",
                "millrace_commit_seconds_count",
                "millrace_proposals_total",
                "millrace_proposed_requests_total")) {
            assertThat(value(after, more)).as(more).isEqualTo(value(before, more) + 2);
        }
        assertThat(value(after, "millrace_proposed_records_total"))
                .isEqualTo(value(before, "millrace_proposed_records_total") + 4);
        assertThat(value(after, "millrace_log_force_seconds_count"))
                .isGreaterThan(value(before, "millrace_log_force_seconds_count"));
        assertThat(value(after, "millrace_journal_force_seconds_count")).isPositive();
        assertThat(value(after, "millrace_elections_won_total")).isGreaterThanOrEqualTo(2);
        assertThat(value(after, "millrace_partition_queue_bytes")).isZero();
        assertThat(value(after, "millrace_pending_requests")).isZero();
        assertThat(value(after, "millrace_leaders")).isPositive();
        assertThat(value(after, "millrace_disk_space", "state", "AMPLE")).isEqualTo(1);
        assertThat(value(after, "millrace_disk_free_bytes")).isPositive();
        assertThat(value(after, "millrace_ready")).isEqualTo(1);

        admin.deleteTopic(DeleteTopicRequest.newBuilder().setName(topic).build());
        while (broker.http("/metrics").body().contains("topic=\"" + topic + "\"")) {
            Thread.onSpinWait(); // until this broker knows
        }
    }

    @Test
    @Timeout(60)
    void everyMetricOfOursIsDocumentedOnce() throws Exception {
        everythingHasHappened();
        List<String> rows = scrape().values().stream()
                .filter(family -> family.name.startsWith("millrace_"))
                .map(MetricsTest::row)
                .sorted()
                .toList();
        assertThat(rows).hasSizeGreaterThan(30);

        List<String> documented = Files.readAllLines(ROOT.resolve("docs/metrics.md")).stream()
                .filter(line -> line.startsWith("| `millrace_"))
                .toList();

        assertThat(String.join("\n", documented)).isEqualTo(String.join("\n", rows));
    }

    private static String row(Family family) {
        Set<String> labels = family.samples.stream()
                .flatMap(sample -> sample.labels().keySet().stream())
                .filter(label -> !label.equals("le"))
                .map(label -> "`" + label + "`")
                .collect(Collectors.toCollection(TreeSet::new));
        return "| `" + family.name + "` | " + family.type + " | " + String.join(", ", labels) + " | " + family.help
                + " |";
    }

    @Test
    @Timeout(60)
    void theDashboardShowsOnlyWhatThereIs() throws Exception {
        everythingHasHappened();
        System.gc(); // its pauses are there from the first one on, and that is told by another thread
        while (!scrape().containsKey("jvm_gc_pause_seconds")) {
            Thread.onSpinWait();
        }
        Set<String> names = scrape().values().stream()
                .flatMap(family -> family.samples.stream())
                .map(PrometheusText.Sample::name)
                .collect(Collectors.toSet());
        JsonNode dashboard = new ObjectMapper()
                .readTree(ROOT.resolve("deploy/grafana/millrace.json").toFile());
        List<String> expressions = dashboard.findValuesAsText("expr");
        assertThat(expressions).hasSizeGreaterThan(15);

        for (String expression : expressions) {
            Matcher name = NAME_IN_EXPRESSION.matcher(expression);
            assertThat(name.find()).as(expression).isTrue();
            do {
                assertThat(names).as(expression).contains(name.group());
            } while (name.find());
        }
    }

    private static void everythingHasHappened() throws Exception {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("x")));
        failure(() -> messages.fetch(fetch("no-such-topic", 0, 0).build()));
        var unused = GroupServiceGrpc.newBlockingStub(broker.channel())
                .commitOffsets(CommitOffsetsRequest.newBuilder()
                        .setGroup("lagging")
                        .addOffsets(PartitionCommit.newBuilder().setTopic(topic).setPartition(0))
                        .build());
        String lag = "millrace_group_lag_records{group=\"lagging\",topic=\"" + topic + "\"} 1.0";
        while (!broker.http("/metrics").body().contains(lag)) {
            Thread.onSpinWait(); // until it has looked
        }
    }
}
