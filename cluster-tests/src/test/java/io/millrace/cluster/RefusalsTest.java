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

/** Brokers that must not start. */
class RefusalsTest {
    private static final int REFUSED = 1;
    private static final int WRONG_CONFIGURATION = 2;

    private static Path directory = Path.of("unset");

    @SuppressWarnings("NullAway.Init") // Set before all tests.
    private static ProcessCluster cluster;

    private record Ended(int exitCode, String output) {}

    @BeforeAll
    static void start(@TempDir Path temporary) throws IOException, InterruptedException {
        directory = temporary;
        cluster = new ProcessCluster(directory, 1);
        cluster.startAll();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @AfterEach
    void theClusterIsAsItWas() {
        cluster.awaitReady(1);
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
        cluster.kill(1);
        Ended refused = startExpectingTheEnd("renamed", cluster.configOf(1), List.of("-Dmillrace.broker-id=2"));
        cluster.start(1);

        assertThat(refused.exitCode()).isEqualTo(REFUSED);
        assertThat(refused.output()).contains("belongs to broker 1, but millrace.broker-id is 2");
    }

    @Test
    void aDataDirectoryOfAClusterWithAnotherName() throws Exception {
        cluster.kill(1);
        Ended refused = startExpectingTheEnd("other", cluster.configOf(1), List.of("-Dmillrace.cluster.name=other"));
        cluster.start(1);

        assertThat(refused.exitCode()).isEqualTo(REFUSED);
        assertThat(refused.output())
                .contains("belongs to a cluster named 'test', but millrace.cluster.name is 'other'");
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
}
