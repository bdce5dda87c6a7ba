package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups from the command line, on a real broker: read, shown, moved and forgotten. {@code bin/chaos --consumers} does the rest. */
class GroupCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 10;

    @Test
    void aGroupIsReadShownMovedAndForgotten(@TempDir Path directory) throws IOException, InterruptedException {
        try (ProcessCluster cluster = new ProcessCluster(directory, 1)) {
            cluster.startAll();
            write(cluster);
            Path output = directory.resolve("member.out");
            Process member = cluster.spawn(output, "consume", "work", "--group", "workers", "--format", "%p %o\\n");
            ProcessCluster.await("all is handled", () -> lines(output).size() == RECORDS);

            JsonNode groups = json(cluster.run("group", "list", "--json"));
            assertThat(groups).hasSize(1);
            assertThat(groups.get(0).path("group").asText()).isEqualTo("workers");
            assertThat(groups.get(0).path("members").asInt()).isEqualTo(1);
            ProcessCluster.Result refused = cluster.run("group", "reset-offsets", "workers", "--to", "earliest");
            assertThat(refused.exitCode()).isNotZero();
            assertThat(refused.err()).contains("member");

            member.destroy(); // as Ctrl-C does
            ProcessCluster.awaitExit(member);
            assertThat(described(cluster, "committed_offset")).containsExactly(5L, 5L);
            assertThat(described(cluster, "lag")).containsExactly(0L, 0L);
            assertThat(cluster.run("group", "describe", "workers").out()).contains("work", "0 members");

            String shown = cluster.run("group", "reset-offsets", "workers", "--to", "2", "--dry-run")
                    .out();
            assertThat(shown).contains("BEFORE", "AFTER");
            assertThat(described(cluster, "lag")).containsExactly(0L, 0L);
            cluster.run("group", "reset-offsets", "workers", "--to", "2");
            assertThat(described(cluster, "lag")).containsExactly(3L, 3L);

            assertThat(cluster.run("group", "delete", "workers").exitCode()).isZero();
            assertThat(json(cluster.run("group", "list", "--json"))).isEmpty();
            assertThat(cluster.run("group", "delete", "workers").exitCode()).isNotZero();
            assertThat(cluster.run("group", "delete", "workers", "--if-exists").exitCode())
                    .isZero();
        }
    }

    private static void write(ProcessCluster cluster) {
        try (MillraceClient client = MillraceClient.builder()
                        .bootstrap(String.join(",", cluster.addresses()))
                        .build();
                Producer producer = client.producer()) {
            client.admin().createTopic("work", PARTITIONS, 1);
            for (int i = 0; i < RECORDS; i++) {
                producer.send(ProducerRecord.of("work", Bytes.utf8("r" + i)).toPartition(i % PARTITIONS))
                        .join();
            }
        }
    }

    private static List<Long> described(ProcessCluster cluster, String field) throws IOException, InterruptedException {
        JsonNode partitions =
                json(cluster.run("group", "describe", "workers", "--json")).path("partitions");
        return java.util.stream.StreamSupport.stream(partitions.spliterator(), false)
                .map(partition -> partition.path(field).asLong(-1))
                .toList();
    }

    private static JsonNode json(ProcessCluster.Result result) throws IOException {
        assertThat(result.exitCode()).as(result.err()).isZero();
        return JSON.readTree(result.out());
    }

    private static List<String> lines(Path output) {
        try {
            return Files.readAllLines(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
