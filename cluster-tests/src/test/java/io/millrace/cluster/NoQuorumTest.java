package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two of three brokers are dead: nothing is acknowledged, and what was acknowledged before is there afterwards. */
class NoQuorumTest {
    @Test
    void aLeaderAloneAcknowledgesNothing(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster = new ProcessCluster(directory, 3)) {
            cluster.startAll();
            assertThat(cluster.run("topic", "create", "alone", "--partitions", "1", "--replication-factor", "3"))
                    .matches(result -> result.exitCode() == 0, "topic created");
            assertThat(produce(cluster, directory, "acknowledged\n").exitCode()).isZero();
            int leader = cluster.awaitLeader("alone", 0);
            cluster.kill(leader % 3 + 1);
            cluster.kill((leader + 1) % 3 + 1);

            ProcessCluster.Result refused = produce(cluster, directory, "not acknowledged\n");
            assertThat(refused.exitCode()).isEqualTo(1);
            // Why, depends on the moment: no leader, an unknown outcome, or the last broker has already ended itself.
            assertThat(refused.err())
                    .contains("0 records acknowledged", "1 record not acknowledged", "line 1 was not acknowledged: ");

            cluster.killAll();
            cluster.startAll();
            cluster.awaitLeader("alone", 0);
            ProcessCluster.Result read = cluster.run("consume", "alone", "--from-beginning", "--until-end");
            assertThat(read.exitCode()).as(read.err()).isZero();
            // What was not acknowledged may be there, since its leader may have written it; what was, must be.
            assertThat(read.out()).isIn("acknowledged\n", "acknowledged\nnot acknowledged\n");
        }
    }

    private static ProcessCluster.Result produce(ProcessCluster cluster, Path directory, String lines)
            throws Exception {
        Path input = Files.writeString(Files.createTempFile(directory, "in", ".txt"), lines);
        return cluster.run("produce", "alone", "--timeout", "5s", "--file", input.toString());
    }
}
