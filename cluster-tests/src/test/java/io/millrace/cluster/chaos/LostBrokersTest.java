package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.millrace.client.Admin;
import io.millrace.client.BrokerListing;
import io.millrace.client.FailureReason;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.PartitionReassignment;
import io.millrace.client.TopicDescription;
import io.millrace.cluster.ProcessCluster;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The life of one cluster of four, of which one to three vote on metadata. One is drained, stopped and given up, while the broker
 * that the controller runs on is killed in the middle of that; one is lost for good; then the majority of the metadata, and at last all
 * brokers but one. Records are written all the time but in the end.
 */
class LostBrokersTest {
    private static final int PARTITIONS = 6;
    private static final int RECORDS_PER_SECOND = 200;
    private static final int VOTERS = 3;
    private static final int DRAINED = 4;
    private static final Duration ASKED_FOR = Duration.ofSeconds(5);

    private long phaseNanos = System.nanoTime();

    @Test
    void plansAreFinishedReplicasReplacedAndNothingAcknowledgedIsLost(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster = new ProcessCluster(directory, 4, LostBrokersTest::configuration)) {
            cluster.startAll();
            told("start");
            try (Load load = new Load(cluster.addresses(), PARTITIONS, 3);
                    MillraceClient client = connect(cluster.addresses())) {
                Admin admin = client.admin();
                load.begin(RECORDS_PER_SECOND);
                load.awaitAcknowledged(20);

                int first = cluster.awaitController();
                int ruling = aDrainIsFinishedByTheNextController(cluster, admin, first, directory.resolve("drain.out"));
                told("drain, with the controller killed");
                aDrainedBrokerMayGoWithoutAnybodyNoticing(cluster, admin);
                load.awaitAcknowledged(20);
                admin.createTopic("alone", 1, VOTERS);
                assertThat(produceAlone(cluster, "acknowledged\n").exitCode()).isZero();
                cluster.start(DRAINED);
                cluster.awaitReady(DRAINED);
                told("going, and coming back");

                int lost = 1 + 2 + 3 - ruling - first;
                theReplicasOfALostBrokerAreMadeAnew(cluster, admin, lost);
                assertThat(decisions(cluster, ruling)).doesNotContain("broker " + first + " is lost");
                told("replacement");
                load.awaitAcknowledged(20);

                withoutMetadataQuorumAllGoesOnButChanges(cluster, load, ruling, first);
                told("no quorum");
                load.end();

                cluster.kill(DRAINED);
                aLeaderAloneAcknowledgesNothing(cluster);
                told("one alone");
                for (int broker : List.of(lost, first, DRAINED)) {
                    cluster.start(broker);
                }
                for (int broker : List.of(lost, first, DRAINED)) {
                    cluster.awaitReady(broker);
                }
                admin.createTopic("afterwards", 1, 3);
                cluster.awaitLeader("alone", 0);
                ProcessCluster.Result read = cluster.run("consume", "alone", "--from-beginning", "--until-end");
                assertThat(read.exitCode()).as(read.err()).isZero();
                // What was not acknowledged may be there, since its leader may have written it; what was, must be.
                assertThat(read.out()).isIn("acknowledged\n", "acknowledged\nnot acknowledged\n");
                ProcessCluster.await(
                        "the one that was replaced has nothing of it left",
                        () -> cluster.replicaDirectories(lost, Load.topic()) == 0);
                load.assertAllIsWell();
                told("the end");
            }
        }
    }

    private static String configuration(int broker) {
        return "millrace { cluster.metadata-voters = [1, 2, 3], moves-per-broker = 1 }";
    }

    private static MillraceClient connect(List<String> addresses) {
        return MillraceClient.builder().bootstrap(String.join(",", addresses)).build();
    }

    /** And the one that it ran on is back before its own replicas would have been replaced. */
    private static int aDrainIsFinishedByTheNextController(ProcessCluster cluster, Admin admin, int first, Path output)
            throws Exception {
        assertThat(listed(admin, DRAINED).replicas())
                .as("moves, of which one is done at a time")
                .isGreaterThan(2);
        Process drain = cluster.spawn(output, "broker", "drain", "" + DRAINED);
        ProcessCluster.await(
                "a move is under way", () -> !admin.listReassignments().isEmpty());
        cluster.kill(first);
        cluster.start(first);
        cluster.awaitReady(first);

        assertThat(ProcessCluster.awaitExit(drain)).isZero();
        assertThat(Files.readString(output))
                .contains("broker 4 is drained", "broker 4 holds nothing: it is safe to stop");
        int next = cluster.awaitController();
        assertThat(next).isNotEqualTo(first);
        assertThat(decisions(cluster, next))
                .as("what the next controller did")
                .contains("broker " + DRAINED + " is drained")
                .doesNotContain("lost");
        return next;
    }

    private static void aDrainedBrokerMayGoWithoutAnybodyNoticing(ProcessCluster cluster, Admin admin)
            throws Exception {
        assertThat(admin.listReassignments()).isEmpty();
        assertThat(listed(admin, DRAINED).leaders()).isZero();
        ProcessCluster.await(
                "its files are gone", () -> cluster.replicaDirectories(DRAINED, Load.topic(), "__groups") == 0);
        assertThat(cluster.stop(DRAINED)).isZero();
        assertThat(cluster.run("broker", "decommission", "" + DRAINED).out()).contains("broker 4 is gone");
        assertThat(admin.listBrokers()).extracting(BrokerListing::id).containsExactly(1, 2, 3);
    }

    private static String decisions(ProcessCluster cluster, int controller) {
        return cluster.get(controller, "/api/v1/controller")
                .map(HttpResponse::body)
                .orElseThrow();
    }

    /** On the only broker that has none of them; all at once, and soon, by settings that are changed now. */
    private static void theReplicasOfALostBrokerAreMadeAnew(ProcessCluster cluster, Admin admin, int lost)
            throws Exception {
        int replicas = listed(admin, lost).replicas();
        assertThat(replicas).isGreaterThanOrEqualTo(PARTITIONS);
        ProcessCluster.Result set =
                cluster.run("broker", "config", "set", "--all", "replica-replacement-delay=1s", "moves-per-broker=10");
        assertThat(set.exitCode()).as(set.err()).isZero();
        cluster.kill(lost);
        ProcessCluster.await("replicas are replaced", () -> admin.listReassignments().stream()
                .anyMatch(move -> move.cause() == PartitionReassignment.Cause.LOSS));
        ProcessCluster.await(
                "broker " + lost + " is to have nothing",
                () -> listed(admin, lost).replicas() == 0
                        && admin.listReassignments().isEmpty());
        assertThat(listed(admin, DRAINED).replicas()).isEqualTo(replicas);
        admin.alterBrokerConfig(OptionalInt.empty(), Map.of(), List.of("replica-replacement-delay"));
    }

    /** Every partition has two of three replicas left; of the metadata's voters, one is. */
    private static void withoutMetadataQuorumAllGoesOnButChanges(
            ProcessCluster cluster, Load load, int ruling, int second) throws Exception {
        cluster.kill(second);
        load.awaitAcknowledged(20);

        try (MillraceClient one = connectTo(cluster, ruling);
                MillraceClient other = connectTo(cluster, DRAINED)) {
            var refusals = Stream.of(one, other)
                    .map(client -> CompletableFuture.supplyAsync(
                            () -> refusalToCreate(client.admin()), task -> new Thread(task, "asker").start()))
                    .toList();
            for (Admin admin : List.of(one.admin(), other.admin())) {
                assertThat(admin.describeCluster().brokers()).hasSize(4);
                assertThat(admin.listTopics(false))
                        .extracting(TopicDescription::name)
                        .containsExactly("alone", Load.topic());
                assertThat(admin.listBrokers())
                        .filteredOn(BrokerListing::alive)
                        .extracting(BrokerListing::id)
                        .contains(ruling, DRAINED);
            }
            for (int broker : List.of(ruling, DRAINED)) {
                for (String page : List.of("brokers", "topics", "topics/" + Load.topic(), "controller")) {
                    assertThat(cluster.get(broker, "/api/v1/" + page))
                            .as(page)
                            .map(HttpResponse::statusCode)
                            .contains(200);
                }
            }
            for (CompletableFuture<MillraceException> refusal : refusals) {
                // Unknown it is for what the leader of the metadata had in its log when it found itself alone.
                assertThat(refusal.join().reason())
                        .isIn(FailureReason.CONTROLLER_UNAVAILABLE, FailureReason.OUTCOME_UNKNOWN);
            }
        }
    }

    private static MillraceClient connectTo(ProcessCluster cluster, int broker) {
        return MillraceClient.builder()
                .bootstrap(cluster.addresses().get(broker - 1))
                .timeout(ASKED_FOR)
                .build();
    }

    private static MillraceException refusalToCreate(Admin admin) {
        return catchThrowableOfType(MillraceException.class, () -> admin.createTopic("refused", 1, 1));
    }

    private static BrokerListing listed(Admin admin, int broker) {
        return admin.listBrokers().stream()
                .filter(listing -> listing.id() == broker)
                .findFirst()
                .orElseThrow();
    }

    private static void aLeaderAloneAcknowledgesNothing(ProcessCluster cluster) throws Exception {
        ProcessCluster.Result refused = produceAlone(cluster, "not acknowledged\n");
        assertThat(refused.exitCode()).isEqualTo(1);
        // Why, depends on the moment: no leader, an unknown outcome, or the last broker has already ended itself.
        assertThat(refused.err())
                .contains("0 records acknowledged", "1 record not acknowledged", "line 1 was not acknowledged: ");
    }

    private static ProcessCluster.Result produceAlone(ProcessCluster cluster, String lines) throws Exception {
        return cluster.run(
                "produce",
                "alone",
                "--timeout",
                "5s",
                "--file",
                cluster.write(lines).toString());
    }

    private void told(String phase) {
        long now = System.nanoTime();
        System.out.printf("lost brokers: %s took %.1f s%n", phase, (now - phaseNanos) / 1e9);
        phaseNanos = now;
    }
}
