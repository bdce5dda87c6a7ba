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
        return Map.<Class<?>, Function<Long, MetadataCommand>>of(
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
                        epoch -> new MetadataCommand.AllocateProducerIds(epoch, 1))
                .values()
                .stream()
                .map(command -> command.apply(1L));
    }

    @Test
    void everyKindOfCommandIsTriedBelow() {
        assertThat(commandsOfEpochOne().map(Object::getClass))
                .containsExactlyInAnyOrder(MetadataCommand.class.getPermittedSubclasses());
    }

    @ParameterizedTest
    @MethodSource("commandsOfEpochOne")
    void aCommandOfTheRulingControllerIsApplied(MetadataCommand command) {
        assertThat(clusterWithOrders().apply(6, command).result())
                .isInstanceOfAny(
                        MetadataResult.Claimed.class,
                        MetadataResult.BrokerRegistered.class,
                        MetadataResult.TopicCreated.class,
                        MetadataResult.TopicAltered.class,
                        MetadataResult.TopicDeleted.class,
                        MetadataResult.ProducerIdsAllocated.class);
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
