package io.millrace.controller.placement;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.cluster;
import static io.millrace.controller.Samples.register;
import static io.millrace.controller.Samples.withCapacity;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.balance.SimulatedLeaders;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class ReplicaBalancerTest {
    private static final int ALL = 10_000;

    private static ClusterMetadata withTopic(
            ClusterMetadata metadata, String name, Collection<Integer> brokers, int partitions, int factor) {
        return apply(
                metadata,
                new MetadataCommand.CreateTopic(
                        1, name, factor, Placement.place(metadata, brokers, ReplicaWeights.ALIKE, partitions, factor)));
    }

    private static ReplicaBalancer.Plan plan(ClusterMetadata metadata) {
        return ReplicaBalancer.plan(metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, ALL);
    }

    /** As if it were done at once. */
    private static ClusterMetadata take(ClusterMetadata metadata, ReplicaMove move) {
        ClusterMetadata begun = apply(metadata, new MetadataCommand.ReassignPartitions(1, List.of(move.toTarget())));
        return apply(
                begun,
                new MetadataCommand.CompleteReassignments(
                        1,
                        List.of(new MetadataCommand.PartitionReassigned(
                                move.topic(), move.topicId(), move.partition(), begun.appliedIndex()))));
    }

    private static Map<Integer, Integer> replicas(NavigableMap<Integer, ReplicaBalancer.Share> shares) {
        Map<Integer, Integer> counts = new TreeMap<>();
        shares.forEach((id, share) -> counts.put(id, share.replicas()));
        return counts;
    }

    @Example
    void aNewBrokerGetsItsShareAndAsManyPreferredLeaders() {
        ClusterMetadata metadata = apply(withTopic(cluster(1, 2, 3), "t", List.of(1, 2, 3), 12, 3), register(1, 4));

        ReplicaBalancer.Plan plan = plan(metadata);

        assertThat(plan.moves()).hasSize(9).allMatch(move -> move.to().contains(4));
        assertThat(plan.moves().get(0).reason()).isEqualTo("broker 3 carries 133 % of the mean, broker 4 0 %");
        assertThat(replicas(plan.before())).isEqualTo(Map.of(1, 12, 2, 12, 3, 12, 4, 0));
        assertThat(replicas(plan.after())).isEqualTo(Map.of(1, 9, 2, 9, 3, 9, 4, 9));
        assertThat(plan.after().values())
                .extracting(ReplicaBalancer.Share::preferred)
                .containsOnly(3);
        assertThat(plan.advised()).isTrue();
        assertThat(ReplicaBalancer.plan(metadata, Set.of(1, 2, 3, 4), ReplicaWeights.ALIKE, 2)
                        .moves())
                .isEqualTo(plan.moves().subList(0, 2));
    }

    /** As after a drain that was undone: broker 3 has its replicas again, and is nobody's first choice. */
    @Example
    void preferredLeadersAreEvenedOutWithoutCopyingAnything() {
        ClusterMetadata metadata = apply(
                cluster(1, 2, 3), new MetadataCommand.CreateTopic(1, "t", 3, Collections.nCopies(6, List.of(1, 2, 3))));

        ReplicaBalancer.Plan plan = plan(metadata);

        assertThat(plan.moves()).hasSize(4).allMatch(move -> Set.copyOf(move.to())
                .equals(Set.copyOf(move.from())));
        assertThat(plan.moves().get(0))
                .hasToString(
                        "t-0 from 1,2,3 to 2,1,3: broker 1 is first choice for 6 partitions, broker 2 for 0; nothing"
                                + " is copied");
        assertThat(plan.before())
                .extractingByKey(1)
                .extracting(ReplicaBalancer.Share::preferred)
                .isEqualTo(6);
        assertThat(plan.after().values())
                .extracting(ReplicaBalancer.Share::preferred)
                .containsOnly(2);
        assertThat(plan.advised()).as("as long as nobody asks").isFalse();
    }

    @Example
    void theOrderWaitsUntilNoReplicaIsUnderWay() {
        ClusterMetadata metadata = apply(
                cluster(1, 2, 3), new MetadataCommand.CreateTopic(1, "t", 3, Collections.nCopies(6, List.of(1, 2, 3))));
        metadata = apply(metadata, new MetadataCommand.CreateTopic(1, "u", 1, List.of(List.of(1), List.of(2))));

        assertThat(plan(metadata).moves()).hasSize(4);
        assertThat(plan(target(target(metadata, "u", 0, 2), "u", 1, 1)).moves()).isEmpty();
        assertThat(plan(target(metadata, "t", 0, 3, 2, 1)).moves())
                .as("another order of one is under way")
                .hasSize(3);
    }

    private static ClusterMetadata target(ClusterMetadata metadata, String topic, int partition, Integer... brokers) {
        return apply(
                metadata,
                new MetadataCommand.ReassignPartitions(
                        1,
                        List.of(new MetadataCommand.PartitionTarget(
                                topic,
                                metadata.topic(topic).orElseThrow().id(),
                                partition,
                                List.of(brokers),
                                ReassignmentCause.REQUESTED))));
    }

    /** 1 shares nothing with 3: what it has too much goes to 2, which is twice as large, and something of 2 to 3. */
    @Example
    void aBrokerIsRelievedThroughAnother() {
        List<List<Integer>> partitions = new ArrayList<>(Collections.nCopies(4, List.of(1, 2)));
        partitions.addAll(Collections.nCopies(4, List.of(2, 3)));
        ClusterMetadata metadata = apply(
                cluster(1, 3),
                new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), withCapacity(2, 2)));
        metadata = apply(metadata, new MetadataCommand.CreateTopic(1, "t", 2, partitions));

        assertThat(plan(metadata).moves())
                .extracting(ReplicaMove::to)
                .as("first the one that takes gives")
                .containsExactly(List.of(3, 2), List.of(2, 1), List.of(3, 2), List.of(2, 1));
    }

    @Example
    void whatIsEvenStaysAndIsNotAdvised() {
        ReplicaBalancer.Plan plan = plan(withTopic(cluster(1, 2, 3), "t", List.of(1, 2, 3), 4, 1));

        assertThat(plan.moves()).isEmpty();
        assertThat(plan.obstacle()).isEmpty();
        assertThat(plan.advised())
                .as("2 of 4 on one broker, but that is how it is")
                .isFalse();
    }

    @Example
    void nothingIsMovedDuringAFaultOrADrain() {
        ClusterMetadata metadata = apply(withTopic(cluster(1, 2, 3), "t", List.of(1, 2, 3), 12, 2), register(1, 4));

        assertThat(ReplicaBalancer.plan(metadata, Set.of(1, 2, 4), ReplicaWeights.ALIKE, ALL)
                        .obstacle())
                .contains("broker 3 cannot be reached");
        ClusterMetadata draining = apply(metadata, new MetadataCommand.SetBrokerState(1, 3, BrokerState.DRAINING));
        assertThat(plan(draining).obstacle()).contains("broker 3 is still being drained");
        assertThat(plan(draining).moves()).isEmpty();
    }

    @Example
    void whatIsWrittenAndKeptCounts() {
        SimulatedLeaders cluster = new SimulatedLeaders(4, 8, 1);
        int busy = 1;
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(
                cluster.metadata,
                cluster.alive,
                ReplicaWeights.of(
                        cluster.situation(id -> cluster.leaders.getOrDefault(id, 0) == busy ? 50_000_000 : 1_000_000)),
                ALL);

        assertThat(plan.moves().get(0).from()).containsExactly(busy);
        assertThat(plan.before())
                .extractingByKey(busy)
                .extracting(ReplicaBalancer.Share::bytesInPerSecond)
                .isEqualTo(100_000_000L);
        assertThat(plan.after())
                .extractingByKey(busy)
                .extracting(ReplicaBalancer.Share::bytesInPerSecond)
                .isEqualTo(50_000_000L);
        assertThat(plan.moves()).as("who took it gives something else").hasSize(3);
    }

    /** Some of them in racks, some larger than others, with topics that were made while some were not there. */
    private static ClusterMetadata uneven(Random random) {
        ClusterMetadata metadata = cluster();
        int brokers = 3 + random.nextInt(5);
        int racks = random.nextInt(4);
        boolean alike = random.nextBoolean();
        for (int id = 1; id <= brokers; id++) {
            Endpoint somewhere = new Endpoint("h", 1);
            metadata = apply(
                    metadata,
                    new MetadataCommand.RegisterBroker(
                            1,
                            Optional.empty(),
                            Optional.empty(),
                            new BrokerRegistration(
                                    id,
                                    "d" + id,
                                    somewhere,
                                    somewhere,
                                    racks == 0 ? Optional.empty() : Optional.of("rack-" + id % racks),
                                    alike ? 1 : 1 + random.nextInt(3))));
            if (id >= 2) {
                List<Integer> some = new ArrayList<>(metadata.brokers().keySet());
                Collections.shuffle(some, random);
                some = some.subList(0, 1 + random.nextInt(some.size()));
                metadata = withTopic(
                        metadata, "t" + id, some, 1 + random.nextInt(12), 1 + random.nextInt(Math.min(3, some.size())));
            }
        }
        return metadata;
    }

    private static int racks(ClusterMetadata metadata, List<Integer> replicas) {
        return (int) replicas.stream()
                .map(id -> metadata.broker(id).flatMap(BrokerRegistration::rack).orElse("none of " + id))
                .distinct()
                .count();
    }

    /** Step by step: no step makes anything worse, the steps come to an end, and then it is even as far as racks allow. */
    @Property(tries = 300)
    void noStepMakesAnythingWorseAndInTheEndNothingIsLeftToDo(@ForAll long seed) {
        ClusterMetadata metadata = uneven(new Random(seed));
        ReplicaBalancer.Plan plan = plan(metadata);
        assertThat(plan(metadata)).isEqualTo(plan);
        assertThat(plan.moves().stream().map(move -> move.topic() + move.partition()))
                .doesNotHaveDuplicates();

        for (int steps = 0; !plan(metadata).moves().isEmpty(); steps++) {
            assertThat(steps).isLessThan(500);
            ReplicaBalancer.Plan now = plan(metadata);
            ReplicaMove move = now.moves().get(0);
            assertThat(move.to()).doesNotHaveDuplicates().hasSameSizeAs(move.from());
            assertThat(racks(metadata, move.to())).isGreaterThanOrEqualTo(racks(metadata, move.from()));
            NavigableMap<Integer, ReplicaBalancer.Share> after = ReplicaBalancer.plan(
                            metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, 1)
                    .after();
            assertThat(extreme(after, true)).isLessThanOrEqualTo(extreme(now.before(), true) + 1e-9);
            assertThat(extreme(after, false)).isGreaterThanOrEqualTo(extreme(now.before(), false) - 1e-9);
            if (Set.copyOf(move.from()).equals(Set.copyOf(move.to()))) {
                assertThat(mostPreferred(metadata, after))
                        .isLessThanOrEqualTo(mostPreferred(metadata, now.before()) + 1e-9);
            }
            metadata = take(metadata, move);
            assertThat(plan(metadata).before()).as("what was planned").isEqualTo(after);
        }
        boolean anyRacks = metadata.brokers().values().stream()
                .anyMatch(broker -> broker.rack().isPresent());
        boolean alike = metadata.brokers().values().stream().allMatch(broker -> broker.capacity() == 1);
        if (!anyRacks && alike) {
            Collection<Integer> counts = replicas(plan(metadata).before()).values();
            assertThat(Collections.max(counts) - Collections.min(counts)).isLessThanOrEqualTo(1);
        }
        assertThatNobodyCouldLeadLess(metadata);
        for (TopicMetadata topic : metadata.topics().values()) {
            assertThat(topic.partitions())
                    .allSatisfy(replicas -> assertThat(replicas).doesNotHaveDuplicates());
        }
    }

    private static double mostPreferred(ClusterMetadata metadata, NavigableMap<Integer, ReplicaBalancer.Share> shares) {
        return shares.entrySet().stream()
                .mapToDouble(share -> share.getValue().preferred()
                        / metadata.broker(share.getKey()).orElseThrow().capacity())
                .max()
                .orElse(0);
    }

    /** No broker is preferred for more, for its capacity, than another would be with one more that it could give to that one, directly or through others. */
    private static void assertThatNobodyCouldLeadLess(ClusterMetadata metadata) {
        Map<Integer, Set<Integer>> mayGiveTo = new TreeMap<>();
        Map<Integer, Integer> leads = new TreeMap<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            for (List<Integer> replicas : topic.partitions()) {
                mayGiveTo
                        .computeIfAbsent(replicas.get(0), unused -> new TreeSet<>())
                        .addAll(replicas);
                leads.merge(replicas.get(0), 1, Integer::sum);
            }
        }
        leads.forEach((giver, count) -> {
            Set<Integer> reached = new TreeSet<>(Set.of(giver));
            boolean more;
            do {
                more = reached.addAll(reached.stream()
                        .flatMap(broker -> mayGiveTo.getOrDefault(broker, Set.of()).stream())
                        .toList());
            } while (more);
            double now = count / metadata.broker(giver).orElseThrow().capacity();
            for (int taker : reached) {
                double then = (leads.getOrDefault(taker, 0) + 1)
                        / metadata.broker(taker).orElseThrow().capacity();
                assertThat(now).as("%d gives to %d", giver, taker).isLessThanOrEqualTo(then + 1e-9);
            }
        });
    }

    private static double extreme(NavigableMap<Integer, ReplicaBalancer.Share> shares, boolean most) {
        Collection<Double> carried =
                shares.values().stream().map(ReplicaBalancer.Share::carried).toList();
        return most ? Collections.max(carried) : Collections.min(carried);
    }
}
