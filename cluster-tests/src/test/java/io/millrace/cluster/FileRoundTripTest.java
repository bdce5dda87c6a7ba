package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file goes in and the same bytes come out, while brokers are killed: nothing lost, nothing twice. */
class FileRoundTripTest {
    private static final int LINES = 200_000;
    private static final Path LICENSE = Path.of("..", "LICENSE");

    /** Records that are not forced are with the operating system, which lives: to be killed is nothing to a record. */
    @ParameterizedTest
    @ValueSource(strings = {"commit", "os"})
    void theSameBytesComeBackWhileLeaderAndFollowerAreKilledAndAfterAllAre(String flushPolicy, @TempDir Path directory)
            throws IOException, InterruptedException {
        List<String> lines = numberedLicense();
        try (ProcessCluster cluster = new ProcessCluster(directory, 3)) {
            cluster.startAll();
            assertThat(cluster.run(
                            "topic", "create", "lines", "-p", "1", "-r", "3", "-s", "flush.policy=" + flushPolicy))
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

            assertSameBytes(consume(cluster, directory.resolve("out")), lines);

            cluster.killAll();
            cluster.startAll();
            cluster.awaitLeader("lines", 0);
            assertSameBytes(consume(cluster, directory.resolve("out-again")), lines);
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

    private static Path consume(ProcessCluster cluster, Path to) throws IOException, InterruptedException {
        Path report = to.resolveSibling(to.getFileName() + ".err");
        Process consume = cluster.millrace("consume", "lines", "--from-beginning", "--until-end")
                .redirectOutput(to.toFile())
                .redirectError(report.toFile())
                .start();
        assertThat(consume.waitFor(ProcessCluster.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(consume.exitValue()).as(ProcessCluster.tail(report)).isZero();
        return to;
    }

    private static void assertSameBytes(Path read, List<String> written) throws IOException {
        byte[] expected = (String.join("\n", written) + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] actual = Files.readAllBytes(read);
        String difference = difference(Files.readAllLines(read), written);
        assertThat(sha256(actual)).as(difference).isEqualTo(sha256(expected));
        System.out.printf(
                "%,d lines in, the same %,d bytes out, sha256 %s%n", written.size(), actual.length, sha256(actual));
    }

    private static String difference(List<String> read, List<String> written) {
        for (int i = 0; i < Math.min(read.size(), written.size()); i++) {
            if (!read.get(i).equals(written.get(i))) {
                return "line " + i + " is '" + read.get(i) + "' instead of '" + written.get(i) + "'";
            }
        }
        return read.size() + " lines instead of " + written.size();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
