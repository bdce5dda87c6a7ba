package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.DeleteTopicRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three broker processes whose metadata's log is short: one that lost it gets what the others have trimmed away. */
class TrimmedMetadataTest {
    /** More than enough for a log that may have 4 KiB. */
    private static final int CHANGES = 30;

    @Test
    void aBrokerWithoutItsLogOfTheMetadataGetsASnapshotAndTheRest(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster =
                new ProcessCluster(directory, 3, id -> "millrace.cluster.metadata-log-size = 4 KiB\n")) {
            cluster.startAll();
            ManagedChannel channel = ManagedChannelBuilder.forTarget(
                            cluster.addresses().get(0))
                    .usePlaintext()
                    .build();
            try {
                changeTopics(AdminServiceGrpc.newBlockingStub(channel));
            } finally {
                channel.shutdownNow();
            }
            for (int id = 1; id <= 3; id++) {
                Path log = metadataLogOf(cluster, id);
                ProcessCluster.await("the log in " + log + " is trimmed", () -> isTrimmed(log));
            }

            cluster.kill(3);
            delete(metadataLogOf(cluster, 3));
            cluster.start(3);
            cluster.awaitReady(3);

            String topics = cluster.get(3, "/api/v1/topics").orElseThrow().body();
            assertThat(topics).contains("kept").doesNotContain("brief");
            assertThat(isTrimmed(metadataLogOf(cluster, 3))).isTrue();
        }
    }

    private static void changeTopics(AdminServiceBlockingStub admin) {
        for (int i = 0; i < CHANGES; i++) {
            var created = admin.createTopic(topic("brief"));
            var deleted = admin.deleteTopic(
                    DeleteTopicRequest.newBuilder().setName("brief").build());
            assertThat(List.of(created, deleted)).hasSize(2);
        }
        assertThat(admin.createTopic(topic("kept"))).isNotNull();
    }

    private static CreateTopicRequest topic(String name) {
        return CreateTopicRequest.newBuilder()
                .setName(name)
                .setPartitions(1)
                .setReplicationFactor(1)
                .build();
    }

    private static Path metadataLogOf(ProcessCluster cluster, int id) {
        return cluster.dataOf(id).resolve("replicas").resolve("__metadata-0~0");
    }

    private static boolean isTrimmed(Path log) {
        try (Stream<Path> files = Files.list(log)) {
            return files.anyMatch(file -> file.toString().endsWith(".snapshot"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path log) throws IOException {
        try (Stream<Path> files = Files.walk(log)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
