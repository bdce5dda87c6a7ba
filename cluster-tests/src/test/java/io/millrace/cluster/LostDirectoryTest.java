package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
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

    /**
     * First by its own word: a leader that sleeps does not know yet that it has lost anything. Then by the leader's: until that has
     * made it a voter again, what it may do is of no use.
     */
    private static void awaitVote(ProcessCluster cluster, String groupsPage) {
        awaitPage(
                cluster,
                groupsPage,
                "what broker 2 needs to vote",
                page -> page.path("replicas").path("2").path("state").asText().equals("RUNNING"));
        awaitPage(
                cluster,
                groupsPage,
                "that broker 2 has a vote",
                page -> page.path("leader").asInt() == 2
                        || StreamSupport.stream(page.path("peers").spliterator(), false)
                                .anyMatch(peer -> peer.path("brokerId").asInt() == 2
                                        && peer.path("voter").asBoolean()
                                        && peer.path("lagEntries").asLong(-1) == 0));
    }

    private static void awaitPage(ProcessCluster cluster, String path, String what, Predicate<JsonNode> shows) {
        ProcessCluster.await(
                path + " shows " + what,
                () -> cluster.page(1, path).filter(shows).isPresent());
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
