package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.BrokerListing;
import io.millrace.client.MillraceClient;
import io.millrace.cluster.ProcessCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Four brokers, of which one is drained, stopped and given up while records are written. */
class DrainTest {
    private static final int PARTITIONS = 6;
    private static final int RECORDS_PER_SECOND = 300;
    private static final int LEAVING = 4;

    @Test
    void aDrainedBrokerIsEmptyAndMayGoWithoutAnybodyNoticing(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster =
                new ProcessCluster(directory, 4, id -> "millrace.cluster.metadata-voters = [1, 2, 3]\n")) {
            cluster.startAll();
            Load load = new Load(cluster.addresses(), PARTITIONS, 3);
            try (MillraceClient client = MillraceClient.builder()
                    .bootstrap(String.join(",", cluster.addresses()))
                    .build()) {
                Admin admin = client.admin();
                load.begin(RECORDS_PER_SECOND);
                ProcessCluster.await("all partitions take records", () -> load.acknowledgedByPartition().stream()
                        .allMatch(count -> count > 50));
                assertThat(listed(admin).replicas()).isPositive();

                assertThat(cluster.run("broker", "drain", "" + LEAVING).out())
                        .contains("broker 4 is drained", "broker 4 holds nothing: it is safe to stop");
                assertThat(admin.listReassignments()).isEmpty();
                assertThat(listed(admin).leaders()).isZero();
                ProcessCluster.await("its files are gone", () -> replicaDirectories(cluster) == 0);
                List<Integer> before = load.acknowledgedByPartition();

                assertThat(cluster.stop(LEAVING)).isZero();
                assertThat(cluster.run("broker", "decommission", "" + LEAVING).out())
                        .contains("broker 4 is gone");
                assertThat(admin.listBrokers()).extracting(BrokerListing::id).containsExactly(1, 2, 3);

                ProcessCluster.await("all partitions go on", () -> isFurther(load, before));
                load.end();
                assertThat(load.failures()).isEmpty();
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    Audit.Findings findings = load.audit(partition);
                    assertThat(findings.isWell()).as("%s", findings).isTrue();
                }
            } finally {
                load.close();
            }
        }
    }

    private static BrokerListing listed(Admin admin) {
        return admin.listBrokers().stream()
                .filter(broker -> broker.id() == LEAVING)
                .findFirst()
                .orElseThrow();
    }

    private static boolean isFurther(Load load, List<Integer> before) {
        List<Integer> now = load.acknowledgedByPartition();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            if (now.get(partition) < before.get(partition) + 50) {
                return false;
            }
        }
        return true;
    }

    /** But that of the metadata, which every broker has. */
    private static long replicaDirectories(ProcessCluster cluster) {
        try (Stream<Path> files = Files.walk(cluster.dataOf(LEAVING))) {
            return files.filter(Files::isDirectory)
                    .filter(path -> path.getFileName().toString().matches("(chaos|__groups)-\\d+~\\d+"))
                    .count();
        } catch (java.io.IOException | java.io.UncheckedIOException e) {
            return -1; // one went while it was looked at
        }
    }
}
