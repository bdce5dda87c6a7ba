package io.millrace.controller.metadata;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.broker;
import static io.millrace.controller.Samples.cluster;
import static io.millrace.controller.Samples.register;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClusterMetadataTest {

    @Test
    void theFirstClaimFoundsTheCluster() {
        Applied applied = ClusterMetadata.EMPTY.apply(1, new MetadataCommand.ClaimController(0, 7, "abc"));

        assertThat(applied.result()).isEqualTo(new MetadataResult.Claimed(1, "abc"));
        assertThat(applied.next().clusterId()).contains("abc");
        assertThat(applied.next().controllerId()).isEqualTo(OptionalInt.of(7));
    }

    @Test
    void laterClaimsKeepTheClustersId() {
        Applied applied = cluster().apply(2, new MetadataCommand.ClaimController(1, 2, "other"));

        assertThat(applied.result()).isEqualTo(new MetadataResult.Claimed(2, "c"));
        assertThat(applied.next().clusterId()).contains("c");
        assertThat(applied.next().controllerEpoch()).isEqualTo(2);
    }

    @Test
    void aClaimThatWasOvertakenDeposesNobody() {
        ClusterMetadata ruled = apply(cluster(), new MetadataCommand.ClaimController(1, 2, "x"));

        Applied late = ruled.apply(3, new MetadataCommand.ClaimController(1, 3, "x"));

        assertThat(late.result()).isEqualTo(new MetadataResult.StaleController(2));
        assertThat(late.next().controllerId()).isEqualTo(OptionalInt.of(2));
    }

    @Test
    void whileNobodyRulesNothingButAClaimIsApplied() {
        assertThat(ClusterMetadata.EMPTY.apply(1, register(0, 1)).result())
                .isEqualTo(new MetadataResult.StaleController(0));
    }

    static Stream<MetadataCommand> commandsOfEpochOne() {
        Stream<MetadataCommand> all = Map.<Class<?>, Function<Long, MetadataCommand>>of(
                        MetadataCommand.ClaimController.class,
                        epoch -> new MetadataCommand.ClaimController(epoch, 1, "c"),
                        MetadataCommand.RegisterBroker.class,
                        epoch -> register(epoch, 4),
                        MetadataCommand.CreateTopic.class,
                        epoch -> new MetadataCommand.CreateTopic(epoch, "new", 1, List.of(List.of(1))),
                        MetadataCommand.AlterTopic.class,
                        epoch -> new MetadataCommand.AlterTopic(
                                epoch, "orders", 5, new TreeMap<>(Map.of("flush.policy", "os")), List.of()),
                        MetadataCommand.DeleteTopic.class,
                        epoch -> new MetadataCommand.DeleteTopic(epoch, "orders", 5),
                        MetadataCommand.AllocateProducerIds.class,
                        epoch -> new MetadataCommand.AllocateProducerIds(epoch, 1),
                        MetadataCommand.ReassignPartitions.class,
                        epoch -> reassign(epoch, 0, 2, 3),
                        MetadataCommand.CompleteReassignments.class,
                        epoch -> complete(epoch, 0, 6),
                        MetadataCommand.SetBrokerState.class,
                        epoch -> new MetadataCommand.SetBrokerState(epoch, 3, BrokerState.DRAINING),
                        MetadataCommand.UnregisterBroker.class,
                        epoch -> new MetadataCommand.UnregisterBroker(epoch, 4))
                .values()
                .stream()
                .map(command -> command.apply(1L));
        return Stream.concat(
                all,
                Stream.of(
                        settings(OptionalInt.of(2), Map.of("moves-per-broker", "3")),
                        new MetadataCommand.SetRebalancing(1, true)));
    }

    private static MetadataCommand settings(OptionalInt broker, Map<String, String> settings) {
        return new MetadataCommand.SetBrokerSettings(1, broker, new TreeMap<>(settings));
    }

    @Test
    void everyKindOfCommandIsTriedBelow() {
        assertThat(commandsOfEpochOne().map(Object::getClass))
                .containsExactlyInAnyOrder(MetadataCommand.class.getPermittedSubclasses());
    }

    @ParameterizedTest
    @MethodSource("commandsOfEpochOne")
    void aCommandOfTheRulingControllerIsApplied(MetadataCommand command) {
        ClusterMetadata metadata = apply(clusterWithOrders(), register(1, 4));
        assertThat(metadata.apply(7, command).result())
                .isInstanceOfAny(
                        MetadataResult.Claimed.class,
                        MetadataResult.BrokerRegistered.class,
                        MetadataResult.TopicCreated.class,
                        MetadataResult.TopicAltered.class,
                        MetadataResult.TopicDeleted.class,
                        MetadataResult.ProducerIdsAllocated.class,
                        MetadataResult.Changed.class);
    }

    @ParameterizedTest
    @MethodSource("commandsOfEpochOne")
    void aCommandOfADeposedControllerChangesNothing(MetadataCommand command) {
        ClusterMetadata ruledByAnother = apply(clusterWithOrders(), new MetadataCommand.ClaimController(1, 2, "c"));

        Applied applied = ruledByAnother.apply(7, command);

        assertThat(applied.result()).isEqualTo(new MetadataResult.StaleController(2));
        assertThat(applied.next()).isEqualTo(ruledByAnother.skip(7));
    }

    private static ClusterMetadata clusterWithOrders() {
        return apply(
                cluster(1, 2, 3),
                new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 2), List.of(3, 1))));
    }

    @Test
    void thatReplicasAreEvenedOutIsRememberedAcrossControllersUntilItEnds() {
        ClusterMetadata begun = apply(clusterWithOrders(), new MetadataCommand.SetRebalancing(1, true));
        ClusterMetadata inherited = apply(begun, new MetadataCommand.ClaimController(1, 2, "c"));
        for (MetadataCommand command : List.of(
                register(2, 4),
                new MetadataCommand.DeleteTopic(2, "orders", 5),
                new MetadataCommand.SetBrokerState(2, 3, BrokerState.DRAINING),
                new MetadataCommand.SetBrokerSettings(2, OptionalInt.of(3), new TreeMap<>()))) {
            inherited = apply(inherited, command);
        }
        assertThat(inherited.rebalancing()).isTrue();

        Applied ended = inherited.apply(inherited.appliedIndex() + 1, new MetadataCommand.SetRebalancing(2, false));
        assertThat(ended.result()).isEqualTo(new MetadataResult.Changed(1));
        assertThat(ended.next().rebalancing()).isFalse();
        assertThat(ended.next()
                        .apply(ended.next().appliedIndex() + 1, new MetadataCommand.SetRebalancing(2, false))
                        .result())
                .isEqualTo(new MetadataResult.Changed(0));
    }

    @Test
    void aTopicIsCreatedOnce() {
        ClusterMetadata metadata = clusterWithOrders();

        assertThat(metadata.topic("orders"))
                .contains(new TopicMetadata("orders", 5, 2, List.of(List.of(1, 2), List.of(3, 1))));
        assertThat(metadata.apply(6, new MetadataCommand.CreateTopic(1, "orders", 1, List.of(List.of(1))))
                        .result())
                .isEqualTo(new MetadataResult.TopicExists("orders"));
    }

    @Test
    void aTopicKnowsWhenEachOfItsPartitionsWasMade() {
        ClusterMetadata grown = alter(alter(clusterWithOrders(), List.of(List.of(2, 3))), List.of());
        ClusterMetadata twice = alter(grown, List.of(List.of(1, 3), List.of(2, 1)));
        TopicMetadata topic = twice.topic("orders").orElseThrow();

        assertThat(topic.partitions())
                .isEqualTo(List.of(List.of(1, 2), List.of(3, 1), List.of(2, 3), List.of(1, 3), List.of(2, 1)));
        assertThat(IntStream.range(0, 5).mapToLong(topic::createdAt)).containsExactly(5L, 5L, 6L, 8L, 8L);
        assertThat(topic.id()).isEqualTo(5);
    }

    private static ClusterMetadata alter(ClusterMetadata metadata, List<List<Integer>> added) {
        return apply(metadata, new MetadataCommand.AlterTopic(1, "orders", 5, new TreeMap<>(), added));
    }

    @Test
    void aTopicDoesNotGrowBeyondWhatTopicsMayHave() {
        List<List<Integer>> tooMany = Collections.nCopies(ClusterMetadata.PARTITIONS_PER_TOPIC_MAX - 1, List.of(1, 2));
        assertThat(clusterWithOrders()
                        .apply(6, new MetadataCommand.AlterTopic(1, "orders", 5, new TreeMap<>(), tooMany))
                        .result())
                .isInstanceOf(MetadataResult.Invalid.class);
        assertThat(clusterWithOrders()
                        .apply(6, new MetadataCommand.AlterTopic(1, "orders", 5, new TreeMap<>(), List.of(List.of(1))))
                        .result())
                .isInstanceOf(MetadataResult.Invalid.class);
    }

    @Test
    void anAlterationSparesALaterTopicOfTheSameName() {
        assertThat(clusterWithOrders()
                        .apply(6, new MetadataCommand.AlterTopic(1, "orders", 4, new TreeMap<>(), List.of()))
                        .result())
                .isEqualTo(new MetadataResult.UnknownTopic("orders"));
    }

    @Test
    void producerIdsAreAllocatedOnce() {
        MetadataCommand allocate = new MetadataCommand.AllocateProducerIds(1, 2);
        Applied first = clusterWithOrders().apply(6, allocate);

        assertThat(first.result()).isEqualTo(new MetadataResult.ProducerIdsAllocated(6_000, 1_000));
        assertThat(first.next().apply(7, allocate).result())
                .isEqualTo(new MetadataResult.ProducerIdsAllocated(7_000, 1_000));
    }

    @Test
    void aTopicCreatedAgainHasAnotherId() {
        ClusterMetadata deleted = apply(clusterWithOrders(), new MetadataCommand.DeleteTopic(1, "orders", 5));
        ClusterMetadata again = apply(deleted, new MetadataCommand.CreateTopic(1, "orders", 1, List.of(List.of(1))));

        assertThat(deleted.topics()).isEmpty();
        assertThat(again.topic("orders").orElseThrow().id()).isEqualTo(7);
    }

    @Test
    void deletingATopicSparesALaterOneOfTheSameName() {
        assertThat(clusterWithOrders()
                        .apply(6, new MetadataCommand.DeleteTopic(1, "orders", 4))
                        .result())
                .isEqualTo(new MetadataResult.UnknownTopic("orders"));
    }

    private static MetadataCommand reassign(long epoch, int partition, Integer... target) {
        return new MetadataCommand.ReassignPartitions(
                epoch,
                List.of(new MetadataCommand.PartitionTarget(
                        "orders", 5, partition, List.of(target), ReassignmentCause.REQUESTED)));
    }

    private static MetadataCommand complete(long epoch, int partition, long index) {
        return new MetadataCommand.CompleteReassignments(
                epoch, List.of(new MetadataCommand.PartitionReassigned("orders", 5, partition, index)));
    }

    private static TopicMetadata orders(ClusterMetadata metadata) {
        return metadata.topic("orders").orElseThrow();
    }

    @Test
    void aPartitionIsOnItsOldAndItsNewBrokersUntilItsMoveIsDone() {
        ClusterMetadata moving = apply(clusterWithOrders(), reassign(1, 1, 2, 3));
        TopicMetadata topic = orders(moving);

        assertThat(topic.replicas(1)).containsExactly(3, 1);
        assertThat(topic.wanted(1)).containsExactly(2, 3);
        assertThat(List.of(1, 2, 3)).allMatch(broker -> topic.isOn(broker, 1));
        assertThat(topic.target(0)).isEmpty();
        assertThat(moving.replicasOn(2)).isEqualTo(2);

        TopicMetadata moved = orders(apply(moving, complete(1, 1, 6)));
        assertThat(moved.replicas(1)).containsExactly(2, 3);
        assertThat(moved.target(1)).isEmpty();
        assertThat(moved.isOn(1, 1)).isFalse();
        assertThat(moved.founders(1)).as("for ever").containsExactly(3, 1);
        assertThat(moved.replicas(0)).containsExactly(1, 2);
    }

    @Test
    void aLateWordThatAnEarlierMoveIsDoneDoesNotEndALaterOne() {
        ClusterMetadata moving = apply(apply(clusterWithOrders(), reassign(1, 1, 2, 3)), reassign(1, 1, 3, 1));

        Applied late = moving.apply(8, complete(1, 1, 6));
        assertThat(late.result()).isEqualTo(new MetadataResult.Changed(0));
        assertThat(orders(late.next())).isEqualTo(orders(moving));

        Applied done = late.next().apply(9, complete(1, 1, 7));
        assertThat(done.result()).isEqualTo(new MetadataResult.Changed(1));
        assertThat(done.next().apply(10, complete(1, 1, 7)).result()).isEqualTo(new MetadataResult.Changed(0));
    }

    @Test
    void theReplicationFactorIsThatOfAllPartitionsWhenAllHaveAnother() {
        ClusterMetadata metadata = apply(clusterWithOrders(), reassign(1, 0, 1, 2, 3));
        metadata = apply(metadata, reassign(1, 1, 3, 2, 1));
        metadata = apply(metadata, complete(1, 0, 6));
        assertThat(orders(metadata).replicationFactor()).isEqualTo(2);
        metadata = apply(metadata, complete(1, 1, 7));
        assertThat(orders(metadata).replicationFactor()).isEqualTo(3);
    }

    @Test
    void reassigningIsAllOrNothing() {
        MetadataCommand half = new MetadataCommand.ReassignPartitions(
                1,
                List.of(
                        new MetadataCommand.PartitionTarget("orders", 5, 0, List.of(3), ReassignmentCause.REQUESTED),
                        new MetadataCommand.PartitionTarget("orders", 4, 1, List.of(2), ReassignmentCause.REQUESTED)));
        Applied applied = clusterWithOrders().apply(6, half);
        assertThat(applied.result()).isEqualTo(new MetadataResult.UnknownTopic("orders"));
        assertThat(orders(applied.next()).target(0)).isEmpty();
    }

    static Stream<MetadataCommand> senselessMoves() {
        return Stream.of(
                reassign(1, 2, 1),
                reassign(1, -1, 1),
                reassign(1, 0),
                reassign(1, 0, 2, 2),
                reassign(1, 0, 1, 9),
                new MetadataCommand.SetBrokerState(1, 9, BrokerState.DRAINING),
                new MetadataCommand.UnregisterBroker(1, 9),
                new MetadataCommand.UnregisterBroker(1, 2),
                settings(OptionalInt.of(9), Map.of("moves-per-broker", "3")));
    }

    @ParameterizedTest
    @MethodSource("senselessMoves")
    void aSenselessMoveIsRefused(MetadataCommand command) {
        ClusterMetadata metadata = clusterWithOrders();

        Applied applied = metadata.apply(6, command);

        assertThat(applied.result()).isInstanceOf(MetadataResult.Invalid.class);
        assertThat(applied.next()).isEqualTo(metadata.skip(6));
    }

    @Test
    void aBrokerThatIsToGetAReplicaCannotLeave() {
        ClusterMetadata metadata = apply(apply(clusterWithOrders(), register(1, 4)), reassign(1, 0, 1, 4));
        assertThat(metadata.apply(8, new MetadataCommand.UnregisterBroker(1, 4)).result())
                .isInstanceOf(MetadataResult.Invalid.class);
    }

    @Test
    void aDrainingBrokerStaysThatWhenItComesBackUntilItLeavesOrIsActiveAgain() {
        ClusterMetadata draining = apply(
                apply(clusterWithOrders(), register(1, 4)),
                new MetadataCommand.SetBrokerState(1, 4, BrokerState.DRAINING));
        assertThat(apply(draining, register(1, 4)).stateOf(4)).isEqualTo(BrokerState.DRAINING);
        assertThat(draining.activeBrokers()).containsExactly(1, 2, 3);
        assertThat(apply(draining, new MetadataCommand.SetBrokerState(1, 4, BrokerState.ACTIVE))
                        .stateOf(4))
                .isEqualTo(BrokerState.ACTIVE);
        ClusterMetadata left = apply(draining, new MetadataCommand.UnregisterBroker(1, 4));
        assertThat(left.brokers()).doesNotContainKey(4);
        assertThat(left.draining()).isEmpty();
    }

    @Test
    void whatABrokerHasOfItsOwnGoesBeforeWhatAllHaveUntilItLeaves() {
        ClusterMetadata metadata = apply(clusterWithOrders(), register(1, 4));
        metadata = apply(metadata, settings(OptionalInt.empty(), Map.of("a", "all", "b", "all")));
        metadata = apply(metadata, settings(OptionalInt.of(4), Map.of("b", "own", "c", "own")));
        DynamicSettings given = metadata.brokerSettings();
        assertThat(given.of(1)).isEqualTo(Map.of("a", "all", "b", "all"));
        assertThat(given.of(4)).isEqualTo(Map.of("a", "all", "b", "own", "c", "own"));
        assertThat(given.combinations()).containsExactly(given.of(1), given.of(4));

        metadata = apply(metadata, settings(OptionalInt.empty(), Map.of()));
        assertThat(metadata.brokerSettings().of(4)).isEqualTo(Map.of("b", "own", "c", "own"));
        assertThat(apply(metadata, register(1, 4)).brokerSettings()).isEqualTo(metadata.brokerSettings());
        metadata = apply(metadata, new MetadataCommand.UnregisterBroker(1, 4));
        assertThat(metadata.brokerSettings()).isEqualTo(DynamicSettings.NONE);
    }

    static Stream<MetadataCommand> senselessCommands() {
        BrokerRegistration good = broker(4);
        Endpoint nowhere = new Endpoint(" ", 9092);
        Endpoint noPort = new Endpoint("host", 0);
        return Stream.of(
                new MetadataCommand.CreateTopic(1, "a/b", 1, List.of(List.of(1))),
                new MetadataCommand.CreateTopic(1, "none", 1, List.of()),
                new MetadataCommand.CreateTopic(
                        1, "many", 1, Collections.nCopies(ClusterMetadata.PARTITIONS_PER_TOPIC_MAX + 1, List.of(1))),
                new MetadataCommand.CreateTopic(1, "empty", 0, List.of(List.of())),
                new MetadataCommand.CreateTopic(1, "short", 2, List.of(List.of(1, 2), List.of(1))),
                new MetadataCommand.CreateTopic(1, "twice", 2, List.of(List.of(1, 1))),
                new MetadataCommand.CreateTopic(1, "stranger", 1, List.of(List.of(9))),
                new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), broker(-1)),
                new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), broker(4, "")),
                new MetadataCommand.RegisterBroker(
                        1,
                        Optional.empty(),
                        Optional.empty(),
                        new BrokerRegistration(4, "d", nowhere, good.http(), Optional.empty())),
                new MetadataCommand.RegisterBroker(
                        1,
                        Optional.empty(),
                        Optional.empty(),
                        new BrokerRegistration(4, "d", good.client(), noPort, Optional.empty())));
    }

    @ParameterizedTest
    @MethodSource("senselessCommands")
    void aSenselessCommandIsRefusedByTheStateMachineToo(MetadataCommand command) {
        ClusterMetadata metadata = cluster(1, 2, 3);

        Applied applied = metadata.apply(5, command);

        assertThat(applied.result()).isInstanceOf(MetadataResult.Invalid.class);
        assertThat(applied.next()).isEqualTo(metadata.skip(5));
    }

    @Test
    void aBrokerOfAnotherClusterIsNotLetIn() {
        assertThat(cluster()
                        .apply(
                                2,
                                new MetadataCommand.RegisterBroker(
                                        1, Optional.of("other"), Optional.empty(), broker(1)))
                        .result())
                .isEqualTo(new MetadataResult.WrongCluster("c", "other"));
    }

    @Test
    void aBrokerMayComeBackWithAnotherAddress() {
        BrokerRegistration moved = new BrokerRegistration(
                1, "directory-1", new Endpoint("elsewhere", 1), new Endpoint("elsewhere", 2), Optional.empty());

        ClusterMetadata metadata =
                apply(cluster(1), new MetadataCommand.RegisterBroker(1, Optional.of("c"), Optional.empty(), moved));

        assertThat(metadata.broker(1)).contains(moved);
    }

    @Test
    void ofTwoBrokersWithTheSameIdOneIsLetIn() {
        // Both were decided when nobody was registered yet.
        assertThat(cluster(1)
                        .apply(
                                3,
                                new MetadataCommand.RegisterBroker(
                                        1, Optional.empty(), Optional.empty(), broker(1, "second")))
                        .result())
                .isEqualTo(new MetadataResult.BrokerIdTaken(1, broker(1).client()));
    }

    @Test
    void aBrokerWithANewDiskReplacesTheOneThatTheControllerMeant() {
        ClusterMetadata metadata = apply(
                cluster(1),
                new MetadataCommand.RegisterBroker(
                        1, Optional.empty(), Optional.of("directory-1"), broker(1, "second")));

        assertThat(metadata.broker(1)).contains(broker(1, "second"));
    }

    @Test
    void anEntryOutOfOrderIsNeverApplied() {
        ClusterMetadata metadata = cluster(1);

        assertThatThrownBy(() -> metadata.skip(2)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> metadata.skip(4)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> metadata.apply(4, register(1, 2))).isInstanceOf(IllegalStateException.class);
    }
}
