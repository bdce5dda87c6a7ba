package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.FailureReason;
import io.millrace.client.LeaderPlan;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.ReplicaPlan;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicDescription.PartitionDescription;
import io.millrace.protocol.TopicPartition;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Leaders of a real cluster, moved by itself and by hand, and replicas. */
class LeaderBalanceTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 12;
    private static final long PATIENCE_SECONDS = 120;
    private static final Map<String, String> QUICK = Map.of(
            "millrace.leader-balance.report-interval", "250 ms",
            "millrace.leader-balance.cycle-interval", "1 s",
            "millrace.leader-balance.settle-time", "2 s");

    private static Map<Integer, Integer> leaders(MillraceClient client) {
        Map<Integer, Integer> counts = new TreeMap<>(Map.of(1, 0, 2, 0, 3, 0));
        for (PartitionDescription partition : topic(client).partitions()) {
            partition.leader().ifPresent(leader -> counts.merge(leader, 1, Integer::sum));
        }
        return counts;
    }

    private static TopicDescription topic(MillraceClient client) {
        return client.admin().describeTopic(TOPIC);
    }

    private static OptionalInt leader(MillraceClient client, int partition) {
        return topic(client).partitions().get(partition).leader();
    }

    private static Map<Integer, Integer> awaitLeaders(
            MillraceClient client, Predicate<Map<Integer, Integer>> condition) {
        return await(() -> leaders(client), condition, counts -> "leaders of brokers: " + counts);
    }

    private static <T> T await(Supplier<T> look, Predicate<T> condition, Function<T, String> told) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            T seen = look.get();
            if (condition.test(seen)) {
                return seen;
            }
            assertThat(System.nanoTime()).as(() -> told.apply(seen)).isLessThan(giveUp);
            LockSupport.parkNanos(50_000_000);
        }
    }

    private static boolean areEven(Map<Integer, Integer> counts) {
        return counts.values().stream().allMatch(count -> count == PARTITIONS / 3);
    }

    private static String controllerPage(EmbeddedCluster cluster) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(cluster.http(1).resolve("/api/v1/controller"))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void aBrokerThatWasRestartedGetsItsLeadersBack() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3, QUICK);
                MillraceClient client = cluster.client()) {
            client.admin().createTopic(TOPIC, PARTITIONS, 3);
            // Whoever was slow to begin may have lost an election that it was to win: that is balanced, too.
            var unused = awaitLeaders(client, LeaderBalanceTest::areEven);
            cluster.stopBroker(2);
            assertThat(leaders(client)).containsEntry(2, 0);
            cluster.startBroker(2);
            long startedNanos = System.nanoTime();

            unused = awaitLeaders(client, LeaderBalanceTest::areEven);

            System.out.printf(
                    "leaders are even %d ms after a restart (settle time 2 s, a cycle a second)%n",
                    Duration.ofNanos(System.nanoTime() - startedNanos).toMillis());
            assertThat(controllerPage(cluster))
                    .contains("of the mean, broker 2 0 %")
                    .contains("\"underReplicated\" : 0");
        }
    }

    @Test
    void leadersAreMovedByHandAndRefusedForTheirReason() {
        Map<String, String> byHand = Map.of(
                "millrace.leader-balance.enabled", "off",
                "millrace.leader-balance.report-interval", "250 ms");
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3, byHand);
                MillraceClient client = cluster.client()) {
            client.admin().createTopic(TOPIC, PARTITIONS, 3);
            for (int partition = 0; partition < PARTITIONS; partition++) {
                client.admin().transferLeader(TOPIC, partition, 1);
            }
            assertThat(awaitLeaders(client, counts -> counts.getOrDefault(1, 0) == PARTITIONS))
                    .containsEntry(3, 0);
            client.admin().transferLeader(TOPIC, 0, 1); // it does

            LeaderPlan plan = awaitPlan(client);
            assertThat(plan.moves()).hasSize(8).allMatch(move -> move.from() == 1);
            assertThat(plan.brokers()).hasSize(3).allMatch(share -> Math.abs(share.after() - 1) < 0.01);
            assertThat(leader(client, 0)).hasValue(1);
            client.admin().rebalanceLeaders(false);
            var unused = awaitLeaders(client, LeaderBalanceTest::areEven);

            client.admin().createTopic("lonely", 1, 1);
            int holder = client.admin()
                    .describeTopic("lonely")
                    .partitions()
                    .get(0)
                    .replicas()
                    .get(0);
            refused(client, "lonely", 0, holder % 3 + 1, FailureReason.LEADER_NOT_TRANSFERRED);
            refused(client, TOPIC, 0, 9, FailureReason.UNKNOWN_BROKER);
            refused(client, TOPIC, PARTITIONS, 1, FailureReason.UNKNOWN_PARTITION);
            refused(client, "nothing", 0, 1, FailureReason.UNKNOWN_TOPIC);

            replicasOnOneBrokerAreSpread(client);
        }
    }

    private static void replicasOnOneBrokerAreSpread(MillraceClient client) {
        client.admin().createTopic("narrow", 6, 1);
        Map<TopicPartition, List<Integer>> toOne = new HashMap<>();
        for (int partition = 0; partition < 6; partition++) {
            toOne.put(new TopicPartition("narrow", partition), List.of(1));
        }
        var unused = client.admin().reassignPartitions(toOne, false);
        ReplicaPlan plan = awaitPlan(client, known -> known.moves().size() == 4);
        assertThat(plan.moves()).allMatch(move -> move.from().contains(1));
        assertThat(plan.advised()).isTrue();

        assertThat(client.admin().rebalanceReplicas(false).moves()).hasSize(4);
        ReplicaPlan even = awaitPlan(
                client,
                known -> known.moves().isEmpty()
                        && client.admin().listReassignments().isEmpty());
        assertThat(even.brokers())
                .extracting(share -> share.before().replicas())
                .allMatch(replicas -> replicas >= PARTITIONS + 2 && replicas <= PARTITIONS + 3);
    }

    private static ReplicaPlan awaitPlan(MillraceClient client, Predicate<ReplicaPlan> condition) {
        return await(
                () -> client.admin().rebalanceReplicas(true),
                condition,
                plan -> plan + ", under way: " + client.admin().listReassignments());
    }

    /** The controller knows of each leader when the brokers have reported it. */
    private static LeaderPlan awaitPlan(MillraceClient client) {
        return await(
                () -> client.admin().rebalanceLeaders(true),
                plan -> plan.brokers().stream().anyMatch(share -> share.broker() == 1 && share.before() > 2.9),
                LeaderPlan::toString);
    }

    private static void refused(MillraceClient client, String topic, int partition, int broker, FailureReason reason) {
        assertThatThrownBy(() -> client.admin().transferLeader(topic, partition, broker))
                .isInstanceOfSatisfying(
                        MillraceException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }
}
