package io.millrace.controller.placement;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.cluster;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataCommand.PartitionReassigned;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ReplicaMovesTest {
    private static final int PER_BROKER = 3;

    private static ClusterMetadata withTopic(ClusterMetadata metadata, String name, List<List<Integer>> partitions) {
        return apply(
                metadata,
                new MetadataCommand.CreateTopic(1, name, partitions.get(0).size(), partitions));
    }

    private static ClusterMetadata drain(ClusterMetadata metadata, int broker) {
        return apply(metadata, new MetadataCommand.SetBrokerState(1, broker, BrokerState.DRAINING));
    }

    private static ClusterMetadata begin(ClusterMetadata metadata, List<ReplicaMove> moves) {
        return apply(
                metadata,
                new MetadataCommand.ReassignPartitions(
                        1, moves.stream().map(ReplicaMove::toTarget).toList()));
    }

    private static ClusterMetadata complete(ClusterMetadata metadata, ReplicaMove move) {
        long index = metadata.topic(move.topic())
                .flatMap(topic -> topic.reassignment(move.partition()))
                .map(Reassignment::index)
                .orElseThrow();
        return apply(
                metadata,
                new MetadataCommand.CompleteReassignments(
                        1, List.of(new PartitionReassigned(move.topic(), move.topicId(), move.partition(), index))));
    }

    private static List<ReplicaMove> due(ClusterMetadata metadata, Set<Integer> alive, Set<Integer> lost) {
        return ReplicaMoves.dueNow(ReplicaMoves.plan(metadata, alive, lost).moves(), metadata, PER_BROKER);
    }

    @Test
    void whatIsOnADrainedBrokerGoesToTheOneWithTheFewestReplicas() {
        ClusterMetadata metadata =
                drain(withTopic(cluster(1, 2, 3, 4), "t", List.of(List.of(1, 2), List.of(3, 1), List.of(2, 3))), 3);
        assertThat(ReplicaMoves.plan(metadata, Set.of(1, 2, 3, 4), Set.of()).moves())
                .extracting(ReplicaMove::toString)
                .containsExactly(
                        "t-1 from 3,1 to 4,1: broker 3 is drained", "t-2 from 2,3 to 2,4: broker 3 is drained");
    }

    @Test
    void ifThereIsNoOtherBrokerThatIsSaid() {
        ClusterMetadata metadata = drain(withTopic(cluster(1, 2, 3), "t", List.of(List.of(1, 2, 3))), 3);
        ReplicaMoves.Plan plan = ReplicaMoves.plan(metadata, Set.of(1, 2, 3), Set.of());
        assertThat(plan.moves()).isEmpty();
        assertThat(plan.stuck())
                .containsExactly(new ReplicaMoves.Stuck("t-0", "3 replicas, and no other broker for that on broker 3"));
    }

    @Test
    void aPartitionWithoutAMajorityWaits() {
        ClusterMetadata metadata = withTopic(cluster(1, 2, 3), "t", List.of(List.of(1, 2)));
        ReplicaMoves.Plan plan = ReplicaMoves.plan(metadata, Set.of(1, 3), Set.of(2));
        assertThat(plan.moves()).isEmpty();
        assertThat(plan.stuck()).containsExactly(new ReplicaMoves.Stuck("t-0", "no majority of its replicas is up"));
    }

    @Test
    void replicasOfALostBrokerAreMadeAnewAndThatStopsWhenItIsBack() {
        ClusterMetadata metadata = withTopic(cluster(1, 2, 3, 4), "t", List.of(List.of(1, 2, 3)));
        List<ReplicaMove> moves = due(metadata, Set.of(1, 2, 4), Set.of(3));
        assertThat(moves)
                .extracting(ReplicaMove::toString)
                .containsExactly("t-0 from 1,2,3 to 1,2,4: broker 3 is lost");
        ClusterMetadata moving = begin(metadata, moves);
        assertThat(due(moving, Set.of(1, 2, 4), Set.of(3))).as("under way").isEmpty();
        assertThat(due(moving, Set.of(1, 2, 4), Set.of())).as("not back yet").isEmpty();

        List<ReplicaMove> back = due(moving, Set.of(1, 2, 3, 4), Set.of());
        assertThat(back).extracting(ReplicaMove::toString).containsExactly("t-0 from 1,2,4 to 1,2,3: broker 3 is back");
        assertThat(due(begin(moving, back), Set.of(1, 2, 3, 4), Set.of())).isEmpty();
        assertThat(due(complete(moving, moves.get(0)), Set.of(1, 2, 3, 4), Set.of()))
                .as("too late")
                .isEmpty();
    }

    @Test
    void whatIsUnderWayOffABrokerThatIsNotDrainedAnyMoreGoesBack() {
        ClusterMetadata metadata =
                drain(withTopic(cluster(1, 2, 3, 4), "t", List.of(List.of(1, 2, 3), List.of(3, 1, 2))), 3);
        List<ReplicaMove> moves = due(metadata, Set.of(1, 2, 3, 4), Set.of());
        assertThat(moves).hasSize(2);
        ClusterMetadata moving = complete(begin(metadata, moves), moves.get(0));
        assertThat(due(moving, Set.of(1, 2, 3, 4), Set.of())).as("under way").isEmpty();

        ClusterMetadata undrained = apply(moving, new MetadataCommand.SetBrokerState(1, 3, BrokerState.ACTIVE));
        List<ReplicaMove> back = due(undrained, Set.of(1, 2, 3, 4), Set.of());
        assertThat(back)
                .extracting(ReplicaMove::toString)
                .containsExactly("t-1 from 4,1,2 to 3,1,2: broker 3 is not drained any more");
        assertThat(due(begin(undrained, back), Set.of(1, 2, 3, 4), Set.of())).isEmpty();
    }

    @Test
    void whatSomebodyAskedForIsNotUndone() {
        ClusterMetadata metadata = withTopic(cluster(1, 2, 3), "t", List.of(List.of(1)));
        ClusterMetadata moving = apply(
                metadata,
                new MetadataCommand.ReassignPartitions(
                        1,
                        List.of(new MetadataCommand.PartitionTarget(
                                "t", 5, 0, List.of(2), ReassignmentCause.REQUESTED))));
        assertThat(due(moving, Set.of(1, 2, 3), Set.of())).isEmpty();
    }

    @Test
    void aMoveToABrokerThatIsLostGoesSomewhereElse() {
        ClusterMetadata metadata = drain(withTopic(cluster(1, 2, 3, 4), "t", List.of(List.of(1, 2))), 2);
        ClusterMetadata moving = begin(metadata, due(metadata, Set.of(1, 2, 3, 4), Set.of()));
        assertThat(moving.topic("t").orElseThrow().wanted(0)).containsExactly(1, 3);
        assertThat(due(moving, Set.of(1, 2, 4), Set.of(3)))
                .extracting(ReplicaMove::to)
                .containsExactly(List.of(1, 4));
    }

    @Test
    void replicasStayInDifferentRacksIfThereAreEnough() {
        ClusterMetadata metadata = cluster();
        for (int broker = 1; broker <= 6; broker++) {
            metadata = apply(
                    metadata,
                    new MetadataCommand.RegisterBroker(
                            1, Optional.empty(), Optional.empty(), inRack(broker, broker % 3)));
        }
        metadata = drain(withTopic(metadata, "t", List.of(List.of(1, 2, 3), List.of(4, 5, 6), List.of(4, 5, 3))), 2);
        assertThat(ReplicaMoves.plan(metadata, Set.of(1, 2, 3, 4, 5, 6), Set.of())
                        .moves())
                .extracting(ReplicaMove::to)
                .as("broker 5 is in the rack of broker 2, though 1 and 6 have less")
                .containsExactly(List.of(1, 5, 3));
    }

    private static BrokerRegistration inRack(int broker, int rack) {
        Endpoint somewhere = new Endpoint("h", 1);
        return new BrokerRegistration(broker, "d" + broker, somewhere, somewhere, Optional.of("rack-" + rack));
    }

    /** Brokers are drained, lost, and come back, moves are done in any order; in the end nothing is left where it may not be. */
    @Property(tries = 300)
    void movesAreBoundedGoToTheEmptiestAndComeToAnEnd(@ForAll long seed) {
        Random random = new Random(seed);
        int brokers = 4 + random.nextInt(4);
        Set<Integer> all = new TreeSet<>();
        for (int broker = 1; broker <= brokers; broker++) {
            all.add(broker);
        }
        ClusterMetadata metadata =
                cluster(all.stream().mapToInt(Integer::intValue).toArray());
        for (int topic = 0; topic < 3; topic++) {
            metadata = withTopic(
                    metadata,
                    "t" + topic,
                    Placement.place(
                            metadata, all, ReplicaWeights.ALIKE, 1 + random.nextInt(10), 1 + random.nextInt(3)));
        }
        int gone = 1 + random.nextInt(brokers);
        boolean isLost = random.nextBoolean();
        Set<Integer> lost = isLost ? Set.of(gone) : Set.of();
        Set<Integer> alive = new TreeSet<>(all);
        alive.removeAll(lost);
        metadata = isLost ? metadata : drain(metadata, gone);
        List<Integer> stay = new ArrayList<>(all);
        stay.remove((Integer) gone);

        Set<ReplicaMoves.Stuck> stuck =
                new HashSet<>(ReplicaMoves.plan(metadata, alive, lost).stuck());
        List<ReplicaMove> open = new ArrayList<>();
        for (int round = 0; round < 200; round++) {
            ReplicaMoves.Plan plan = ReplicaMoves.plan(metadata, alive, lost);
            assertThat(ReplicaMoves.plan(metadata, alive, lost)).isEqualTo(plan);
            checkThatEachGoesToTheEmptiest(metadata, plan.moves(), new TreeSet<>(stay));
            List<ReplicaMove> due = ReplicaMoves.dueNow(plan.moves(), metadata, PER_BROKER);
            for (ReplicaMove move : due) {
                assertThat(move.to())
                        .doesNotHaveDuplicates()
                        .hasSameSizeAs(move.from())
                        .doesNotContain(gone);
                assertThat(alive).containsAll(move.to());
            }
            metadata = begin(metadata, due);
            open.addAll(due);
            assertThat(underWay(metadata).values()).allMatch(count -> count <= PER_BROKER);
            if (open.isEmpty()) {
                break;
            }
            Collections.shuffle(open, random);
            metadata = complete(metadata, open.remove(0));
        }
        assertThat(open).isEmpty();
        if (stuck.isEmpty()) {
            assertThat(metadata.replicasOn(gone)).isZero();
        }
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                assertThat(topic.replicas(partition)).doesNotHaveDuplicates();
            }
        }
    }

    /** Each goes to one of those that have the fewest, of those that do not have the partition yet. */
    private static void checkThatEachGoesToTheEmptiest(
            ClusterMetadata metadata, List<ReplicaMove> moves, Set<Integer> candidates) {
        Map<Integer, Integer> replicas = ReplicaMoves.replicasWanted(metadata);
        for (ReplicaMove move : moves) {
            for (int place = 0; place < move.to().size(); place++) {
                int left = move.from().get(place);
                int taken = move.to().get(place);
                if (left != taken) {
                    assertThat(candidates.stream()
                                    .filter(broker -> !move.from().contains(broker))
                                    .map(broker -> replicas.getOrDefault(broker, 0)))
                            .as("%s", move)
                            .allMatch(count -> count >= replicas.getOrDefault(taken, 0));
                    replicas.merge(left, -1, Integer::sum);
                    replicas.merge(taken, 1, Integer::sum);
                }
            }
        }
    }

    private static Map<Integer, Integer> underWay(ClusterMetadata metadata) {
        Map<Integer, Integer> count = new java.util.TreeMap<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            topic.reassignments().forEach((partition, known) -> known.target().ifPresent(target -> {
                Set<Integer> brokers = new TreeSet<>(target);
                brokers.addAll(topic.replicas(partition));
                brokers.removeIf(broker ->
                        target.contains(broker) && topic.replicas(partition).contains(broker));
                brokers.forEach(broker -> count.merge(broker, 1, Integer::sum));
            }));
        }
        return count;
    }
}
