package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Brokers that must not start, and what a cluster that must not acknowledge does. */
class RefusalsTest {
    private static final int REFUSED = 1;
    private static final int WRONG_CONFIGURATION = 2;

    private static Path directory = Path.of("unset");

    @SuppressWarnings("NullAway.Init") // Set before all tests.
    private static ProcessCluster cluster;

    private record Ended(int exitCode, String output) {}

    @BeforeAll
    static void start(@TempDir Path temporary) throws IOException {
        directory = temporary;
        cluster = new ProcessCluster(directory, 3);
        cluster.startAll();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @AfterEach
    void theClusterIsAsItWas() {
        for (int id = 1; id <= 3; id++) {
            cluster.awaitReady(id);
        }
    }

    @Test
    void twoProcessesOnOneDataDirectory() throws Exception {
        Ended second = startExpectingTheEnd("second", cluster.configOf(1), onFreePorts());

        assertThat(second.exitCode()).isEqualTo(REFUSED);
        assertThat(second.output())
                .contains("the data directory " + cluster.dataOf(1) + " is in use by another broker (process "
                        + cluster.pid(1) + ")");
    }

    @Test
    void anotherBrokersDataDirectory() throws Exception {
        cluster.kill(3);
        Ended refused = startExpectingTheEnd("renamed", cluster.configOf(3), List.of("-Dmillrace.broker-id=2"));
        cluster.start(3);

        assertThat(refused.exitCode()).isEqualTo(REFUSED);
        assertThat(refused.output()).contains("belongs to broker 3, but millrace.broker-id is 2");
    }

    @Test
    void aDataDirectoryOfAClusterWithAnotherName() throws Exception {
        cluster.kill(3);
        Ended refused = startExpectingTheEnd("other", cluster.configOf(3), List.of("-Dmillrace.cluster.name=other"));
        cluster.start(3);

        assertThat(refused.exitCode()).isEqualTo(REFUSED);
        assertThat(refused.output())
                .contains("belongs to a cluster named 'test', but millrace.cluster.name is 'other'");
    }

    @Test
    void aDataDirectoryOfAnotherClusterWithTheSameName() throws Exception {
        Path data = directory.resolve("stranger");
        Path founded = configuration("stranger", 4, "[]", "[4]", data);
        Path output = directory.resolve("stranger.founded.out");
        Process founder = cluster.spawnBroker(founded, output);
        ProcessCluster.await("the other cluster has its id", () -> {
            assertThat(founder.isAlive()).as(ProcessCluster.tail(output)).isTrue();
            return hasClusterId(data);
        });
        founder.destroyForcibly();
        founder.waitFor();

        Ended refused = startExpectingTheEnd(
                "stranger", configuration("stranger", 4, "[" + quotedSeeds() + "]", "[1, 2, 3]", data), List.of());

        assertThat(refused.exitCode()).isEqualTo(REFUSED);
        assertThat(refused.output())
                .contains("belongs to cluster ", "but the brokers found are cluster ", "check millrace.data-dir");
    }

    @Test
    void aPortThatIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path config = configuration("ported", 5, "[]", "[5]", directory.resolve("ported"));
            Ended refused =
                    startExpectingTheEnd("ported", config, List.of("-Dmillrace.client.port=" + taken.getLocalPort()));

            assertThat(refused.exitCode()).isEqualTo(REFUSED);
            assertThat(refused.output())
                    .contains("millrace.client.port: cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void theIdOfABrokerThatIsAlive() throws Exception {
        Path config =
                configuration("impostor", 2, "[" + quotedSeeds() + "]", "[1, 2, 3]", directory.resolve("impostor"));
        Ended refused = startExpectingTheEnd("impostor", config, List.of());

        assertThat(refused.exitCode()).isEqualTo(REFUSED);
        assertThat(refused.output()).contains("broker id 2 is used by another broker");
    }

    @Test
    void aWrongConfigurationIsReportedWithAllItsMistakes() throws Exception {
        Path config = Files.writeString(
                directory.resolve("wrong.conf"),
                """
                millrace {
                  broker-id = -1
                  clinet { port = 9 }
                  segment-size = many
                  deduplication = on
                }
                """);
        Ended refused = startExpectingTheEnd("wrong", config, List.of("-Dmillrace.http.port=99999"));

        assertThat(refused.exitCode()).isEqualTo(WRONG_CONFIGURATION);
        assertThat(refused.output())
                .contains("5 mistakes", "broker-id", "clinet", "segment-size", "deduplication", "http.port");
    }

    @Test
    void aFollowerAloneAcknowledgesNothing() throws Exception {
        int leader = createdWithOneRecord("follower-alone");
        nothingIsAcknowledgedWithout("follower-alone", leader, leader % 3 + 1);
    }

    @Test
    void aLeaderAloneAcknowledgesNothing() throws Exception {
        int leader = createdWithOneRecord("leader-alone");
        nothingIsAcknowledgedWithout("leader-alone", leader % 3 + 1, (leader + 1) % 3 + 1);
    }

    private static int createdWithOneRecord(String topic) throws Exception {
        assertThat(cluster.run("topic", "create", topic, "--partitions", "1", "--replication-factor", "3"))
                .matches(result -> result.exitCode() == 0, "topic created");
        assertThat(produce(topic, "acknowledged\n").exitCode()).isZero();
        return cluster.awaitLeader(topic, 0);
    }

    /** What was not acknowledged may be there afterwards, since its leader may have written it; what was, must be. */
    private static void nothingIsAcknowledgedWithout(String topic, int... killed) throws Exception {
        for (int id : killed) {
            cluster.kill(id);
        }
        ProcessCluster.Result refused = produce(topic, "not acknowledged\n");

        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err())
                .contains("0 records acknowledged", "1 record not acknowledged", "line 1 was not acknowledged: ")
                .contains(topic + "-0 has no leader", "a majority must be up");

        cluster.killAll(); // The third would end by itself when it has been alone for long enough.
        cluster.startAll();
        ProcessCluster.Result read = cluster.run("consume", topic, "--from-beginning", "--until-end");
        assertThat(read.exitCode()).as(read.err()).isZero();
        assertThat(read.out()).isIn("acknowledged\n", "acknowledged\nnot acknowledged\n");
    }

    private static ProcessCluster.Result produce(String topic, String lines) throws Exception {
        Path input = Files.writeString(Files.createTempFile(directory, "in", ".txt"), lines);
        return cluster.run("produce", topic, "--timeout", "5s", "--file", input.toString());
    }

    private static Ended startExpectingTheEnd(String name, Path config, List<String> overrides) throws Exception {
        Path output = directory.resolve(name + ".out");
        Process process = cluster.spawnBroker(config, output, overrides.toArray(String[]::new));
        int exitCode = ProcessCluster.awaitExit(process);
        return new Ended(exitCode, Files.readString(output));
    }

    private static Path configuration(String name, int id, String seeds, String voters, Path data) throws IOException {
        int[] ports = ProcessCluster.freePorts(3);
        return Files.writeString(
                directory.resolve(name + ".conf"),
                """
                millrace {
                  broker-id = %d
                  data-dir = "%s"
                  cluster { name = "test", port = %d, seeds = %s, metadata-voters = %s }
                  client.port = %d
                  http.port = %d
                }
                """
                        .formatted(id, data, ports[0], seeds, voters, ports[1], ports[2]));
    }

    private static List<String> onFreePorts() throws IOException {
        int[] ports = ProcessCluster.freePorts(3);
        List<String> overrides = new ArrayList<>();
        overrides.add("-Dmillrace.cluster.port=" + ports[0]);
        overrides.add("-Dmillrace.client.port=" + ports[1]);
        overrides.add("-Dmillrace.http.port=" + ports[2]);
        return overrides;
    }

    private static String quotedSeeds() {
        return "\"" + cluster.seeds().replace(",", "\", \"") + "\"";
    }

    private static boolean hasClusterId(Path data) {
        Path stamp = data.resolve("broker.json");
        try {
            return Files.exists(stamp) && Files.readString(stamp).contains("\"clusterId\"");
        } catch (IOException e) {
            return false;
        }
    }
}
