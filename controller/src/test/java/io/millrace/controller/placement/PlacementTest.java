package io.millrace.controller.placement;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.cluster;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.controller.balance.SimulatedLeaders;
import io.millrace.controller.balance.Situation;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PlacementTest {

    @Property(tries = 300)
    void onAnEmptyClusterReplicasAndLeadersDifferByAtMostOne(
            @ForAll @IntRange(min = 1, max = 12) int brokers,
            @ForAll @IntRange(min = 1, max = 60) int partitions,
            @ForAll @IntRange(min = 1, max = 5) int wanted) {
        int replicationFactor = Math.min(wanted, brokers);
        ClusterMetadata metadata = brokers(brokers);

        List<List<Integer>> placed = Placement.place(
                metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, partitions, replicationFactor);

        assertThat(placed).hasSize(partitions);
        assertThat(placed)
                .allSatisfy(replicas -> assertThat(new HashSet<>(replicas)).hasSize(replicationFactor));
        assertThat(imbalance(replicaCounts(metadata.brokers().keySet(), placed.stream())))
                .isLessThanOrEqualTo(1);
        assertThat(imbalance(leaderCounts(metadata.brokers().keySet(), placed.stream())))
                .isLessThanOrEqualTo(1);
    }

    @Property(tries = 300)
    void topicAfterTopicTheClusterStaysEven(@ForAll long seed) {
        Random random = new Random(seed);
        int brokers = 1 + random.nextInt(8);
        ClusterMetadata metadata = brokers(brokers);
        for (int i = 0; i < 10; i++) {
            metadata = create(
                    metadata,
                    "t" + i,
                    metadata.brokers().keySet(),
                    1 + random.nextInt(20),
                    1 + random.nextInt(brokers));

            assertThat(imbalance(replicaCounts(metadata.brokers().keySet(), allPartitions(metadata))))
                    .isLessThanOrEqualTo(1);
        }
    }

    @Property(tries = 300)
    void onAnUnevenClusterTheImbalanceOfReplicasNeverGrows(@ForAll long seed) {
        Random random = new Random(seed);
        ClusterMetadata metadata = unevenCluster(random);
        int before = imbalance(replicaCounts(metadata.brokers().keySet(), allPartitions(metadata)));

        ClusterMetadata after =
                create(metadata, "new", metadata.brokers().keySet(), 1 + random.nextInt(30), 1 + random.nextInt(3));

        assertThat(imbalance(replicaCounts(after.brokers().keySet(), allPartitions(after))))
                .isLessThanOrEqualTo(Math.max(1, before));
    }

    /** Small enough to try all choices of leaders. */
    @Property(tries = 300)
    void noOtherChoiceOfLeadersAmongTheReplicasIsMoreEven(@ForAll long seed) {
        Random random = new Random(seed);
        ClusterMetadata metadata = unevenCluster(random);

        List<List<Integer>> placed = Placement.place(
                metadata,
                metadata.brokers().keySet(),
                ReplicaWeights.ALIKE,
                1 + random.nextInt(6),
                1 + random.nextInt(3));

        Map<Integer, Integer> leaders = leaderCounts(metadata.brokers().keySet(), allPartitions(metadata));
        Map<Integer, Integer> chosen = new TreeMap<>(leaders);
        placed.forEach(replicas -> chosen.merge(replicas.get(0), 1, Integer::sum));
        assertThat(unevenness(chosen)).isEqualTo(leastUnevenness(leaders, placed, 0));
    }

    @Property(tries = 100)
    void onlyBrokersThatAreAliveGetReplicas(@ForAll long seed) {
        Random random = new Random(seed);
        ClusterMetadata metadata = unevenCluster(random);
        List<Integer> alive = new ArrayList<>(metadata.brokers().keySet());
        Collections.shuffle(alive, random);
        alive = alive.subList(0, 3);

        assertThat(Placement.place(metadata, alive, ReplicaWeights.ALIKE, 10, 2).stream()
                        .flatMap(List::stream))
                .isSubsetOf(alive);
    }

    @Property(tries = 50)
    void theOrderInWhichBrokersAreNamedDoesNotMatter(@ForAll long seed) {
        ClusterMetadata metadata = unevenCluster(new Random(seed));
        List<Integer> backwards = new ArrayList<>(metadata.brokers().keySet());
        Collections.reverse(backwards);

        assertThat(Placement.place(metadata, backwards, ReplicaWeights.ALIKE, 20, 3))
                .isEqualTo(Placement.place(metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, 20, 3));
    }

    @Example
    void theWorkOfABrokerThatFailsIsSpreadOverAllOthers() {
        ClusterMetadata metadata = brokers(6);

        List<List<Integer>> placed =
                Placement.place(metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, 30, 3);

        for (int broker : metadata.brokers().keySet()) {
            assertThat(placed.stream()
                            .filter(replicas -> replicas.contains(broker))
                            .flatMap(List::stream)
                            .distinct())
                    .hasSize(6);
        }
    }

    @Example
    void theLargestTopicIsPlacedEvenlyOnAHundredBrokers() {
        ClusterMetadata metadata = brokers(100);

        List<List<Integer>> placed = Placement.place(
                metadata,
                metadata.brokers().keySet(),
                ReplicaWeights.ALIKE,
                ClusterMetadata.PARTITIONS_PER_TOPIC_MAX,
                3);

        assertThat(imbalance(leaderCounts(metadata.brokers().keySet(), placed.stream())))
                .isLessThanOrEqualTo(1);
    }

    @Property(tries = 300)
    void replicasAreInAsManyRacksAsCanBeAndInRacksOfOneSizeAsEvenAsWithout(
            @ForAll @IntRange(min = 1, max = 4) int racks,
            @ForAll @IntRange(min = 1, max = 3) int brokersPerRack,
            @ForAll @IntRange(min = 1, max = 40) int partitions,
            @ForAll @IntRange(min = 1, max = 5) int wanted) {
        int replicationFactor = Math.min(wanted, racks * brokersPerRack);
        ClusterMetadata metadata = cluster();
        for (int id = 0; id < racks * brokersPerRack; id++) {
            metadata = with(metadata, id, "rack-" + id % racks, 1);
        }
        ClusterMetadata known = metadata;

        List<List<Integer>> placed =
                Placement.place(known, known.brokers().keySet(), ReplicaWeights.ALIKE, partitions, replicationFactor);

        assertThat(placed).allSatisfy(replicas -> {
            Map<Integer, Integer> inRack = new TreeMap<>();
            replicas.forEach(id -> inRack.merge(id % racks, 1, Integer::sum));
            assertThat(replicas).doesNotHaveDuplicates();
            assertThat(inRack).hasSize(Math.min(racks, replicationFactor));
            assertThat(inRack.values()).allMatch(count -> count <= 1 + (replicationFactor - 1) / racks);
        });
        assertThat(imbalance(replicaCounts(known.brokers().keySet(), placed.stream())))
                .isLessThanOrEqualTo(1);
        assertThat(imbalance(leaderCounts(known.brokers().keySet(), placed.stream())))
                .isLessThanOrEqualTo(1);
    }

    /** No replica, and no leader, could be on another broker so that the fuller of the two were less full. */
    @Property(tries = 300)
    void brokersCarryWhatTheirCapacityIsWorth(@ForAll long seed) {
        Random random = new Random(seed);
        ClusterMetadata metadata = cluster();
        int brokers = 2 + random.nextInt(6);
        for (int id = 0; id < brokers; id++) {
            metadata = with(metadata, id, "", 0.5 + random.nextInt(6) / 2.0);
        }

        Map<Integer, Integer> counts = replicaCounts(
                metadata.brokers().keySet(),
                Placement.place(metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, 60, 1).stream());

        for (BrokerRegistration one : metadata.brokers().values()) {
            for (BrokerRegistration other : metadata.brokers().values()) {
                assertThat(counts.getOrDefault(one.brokerId(), 0) / one.capacity())
                        .isLessThanOrEqualTo((counts.getOrDefault(other.brokerId(), 0) + 1) / other.capacity());
            }
        }
    }

    @Example
    void leadersAreAsManyAsCapacityIsWorth() {
        ClusterMetadata metadata = with(with(with(cluster(), 1, "", 1), 2, "", 1), 3, "", 2);

        List<List<Integer>> placed =
                Placement.place(metadata, metadata.brokers().keySet(), ReplicaWeights.ALIKE, 8, 3);

        assertThat(leaderCounts(metadata.brokers().keySet(), placed.stream())).isEqualTo(Map.of(1, 2, 2, 2, 3, 4));
    }

    @Example
    void brokersThatKeepOrTakeMuchGetLessOfWhatIsNew() {
        SimulatedLeaders cluster = new SimulatedLeaders(4, 8, 1);
        Function<Situation, Map<Integer, Integer>> placed = situation -> replicaCounts(
                cluster.metadata.brokers().keySet(),
                Placement.place(cluster.metadata, cluster.alive, ReplicaWeights.of(situation), 8, 1).stream());

        assertThat(placed.apply(cluster.situation(id -> 0)).values()).containsOnly(2);
        assertThat(placed.apply(cluster.situation(id -> 100)).values())
                .as("too little to tell them apart")
                .containsOnly(2);
        Map<Integer, Integer> busy = placed.apply(
                cluster.situation(id -> cluster.leaders.getOrDefault(id, 0) == 1 ? 20_000_000 : 5_000_000));
        assertThat(busy.get(1)).isLessThan(2);
        assertThat(busy.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(8);
    }

    private static ClusterMetadata with(ClusterMetadata metadata, int id, String rack, double capacity) {
        Endpoint somewhere = new Endpoint("h", 1);
        BrokerRegistration broker = new BrokerRegistration(
                id, "d" + id, somewhere, somewhere, Optional.of(rack).filter(name -> !name.isEmpty()), capacity);
        return apply(metadata, new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), broker));
    }

    @Example
    void whatCannotBePlacedIsRefused() {
        ClusterMetadata metadata = brokers(2);

        assertThatThrownBy(() -> Placement.place(metadata, List.of(1, 2), ReplicaWeights.ALIKE, 1, 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Placement.place(metadata, List.of(1, 2), ReplicaWeights.ALIKE, 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static ClusterMetadata brokers(int count) {
        return cluster(IntStream.rangeClosed(1, count).toArray());
    }

    /** Topics were created while some brokers were down. */
    private static ClusterMetadata unevenCluster(Random random) {
        ClusterMetadata metadata = brokers(3 + random.nextInt(4));
        for (int i = 0; i < 4; i++) {
            List<Integer> alive = new ArrayList<>(metadata.brokers().keySet());
            Collections.shuffle(alive, random);
            alive = alive.subList(0, 1 + random.nextInt(alive.size()));
            metadata = create(
                    metadata, "old" + i, alive, 1 + random.nextInt(8), 1 + random.nextInt(Math.min(3, alive.size())));
        }
        return metadata;
    }

    private static ClusterMetadata create(
            ClusterMetadata metadata, String name, Collection<Integer> alive, int partitions, int replicationFactor) {
        return apply(
                metadata,
                new MetadataCommand.CreateTopic(
                        1,
                        name,
                        replicationFactor,
                        Placement.place(metadata, alive, ReplicaWeights.ALIKE, partitions, replicationFactor)));
    }

    private static Stream<List<Integer>> allPartitions(ClusterMetadata metadata) {
        return metadata.topics().values().stream().flatMap(topic -> topic.partitions().stream());
    }

    private static Map<Integer, Integer> replicaCounts(Collection<Integer> brokers, Stream<List<Integer>> partitions) {
        return counts(brokers, partitions, Function.identity());
    }

    private static Map<Integer, Integer> leaderCounts(Collection<Integer> brokers, Stream<List<Integer>> partitions) {
        return counts(brokers, partitions, replicas -> replicas.subList(0, 1));
    }

    private static Map<Integer, Integer> counts(
            Collection<Integer> brokers,
            Stream<List<Integer>> partitions,
            Function<List<Integer>, List<Integer>> counted) {
        Map<Integer, Integer> counts = new TreeMap<>();
        brokers.forEach(broker -> counts.put(broker, 0));
        partitions
                .flatMap(replicas -> counted.apply(replicas).stream())
                .forEach(broker -> counts.merge(broker, 1, Integer::sum));
        return counts;
    }

    private static int imbalance(Map<Integer, Integer> counts) {
        return Collections.max(counts.values()) - Collections.min(counts.values());
    }

    private static int unevenness(Map<Integer, Integer> counts) {
        return counts.values().stream().mapToInt(count -> count * count).sum();
    }

    private static int leastUnevenness(Map<Integer, Integer> leaders, List<List<Integer>> placed, int partition) {
        if (partition == placed.size()) {
            return unevenness(leaders);
        }
        int least = Integer.MAX_VALUE;
        for (int leader : placed.get(partition)) {
            Map<Integer, Integer> with = new TreeMap<>(leaders);
            with.merge(leader, 1, Integer::sum);
            least = Math.min(least, leastUnevenness(with, placed, partition + 1));
        }
        return least;
    }
}
