package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file goes in and the same lines come out, while brokers are killed. */
class FileRoundTripTest {
    private static final int LINES = 200_000;
    private static final Path LICENSE = Path.of("..", "LICENSE");

    @Test
    void everyAcknowledgedLineComesBackInOrderWhileLeaderAndFollowerAreKilledAndAfterAllAre(@TempDir Path directory)
            throws IOException, InterruptedException {
        List<String> lines = numberedLicense();
        try (ProcessCluster cluster = new ProcessCluster(directory, 3)) {
            cluster.startAll();
            assertThat(cluster.run("topic", "create", "lines", "--partitions", "1", "--replication-factor", "3"))
                    .matches(result -> result.exitCode() == 0, "topic created");

            Path report = directory.resolve("produce.err");
            Process produce = cluster.millrace("produce", "lines")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(report.toFile())
                    .start();
            try (OutputStream pipe = new BufferedOutputStream(produce.getOutputStream())) {
                write(pipe, lines.subList(0, 60_000));
                awaitHighWatermark(cluster, 20_000);
                int leader = cluster.awaitLeader("lines", 0);
                Thread killer = new Thread(() -> killAndRestart(cluster, leader));
                killer.start(); // while lines go on flowing
                write(pipe, lines.subList(60_000, 120_000));
                killer.join();
                cluster.awaitReady(leader);

                awaitHighWatermark(cluster, 100_000);
                int follower = cluster.awaitLeader("lines", 0) % 3 + 1;
                Thread second = new Thread(() -> killAndRestart(cluster, follower));
                second.start();
                write(pipe, lines.subList(120_000, LINES));
                second.join();
                cluster.awaitReady(follower);
            }
            assertThat(produce.waitFor(ProcessCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(produce.exitValue())
                    .as("every line was acknowledged: %s", ProcessCluster.tail(report))
                    .isZero();

            List<String> read = consume(cluster);
            int duplicates = assertSameLines(read, lines);
            System.out.printf(
                    "%,d lines in, %,d out, of them %,d twice (written again around a kill)%n",
                    lines.size(), read.size(), duplicates);

            cluster.killAll();
            cluster.startAll();
            cluster.awaitLeader("lines", 0);
            assertThat(consume(cluster)).isEqualTo(read);
        }
    }

    private static List<String> numberedLicense() throws IOException {
        List<String> text = Files.readAllLines(LICENSE);
        List<String> lines = new ArrayList<>(LINES);
        for (int i = 0; i < LINES; i++) {
            lines.add(i + " " + text.get(i % text.size()));
        }
        return lines;
    }

    private static void write(OutputStream pipe, List<String> lines) throws IOException {
        for (String line : lines) {
            pipe.write(line.getBytes(StandardCharsets.UTF_8));
            pipe.write('\n');
        }
        pipe.flush();
    }

    private static void killAndRestart(ProcessCluster cluster, int broker) {
        try {
            cluster.kill(broker);
            cluster.start(broker);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitHighWatermark(ProcessCluster cluster, long offset) {
        ProcessCluster.await("offset " + offset + " is committed", () -> {
            int leader = cluster.awaitLeader("lines", 0);
            return cluster.partition(leader, "lines", 0)
                    .map(json -> json.path("highWatermark").asLong() >= offset)
                    .orElse(false);
        });
    }

    private static List<String> consume(ProcessCluster cluster) throws IOException, InterruptedException {
        ProcessCluster.Result result = cluster.run("consume", "lines", "--from-beginning", "--until-end");
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.out().lines().toList();
    }

    /**
     * Every line is there, and in order: without the second copies, what was read is what was written.
     *
     * @return how many lines were there a second time
     */
    private static int assertSameLines(List<String> read, List<String> written) {
        Set<String> seen = new HashSet<>();
        List<String> first = new ArrayList<>();
        for (String line : read) {
            if (seen.add(line)) {
                first.add(line);
            }
        }
        assertThat(first.size()).as("lines that came back").isEqualTo(written.size());
        for (int i = 0; i < written.size(); i++) {
            if (!first.get(i).equals(written.get(i))) {
                throw new AssertionError(
                        "line " + i + " is '" + first.get(i) + "' instead of '" + written.get(i) + "'");
            }
        }
        return read.size() - first.size();
    }
}
