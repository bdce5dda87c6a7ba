package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that loses all of its data directory. */
class LostDirectoryTest {
    private static final int RECORDS = 300;

    @Test
    void comesBackWithAnEmptyOneAndGetsEverythingAgain(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster = new ProcessCluster(directory, 3)) {
            cluster.startAll();
            cluster.run("topic", "create", "kept", "--partitions", "2", "--replication-factor", "3");
            Path lines = directory.resolve("lines");
            Files.write(
                    lines,
                    IntStream.range(0, RECORDS).mapToObj(i -> "record " + i).toList());
            assertThat(cluster.run("produce", "kept", "--file", lines.toString())
                            .exitCode())
                    .isZero();

            cluster.kill(2);
            deleteAll(cluster.dataOf(2));
            cluster.start(2);
            cluster.awaitReady(2);
            awaitVote(cluster, "/api/v1/metadata");
            awaitVote(cluster, "/api/v1/topics/kept/partitions/0");
            awaitVote(cluster, "/api/v1/topics/kept/partitions/1");
            assertThat(Files.readString(cluster.outputOf(2)))
                    .contains("__metadata-0~0@2 has lost its journal or its log: it has no vote");

            // Now it is needed: for every majority, of the metadata too.
            cluster.kill(3);
            cluster.awaitLeader("kept", 0);
            cluster.awaitLeader("kept", 1);
            ProcessCluster.Result read = cluster.run("consume", "kept", "--from-beginning", "--until-end");
            assertThat(read.out().lines().sorted().toList())
                    .as(read.err())
                    .isEqualTo(Files.readAllLines(lines).stream().sorted().toList());
            assertThat(cluster.run("topic", "create", "later", "--replication-factor", "2")
                            .exitCode())
                    .isZero();
        }
    }

    /** By its own word: the leader counts on it a little before broker 2 knows that it has a vote again. */
    private static void awaitVote(ProcessCluster cluster, String groupsPage) {
        ProcessCluster.await("broker 2 has a vote: " + groupsPage, () -> cluster.page(1, groupsPage)
                .map(page -> page.path("replicas").path("2").path("state").asText())
                .filter("RUNNING"::equals)
                .isPresent());
    }

    private static void deleteAll(Path directory) throws IOException {
        List<Path> all;
        try (var files = Files.walk(directory)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
