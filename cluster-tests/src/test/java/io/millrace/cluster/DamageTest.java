package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that has changed what was written to it, below a broker that runs. */
class DamageTest {
    private static final int RECORDS = 2_000;

    @Test
    void isFoundByTheScrubberAndRepairedFromTheOtherReplicas(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster = new ProcessCluster(
                directory, 3, id -> "millrace { scrub-rest = 1 s, scrub-rate = 64 MiB, segment-size = 64 KiB }\n")) {
            cluster.startAll();
            cluster.run("topic", "create", "kept", "--partitions", "1", "--replication-factor", "3");
            Path lines = directory.resolve("lines");
            Files.write(
                    lines,
                    IntStream.range(0, RECORDS)
                            .mapToObj(i -> i + " " + "x".repeat(100))
                            .toList());
            assertThat(cluster.run("produce", "kept", "--file", lines.toString())
                            .exitCode())
                    .isZero();
            int leader = cluster.awaitLeader("kept", 0);
            int follower = leader % 3 + 1;
            ProcessCluster.await("the follower has everything", () -> isInSync(cluster, leader, follower));

            Path log = logOf(cluster, follower);
            flipSomethingIn(log);
            Path aside = log.resolveSibling(log.getFileName() + ".damaged");
            ProcessCluster.await("the damaged log is set aside", () -> Files.isDirectory(aside));
            ProcessCluster.await("the follower has everything again", () -> isInSync(cluster, leader, follower));
            assertThat(Files.readString(cluster.outputOf(follower)))
                    .contains("goes on with a damaged log", "the checksum of the frame does not hold")
                    .contains("sets its damaged log aside");
            assertThat(cluster.awaitLeader("kept", 0)).isEqualTo(leader);

            // With the repaired replica as the only one that has it beside one that must agree.
            cluster.kill(leader);
            cluster.awaitLeader("kept", 0);
            ProcessCluster.Result read = cluster.run("consume", "kept", "--from-beginning", "--until-end");
            assertThat(read.out().lines().count()).as(read.err()).isEqualTo(RECORDS);
        }
    }

    private static boolean isInSync(ProcessCluster cluster, int leader, int follower) {
        return cluster.partition(leader, "kept", 0)
                .map(status -> StreamSupport.stream(status.path("peers").spliterator(), false)
                        .anyMatch(peer -> peer.path("brokerId").asInt() == follower
                                && peer.path("voter").asBoolean()
                                && peer.path("lagEntries").asLong(-1) == 0))
                .orElse(false);
    }

    private static Path logOf(ProcessCluster cluster, int broker) throws IOException {
        try (var all = Files.list(cluster.dataOf(broker).resolve("replicas"))) {
            return all.filter(each -> each.getFileName().toString().startsWith("kept-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** In the records, which are nearly all that there is. */
    private static void flipSomethingIn(Path log) throws IOException {
        Path segment;
        try (var files = Files.list(log)) {
            segment = files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.seek(30_000);
            int before = file.read();
            file.seek(30_000);
            file.write(before ^ 4);
        }
    }
}
