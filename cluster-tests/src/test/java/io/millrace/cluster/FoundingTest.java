package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who founds the cluster, and that there is only ever one, with real processes. */
class FoundingTest {
    @Test
    void anyMajorityFoundsTheClusterAndWhoIsLeftAloneComesBackByItself(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster = new ProcessCluster(directory, 3)) {
            // The first seed is missing: a majority is enough.
            cluster.start(2);
            cluster.start(3);
            cluster.awaitReady(2);
            cluster.awaitReady(3);
            assertThat(cluster.run("topic", "create", "kept", "--replication-factor", "2")
                            .exitCode())
                    .isZero();
            Path line = Files.writeString(directory.resolve("line"), "acknowledged\n");
            assertThat(cluster.run("produce", "kept", "--file", line.toString()).exitCode())
                    .isZero();

            // The lowest of all, and late: it must find that cluster, not found its own.
            cluster.start(1);
            cluster.awaitReady(1);
            long process = cluster.pid(1);

            // Its majority dies. It stops being a member, and waits for a majority in the same process.
            cluster.kill(2);
            cluster.kill(3);
            ProcessCluster.await("broker 1 is no member any more", () -> cluster.get(1, "/ready")
                    .map(answer -> answer.body().contains("it has not joined the cluster"))
                    .orElse(false));
            cluster.start(2);
            cluster.start(3);
            for (int id = 1; id <= 3; id++) {
                cluster.awaitReady(id);
            }
            assertThat(cluster.pid(1)).isEqualTo(process);
            cluster.awaitLeader("kept", 0);
            ProcessCluster.Result read = cluster.run("consume", "kept", "--from-beginning", "--until-end");
            assertThat(read.out()).as(read.err()).isEqualTo("acknowledged\n");
        }
    }
}
