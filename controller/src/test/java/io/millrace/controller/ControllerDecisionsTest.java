package io.millrace.controller;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.broker;
import static io.millrace.controller.Samples.cluster;
import static io.millrace.controller.Samples.live;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import akka.actor.typed.ActorRef;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerDecisionsTest {
    private static final ActorRef<ControllerReply> ANYONE =
            TestInbox.<ControllerReply>create().getRef();
    private static final int LIMIT = 100;

    private final ControllerDecisions decisions =
            new ControllerDecisions(LIMIT, Set.of(), Samples.configuration(() -> ControllerSettings.DEFAULT));

    // Topics.

    @Test
    void aTopicIsPlacedOnTheBrokersThatAreRegisteredAndAlive() {
        // Broker 2 is down, broker 9 has not registered yet.
        assertThat(create(cluster(1, 2, 3), live(1, 3, 9), "orders", 2, 2))
                .isEqualTo(new ControllerDecisions.Submit(
                        new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 3), List.of(3, 1)))));
    }

    @Test
    void withoutAReplicationFactorItIsThreeOrAsManyAsThereAreBrokers() {
        assertThat(replicationFactorOf(create(cluster(1, 2, 3, 4), live(1, 2, 3, 4), "orders", 1, 0)))
                .isEqualTo(3);
        assertThat(replicationFactorOf(create(cluster(1, 2), live(1, 2), "orders", 1, 0)))
                .isEqualTo(2);
    }

    private static int replicationFactorOf(ControllerDecisions.Decision decision) {
        return ((MetadataCommand.CreateTopic) ((ControllerDecisions.Submit) decision).command()).replicationFactor();
    }

    @Test
    void theSettingsOfATopicGoIntoTheMetadataAsTheyWereGiven() {
        Map<String, String> given = Map.of("flush.policy", "interval", "flush.interval.ms", "50");

        var decided = (ControllerDecisions.Submit) createWith(given);
        assertThat(((MetadataCommand.CreateTopic) decided.command()).settings()).isEqualTo(given);
    }

    @Test
    void aSettingThatMakesNoSenseIsRefusedByName() {
        assertThat(refusal(createWith(Map.of("flush.interval.ms", "50"))))
                .isEqualTo(new ControllerReply.InvalidTopicSettings(
                        "flush.interval.ms means something with flush.policy interval only, not with commit"));
    }

    @Test
    void moreReplicasInSyncThanThereAreAreRefused() {
        ControllerReply refusal =
                new ControllerReply.InvalidTopicSettings("min.insync.replicas is 2, more than there are replicas: 1");
        assertThat(refusal(createWith(Map.of("min.insync.replicas", "2")))).isEqualTo(refusal);
        assertThat(refusal(alter(Map.of("min.insync.replicas", "2"), List.of(), 0)))
                .isEqualTo(refusal);
    }

    @Test
    void settingsOfBrokersAreGivenToOneOrAll() {
        ClusterMetadata metadata = cluster(1, 2);
        assertThat(configure(metadata, OptionalInt.empty(), Map.of("a", "1"), List.of()))
                .isEqualTo(new ControllerDecisions.Submit(new MetadataCommand.SetBrokerSettings(
                        1, OptionalInt.empty(), new TreeMap<>(Map.of("a", "1")))));
        ClusterMetadata given = apply(
                metadata,
                new MetadataCommand.SetBrokerSettings(1, OptionalInt.of(2), new TreeMap<>(Map.of("a", "1", "b", "2"))));
        assertThat(configure(given, OptionalInt.of(2), Map.of("c", "3"), List.of("a", "never")))
                .isEqualTo(new ControllerDecisions.Submit(new MetadataCommand.SetBrokerSettings(
                        1, OptionalInt.of(2), new TreeMap<>(Map.of("b", "2", "c", "3")))));
        var unchanged =
                (ControllerDecisions.Answer) configure(given, OptionalInt.of(2), Map.of("a", "1"), List.of("c"));
        assertThat(unchanged.reply()).isEqualTo(new ControllerReply.Changed(0, given.appliedIndex()));
    }

    @Test
    void settingsThatNoBrokerCanHaveAreRefused() {
        ClusterMetadata metadata = cluster(1, 2);
        assertThat(refusal(configure(metadata, OptionalInt.of(9), Map.of("a", "1"), List.of())))
                .isEqualTo(new ControllerReply.UnknownBroker(9));
        assertThat(refusal(configure(metadata, OptionalInt.of(2), Map.of("a", "bad"), List.of())))
                .isEqualTo(new ControllerReply.InvalidBrokerSettings("{a=bad} is bad"));
        assertThat(refusal(configure(metadata, OptionalInt.empty(), Map.of("fixed", "1"), List.of())))
                .isEqualTo(new ControllerReply.InvalidBrokerSettings("fixed needs a restart"));
        assertThat(refusal(configure(metadata, OptionalInt.empty(), Map.of(), List.of("fixed"))))
                .isEqualTo(new ControllerReply.InvalidBrokerSettings("fixed needs a restart"));
        assertThat(refusal(configure(metadata, OptionalInt.empty(), Map.of("a", "1"), List.of("a"))))
                .isEqualTo(new ControllerReply.InvalidBrokerSettings("a cannot be both set and reset"));
    }

    private ControllerDecisions.Decision configure(
            ClusterMetadata metadata, OptionalInt broker, Map<String, String> settings, List<String> reset) {
        return decisions.decide(
                new ControllerCommand.AlterBrokerSettings(broker, settings, reset, 1, ANYONE),
                metadata,
                live(1),
                () -> ReplicaWeights.ALIKE);
    }

    private ControllerDecisions.Decision createWith(Map<String, String> settings) {
        return decisions.decide(
                new ControllerCommand.CreateTopic("orders", 1, 1, List.of(), settings, 1, ANYONE),
                cluster(1),
                live(1),
                () -> ReplicaWeights.ALIKE);
    }

    @Test
    void aTopicGrowsOntoTheBrokersThatAreAlive() {
        assertThat(alter(Map.of(), List.of(), 4))
                .isEqualTo(new ControllerDecisions.Submit(new MetadataCommand.AlterTopic(
                        1,
                        "orders",
                        TOPIC_ID,
                        new TreeMap<>(Map.of("retention.ms", "5")),
                        List.of(List.of(2), List.of(2)))));
    }

    @Test
    void settingsOfATopicChangeWithoutTheRest() {
        var decided = (ControllerDecisions.Submit) alter(Map.of("flush.policy", "os"), List.of("retention.ms"), 0);
        assertThat(decided.command())
                .isEqualTo(new MetadataCommand.AlterTopic(
                        1, "orders", TOPIC_ID, new TreeMap<>(Map.of("flush.policy", "os")), List.of()));
    }

    @Test
    void aChangeThatChangesNothingIsDone() {
        var answer = (ControllerDecisions.Answer) alter(Map.of("retention.ms", "5"), List.of("retention.bytes"), 2);
        assertThat(answer.reply()).isInstanceOf(ControllerReply.TopicAltered.class);
    }

    @Test
    void aChangeThatCannotBeDoneIsRefused() {
        assertThat(refusal(alter(Map.of("retention", "5"), List.of(), 0)))
                .isInstanceOf(ControllerReply.InvalidTopicSettings.class);
        assertThat(refusal(alter(Map.of(), List.of(), 1)))
                .isEqualTo(
                        new ControllerReply.InvalidRequest("topic orders has 2 partitions, and cannot have less: 1"));
        assertThat(refusal(alter(Map.of(), List.of(), LIMIT + 1)))
                .isEqualTo(new ControllerReply.InvalidPartitions(LIMIT + 1, LIMIT));
        assertThat(refusal(alter(Map.of(), List.of(), -1))).isInstanceOf(ControllerReply.InvalidPartitions.class);
        assertThat(refusal(decisions.decide(
                        new ControllerCommand.AlterTopic("orders", Map.of(), List.of(), 3, List.of(), 1, ANYONE),
                        ordersOnTwo(),
                        LiveBrokers.NONE,
                        () -> ReplicaWeights.ALIKE)))
                .isEqualTo(new ControllerReply.InvalidReplicationFactor(1, 0));
        assertThat(refusal(decisions.decide(
                        new ControllerCommand.AlterTopic("none", Map.of(), List.of(), 3, List.of(), 1, ANYONE),
                        ordersOnTwo(),
                        live(1),
                        () -> ReplicaWeights.ALIKE)))
                .isEqualTo(new ControllerReply.UnknownTopic("none"));
    }

    private static final long TOPIC_ID = 4;

    private static ClusterMetadata ordersOnTwo() {
        ClusterMetadata metadata = cluster(1, 2);
        return metadata.apply(
                        metadata.appliedIndex() + 1,
                        new MetadataCommand.CreateTopic(
                                1,
                                "orders",
                                1,
                                List.of(List.of(1), List.of(1)),
                                new TreeMap<>(Map.of("retention.ms", "5"))))
                .next();
    }

    private ControllerDecisions.Decision alter(Map<String, String> settings, List<String> reset, int partitions) {
        return decisions.decide(
                new ControllerCommand.AlterTopic("orders", settings, reset, partitions, List.of(), 1, ANYONE),
                ordersOnTwo(),
                live(1, 2),
                () -> ReplicaWeights.ALIKE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", ".", "..", "__metadata", "ü", "a b"})
    void aNameThatIsNotLegalIsRefused(String name) {
        assertThat(refusal(create(cluster(1), live(1), name, 1, 1)))
                .isInstanceOf(ControllerReply.InvalidTopicName.class);
    }

    @Test
    void theTopicOfGroupsIsForBrokersToAskFor() {
        assertThat(create(cluster(1), live(1), "__groups", 8, 0)).isInstanceOf(ControllerDecisions.Submit.class);
    }

    @Test
    void aNameOf300CharactersIsRefused() {
        assertThat(refusal(create(cluster(1), live(1), "x".repeat(300), 1, 1)))
                .isInstanceOf(ControllerReply.InvalidTopicName.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, LIMIT + 1, Integer.MAX_VALUE})
    void aNumberOfPartitionsOutsideTheLimitIsRefused(int partitions) {
        assertThat(refusal(create(cluster(1), live(1), "orders", partitions, 1)))
                .isEqualTo(new ControllerReply.InvalidPartitions(partitions, LIMIT));
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 3, Integer.MAX_VALUE})
    void aReplicationFactorAboveTheNumberOfBrokersAliveIsRefused(int replicationFactor) {
        assertThat(refusal(create(cluster(1, 2, 3), live(1, 2), "orders", 1, replicationFactor)))
                .isEqualTo(new ControllerReply.InvalidReplicationFactor(replicationFactor, 2));
    }

    @Test
    void whileNoBrokerCanBeReachedATopicMustWait() {
        assertThat(refusal(create(cluster(1, 2, 3), LiveBrokers.NONE, "orders", 1, 3)))
                .isInstanceOf(ControllerReply.Unavailable.class);
    }

    @Test
    void aTopicThatExistsIsNotCreated() {
        assertThat(refusal(create(withOrders(), live(1), "orders", 1, 1)))
                .isEqualTo(new ControllerReply.TopicExists("orders"));
    }

    @Test
    void theTopicThatIsKnownIsDeletedAndNoOther() {
        assertThat(decisions.decide(
                        new ControllerCommand.DeleteTopic("orders", 1, ANYONE),
                        withOrders(),
                        live(1),
                        () -> ReplicaWeights.ALIKE))
                .isEqualTo(new ControllerDecisions.Submit(new MetadataCommand.DeleteTopic(1, "orders", 3)));
    }

    @Test
    void aTopicThatDoesNotExistIsNotDeleted() {
        assertThat(refusal(decisions.decide(
                        new ControllerCommand.DeleteTopic("orders", 1, ANYONE),
                        cluster(1),
                        live(1),
                        () -> ReplicaWeights.ALIKE)))
                .isEqualTo(new ControllerReply.UnknownTopic("orders"));
    }

    // Brokers.

    @Test
    void aNewBrokerIsRegistered() {
        assertThat(register(cluster(), live(1), Optional.empty(), broker(1)))
                .isEqualTo(new ControllerDecisions.Submit(
                        new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), broker(1))));
    }

    @Test
    void aBrokerThatComesBackUnchangedIsNotWrittenAgain() {
        assertThat(refusal(register(cluster(1), live(1), Optional.of("c"), broker(1))))
                .isEqualTo(new ControllerReply.BrokerRegistered("c", 2));
    }

    @Test
    void aBrokerThatComesBackElsewhereWithItsDataIsLetInThoughItsOldSelfIsStillCountedAlive() {
        BrokerRegistration moved = new BrokerRegistration(
                1, "directory-1", new Endpoint("new", 1), new Endpoint("new", 2), Optional.empty());

        assertThat(register(cluster(1), twoMembersNamedOne(), Optional.of("c"), moved))
                .isEqualTo(new ControllerDecisions.Submit(
                        new MetadataCommand.RegisterBroker(1, Optional.of("c"), Optional.of("directory-1"), moved)));
    }

    @Test
    void anotherBrokerWithTheSameIdIsRefusedWhileTheFirstIsAlive() {
        assertThat(refusal(register(cluster(1), twoMembersNamedOne(), Optional.empty(), broker(1, "second"))))
                .isEqualTo(new ControllerReply.BrokerIdTaken(1, "another-member"));
    }

    @Test
    void aBrokerThatComesBackWithADirectoryThatWasReplacedIsRefused() {
        assertThat(refusal(register(withOrders(), live(1), Optional.of("c"), broker(1, "older"))))
                .isInstanceOfSatisfying(ControllerReply.InvalidRequest.class, refused -> assertThat(refused.problem())
                        .contains("directory-1", "older", "bring that one back"));
    }

    @Test
    void aBrokerThatHeldReplicasAndLostItsDiskIsLetInWithAnEmptyOne() {
        assertThat(register(withOrders(), live(1), Optional.empty(), broker(1, "second")))
                .isEqualTo(new ControllerDecisions.Submit(new MetadataCommand.RegisterBroker(
                        1, Optional.empty(), Optional.of("directory-1"), broker(1, "second"))));
    }

    @Test
    void aBrokerWithANewDiskAndNoReplicasIsLetInOnceItsOldSelfIsGone() {
        assertThat(register(cluster(1), live(1), Optional.empty(), broker(1, "second")))
                .isEqualTo(new ControllerDecisions.Submit(new MetadataCommand.RegisterBroker(
                        1, Optional.empty(), Optional.of("directory-1"), broker(1, "second"))));
    }

    @Test
    void aBrokerWithAnotherClustersDataIsRefused() {
        assertThat(refusal(register(cluster(), live(1), Optional.of("other"), broker(1))))
                .isEqualTo(new ControllerReply.WrongCluster("c", "other"));
    }

    @Test
    void aBrokerThatNobodyCouldReachIsRefused() {
        BrokerRegistration nowhere =
                new BrokerRegistration(1, "d", new Endpoint("", 9092), new Endpoint("h", 1), Optional.empty());

        assertThat(refusal(register(cluster(), live(1), Optional.empty(), nowhere)))
                .isInstanceOf(ControllerReply.InvalidRequest.class);
    }

    // Results.

    @Test
    void everyResultHasItsReply() {
        TopicMetadata topic = new TopicMetadata("orders", 7, 1, List.of(List.of(1)));
        Map<MetadataResult, ControllerReply> replies = Map.ofEntries(
                Map.entry(new MetadataResult.TopicCreated(topic), new ControllerReply.TopicCreated(topic, 7)),
                Map.entry(
                        new MetadataResult.TopicDeleted("orders", 3), new ControllerReply.TopicDeleted("orders", 3, 7)),
                Map.entry(new MetadataResult.BrokerRegistered("c"), new ControllerReply.BrokerRegistered("c", 7)),
                Map.entry(
                        new MetadataResult.ProducerIdsAllocated(7_000, 1_000),
                        new ControllerReply.ProducerIdsAllocated(7_000, 1_000, 7)),
                Map.entry(
                        new MetadataResult.TopicAltered(new TopicMetadata("orders", 7, 1, List.of(List.of(2)))),
                        new ControllerReply.TopicAltered(new TopicMetadata("orders", 7, 1, List.of(List.of(2))), 7)),
                Map.entry(new MetadataResult.TopicExists("orders"), new ControllerReply.TopicExists("orders")),
                Map.entry(new MetadataResult.UnknownTopic("orders"), new ControllerReply.UnknownTopic("orders")),
                Map.entry(new MetadataResult.WrongCluster("c", "d"), new ControllerReply.WrongCluster("c", "d")),
                Map.entry(
                        new MetadataResult.BrokerIdTaken(1, new Endpoint("h", 2)),
                        new ControllerReply.BrokerIdTaken(1, "h:2")),
                Map.entry(new MetadataResult.Changed(2), new ControllerReply.Changed(2, 7)),
                Map.entry(new MetadataResult.Invalid("no"), new ControllerReply.InvalidRequest("no")),
                Map.entry(
                        new MetadataResult.StaleController(9),
                        new ControllerReply.Unavailable("superseded by the controller of epoch 9")));

        assertThat(replies).allSatisfy((result, reply) -> assertThat(ControllerDecisions.replyFor(result, 7))
                .isEqualTo(reply));
        // A claim is nobody's request.
        assertThat(replies.keySet().stream().<Class<?>>map(Object::getClass))
                .hasSize(MetadataResult.class.getPermittedSubclasses().length - 1)
                .doesNotContain(MetadataResult.Claimed.class);
    }

    private ControllerDecisions.Decision create(
            ClusterMetadata metadata, LiveBrokers live, String name, int partitions, int replicationFactor) {
        return decisions.decide(
                new ControllerCommand.CreateTopic(name, partitions, replicationFactor, List.of(), Map.of(), 1, ANYONE),
                metadata,
                live,
                () -> ReplicaWeights.ALIKE);
    }

    private ControllerDecisions.Decision register(
            ClusterMetadata metadata, LiveBrokers live, Optional<String> clusterId, BrokerRegistration broker) {
        return decisions.decide(
                new ControllerCommand.RegisterBroker(clusterId, "member-1", broker, 1, ANYONE),
                metadata,
                live,
                () -> ReplicaWeights.ALIKE);
    }

    private static ControllerReply refusal(ControllerDecisions.Decision decision) {
        return ((ControllerDecisions.Answer) decision).reply();
    }

    private static LiveBrokers twoMembersNamedOne() {
        return new LiveBrokers(new TreeMap<>(Map.of(1, new TreeSet<>(List.of("another-member", "member-1")))));
    }

    private static ClusterMetadata withOrders() {
        return apply(cluster(1), new MetadataCommand.CreateTopic(1, "orders", 1, List.of(List.of(1))));
    }
}
