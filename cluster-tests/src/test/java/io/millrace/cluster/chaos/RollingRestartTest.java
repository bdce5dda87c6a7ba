package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.ResetPolicy;
import io.millrace.cluster.ProcessCluster;
import io.millrace.protocol.TopicPartition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All three brokers of a cluster are stopped and started again, one after the other, while records are written and read: the
 * restart that an operator does for a new version or a new setting.
 */
class RollingRestartTest {
    private static final int PARTITIONS = 12;
    private static final int RECORDS_A_SECOND = 600;
    private static final Pattern HANDED_OVER = Pattern.compile("Handed (\\d+) of the (\\d+) groups led here over");

    @Test
    void losesNothingDoublesNothingAndNoSendFails(@TempDir Path directory) throws IOException, InterruptedException {
        try (ProcessCluster cluster =
                new ProcessCluster(directory, 3, id -> "millrace.leader-balance.report-interval = 500 ms\n")) {
            cluster.startAll();
            try (Load load = new Load(cluster.addresses(), PARTITIONS, 3);
                    MillraceClient client = MillraceClient.builder()
                            .bootstrap(String.join(",", cluster.addresses()))
                            .build()) {
                AtomicBoolean reading = new AtomicBoolean(true);
                Map<TopicPartition, Long> handled = new ConcurrentHashMap<>();
                CompletableFuture<Void> reader = CompletableFuture.runAsync(
                        () -> handle(client, reading, handled), task -> new Thread(task, "reader").start());
                load.begin(RECORDS_A_SECOND);
                long begunNanos = System.nanoTime();
                for (int broker = 1; broker <= 3; broker++) {
                    load.awaitAcknowledged(1);
                    assertThat(cluster.stop(broker))
                            .as("exit code of broker %s", broker)
                            .isZero();
                    assertHandedOver(cluster, broker);
                    cluster.start(broker);
                    cluster.awaitReady(broker);
                    awaitReplicated(cluster);
                }
                load.awaitAcknowledged(1);
                long endedNanos = System.nanoTime();
                load.end();
                System.out.printf(
                        "rolling restart: %d records in %.0f s; the longest time in which a partition acknowledged nothing: %.0f ms%n",
                        load.acknowledged(),
                        (endedNanos - begunNanos) / 1e9,
                        load.longestGapMillis(begunNanos, endedNanos));
                ProcessCluster.await(
                        "all is read",
                        () -> reader.isDone()
                                || handled.values().stream()
                                                .mapToLong(Long::longValue)
                                                .sum()
                                        == load.acknowledged());
                reading.set(false);
                reader.join();
                assertThat(load.acknowledged()).isEqualTo(load.sent());
                load.assertAllIsWell();
            }
        }
    }

    /** As the only member of a group: each partition from its beginning, one record after the other, and none again. */
    private static void handle(MillraceClient client, AtomicBoolean reading, Map<TopicPartition, Long> handled) {
        try (Consumer consumer =
                client.consumer(ConsumerSettings.DEFAULT.withGroup("readers").withReset(ResetPolicy.EARLIEST))) {
            consumer.subscribe(List.of(Load.topic()));
            while (reading.get()) {
                for (ConsumerRecord record : consumer.poll(Duration.ofMillis(100))) {
                    Long next = handled.getOrDefault(record.partition(), 0L);
                    assertThat(record.offset()).as("of %s", record.partition()).isEqualTo(next);
                    handled.put(record.partition(), next + 1);
                }
            }
        }
    }

    /** Ready is a broker that serves; its replicas may lack what was written meanwhile, and the next one must wait for that. */
    private static void awaitReplicated(ProcessCluster cluster) {
        ProcessCluster.await("no replica is behind", () -> {
            int controller = cluster.awaitController();
            return cluster.get(controller, "/api/v1/controller")
                    .filter(answer -> answer.statusCode() == 200)
                    .filter(answer -> answer.body().contains("\"underReplicated\" : 0,")
                            && answer.body().contains("\"withoutLeader\" : 0,"))
                    .isPresent();
        });
    }

    private static void assertHandedOver(ProcessCluster cluster, int broker) throws IOException {
        String output = Files.readString(cluster.outputOf(broker));
        Matcher said = HANDED_OVER.matcher(output);
        assertThat(said.find())
                .as("what broker %s says when it stops: %s", broker, output)
                .isTrue();
        System.out.printf("broker %d: %s%n", broker, said.group());
        // All, but on a machine that stands still for a second.
        assertThat(Integer.parseInt(said.group(1))).as(said.group()).isGreaterThan(Integer.parseInt(said.group(2)) / 2);
    }
}
