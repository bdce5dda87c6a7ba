package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.jackson.JacksonCborSerializer;
import io.millrace.controller.balance.BrokerLoad;
import io.millrace.controller.balance.LeaderMove;
import io.millrace.controller.balance.PartitionLoad;
import io.millrace.controller.balance.TopicLoad;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaBalancer;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.partition.replica.ControlMessage;
import io.millrace.partition.replica.TransferFailure;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What brokers say to each other survives Akka's Jackson serializer. */
class ControlMessagesTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final ActorRef<ControllerReply> ASKER =
            KIT.<ControllerReply>createTestProbe().getRef();
    private static final ActorRef<ProposalOutcome> PROPOSER =
            KIT.<ProposalOutcome>createTestProbe().getRef();
    private static final ActorRef<MetadataFounding.Answer> FOUNDER =
            KIT.<MetadataFounding.Answer>createTestProbe().getRef();
    private static final TopicMetadata TOPIC = new TopicMetadata(
            "orders", 7, 2, List.of(List.of(1, 2), List.of(2, 3)), new TreeMap<>(Map.of("flush.policy", "os")));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    static Stream<ControllerCommand> commands() {
        return Stream.of(
                new ControllerCommand.CreateTopic(
                        "orders", 12, 3, List.of(), Map.of("flush.policy", "os"), 30_000, ASKER),
                new ControllerCommand.CreateTopic(
                        "placed", 0, 0, List.of(List.of(1, 2), List.of(2, 3)), Map.of(), 30_000, ASKER),
                new ControllerCommand.AlterTopic(
                        "orders",
                        Map.of("flush.policy", "os"),
                        List.of("retention.ms"),
                        9,
                        List.of(List.of(3, 1)),
                        30_000,
                        ASKER),
                new ControllerCommand.DeleteTopic("orders", 30_000, ASKER),
                new ControllerCommand.RegisterBroker(Optional.empty(), "akka://m@h:1#2", Samples.broker(1), 1, ASKER),
                new ControllerCommand.RegisterBroker(Optional.of("c"), "akka://m@h:1#2", Samples.broker(2), 1, ASKER),
                new ControllerCommand.AllocateProducerIds(1, 5_000, ASKER),
                new ControllerCommand.ReportLoad(new BrokerLoad(
                        1,
                        List.of(new TopicLoad(
                                17,
                                List.of(
                                        new PartitionLoad(0, 1L << 40, 1, 5_000_000_000L, 2, 3),
                                        new PartitionLoad(9_999, 0, 0, 0, 0, 0)))))),
                new ControllerCommand.TransferLeader("orders", 3, 2, ASKER),
                new ControllerCommand.RebalanceLeaders(true, ASKER),
                new ControllerCommand.RebalanceReplicas(ControllerCommand.RebalanceReplicas.Mode.STOP, 5_000, ASKER),
                new ControllerCommand.ReassignPartitions(
                        List.of(new ControllerCommand.Destination("orders", 1, List.of(2, 3))), true, 5_000, ASKER),
                new ControllerCommand.SetBrokerState(2, BrokerState.DRAINING, false, 5_000, ASKER),
                new ControllerCommand.UnregisterBroker(2, 5_000, ASKER),
                new ControllerCommand.AlterBrokerSettings(
                        OptionalInt.of(2), Map.of("a", "1"), List.of("b"), 5_000, ASKER),
                new ControllerCommand.AlterBrokerSettings(OptionalInt.empty(), Map.of(), List.of(), 5_000, ASKER),
                new ControllerCommand.CompleteReassignments(
                        List.of(new MetadataCommand.PartitionReassigned("orders", 7, 1, 9)), 5_000, ASKER),
                new ControllerCommand.DescribeController(ASKER));
    }

    static Stream<ControllerReply> replies() {
        return Stream.of(
                new ControllerReply.TopicCreated(TOPIC, 9),
                new ControllerReply.TopicAltered(
                        new TopicMetadata(
                                "orders",
                                7,
                                1,
                                List.of(List.of(1)),
                                new TreeMap<>(),
                                new TreeMap<>(Map.of(1, 8L)),
                                new TreeMap<>(Map.of(
                                        0,
                                        new Reassignment(
                                                List.of(1), Optional.of(List.of(2)), ReassignmentCause.LOSS, 8)))),
                        9),
                new ControllerReply.TopicDeleted("orders", 7, 9),
                new ControllerReply.BrokerRegistered("c", 9),
                new ControllerReply.ProducerIdsAllocated(9_000, 1_000, 9),
                new ControllerReply.Changed(2, 9),
                new ControllerReply.MovePlan(
                        List.of(new ReplicaMove(
                                "orders",
                                7,
                                0,
                                List.of(1),
                                List.of(2),
                                ReassignmentCause.DRAIN,
                                "broker 1 is drained")),
                        Map.of(1, 1, 2, 0),
                        Map.of(1, 0, 2, 1),
                        9),
                new ControllerReply.UnknownPartition("orders", 3, 2),
                new ControllerReply.UnknownBroker(9),
                new ControllerReply.Refused("no"),
                new ControllerReply.Description(
                        1,
                        "RULING",
                        4,
                        Optional.of(Instant.parse("2026-01-02T03:04:05.678Z")),
                        2,
                        3,
                        4,
                        "even enough",
                        "moves replicas",
                        List.of(new ControllerReply.Decision(Instant.EPOCH, 4, "create", "created"))),
                new ControllerReply.Description(1, "CLAIMING", 0, Optional.empty(), 0, 0, 0, "", "", List.of()),
                new ControllerReply.LeaderTransferred("orders", 3, 2),
                new ControllerReply.LeadersPlanned(
                        List.of(new LeaderMove("orders", 17, 3, 1, 2, "more even")),
                        new TreeMap<>(Map.of(1, 1.5, 2, 0.5)),
                        new TreeMap<>(Map.of(1, 1.0, 2, 1.0))),
                new ControllerReply.ReplicasPlanned(
                        List.of(new ReplicaMove(
                                "orders", 17, 3, List.of(1, 2), List.of(3, 2), ReassignmentCause.BALANCE, "more even")),
                        new TreeMap<>(Map.of(1, new ReplicaBalancer.Share(3, 1, 1L << 40, 1L << 50, 1.5))),
                        new TreeMap<>(Map.of(1, new ReplicaBalancer.Share(2, 0, 0, 0, 1))),
                        true,
                        false,
                        9),
                new ControllerReply.LeaderNotTransferred("orders", 3, 2, TransferFailure.BEHIND),
                new ControllerReply.UnknownPartition("orders", 9, 3),
                new ControllerReply.InvalidTopicName("a/b", "no slash"),
                new ControllerReply.InvalidPartitions(0, 10_000),
                new ControllerReply.InvalidReplicationFactor(5, 3),
                new ControllerReply.InvalidTopicSettings("no"),
                new ControllerReply.InvalidAssignment("no"),
                new ControllerReply.InvalidBrokerSettings("no"),
                new ControllerReply.InvalidRequest("no"),
                new ControllerReply.TopicExists("orders"),
                new ControllerReply.UnknownTopic("orders"),
                new ControllerReply.WrongCluster("c", "d"),
                new ControllerReply.BrokerIdTaken(1, "h:1"),
                new ControllerReply.Unavailable("later"),
                new ControllerReply.OutcomeUnknown());
    }

    static Stream<MetadataResult> results() {
        return Stream.of(
                new MetadataResult.Claimed(3, "c"),
                new MetadataResult.BrokerRegistered("c"),
                new MetadataResult.TopicCreated(TOPIC),
                new MetadataResult.TopicAltered(TOPIC),
                new MetadataResult.TopicDeleted("orders", 7),
                new MetadataResult.ProducerIdsAllocated(9_000, 1_000),
                new MetadataResult.Changed(3),
                new MetadataResult.StaleController(4),
                new MetadataResult.TopicExists("orders"),
                new MetadataResult.UnknownTopic("orders"),
                new MetadataResult.WrongCluster("c", "d"),
                new MetadataResult.BrokerIdTaken(1, new Endpoint("h", 1)),
                new MetadataResult.Invalid("no"));
    }

    static Stream<ControlMessage> outcomes() {
        return Stream.concat(results().map(result -> new ProposalOutcome.Applied(5, 6, result)), notApplied());
    }

    static Stream<ProposalOutcome> notApplied() {
        return Stream.of(
                new ProposalOutcome.NoLeader(5),
                new ProposalOutcome.Overloaded(5, 100),
                new ProposalOutcome.ReplicaFailed(5, "fsync"),
                new ProposalOutcome.OutcomeUnknown(5));
    }

    static Stream<ControlMessage> messages() {
        return Stream.of(
                        commands(),
                        replies(),
                        outcomes(),
                        Stream.of(
                                new MetadataReplica.ForwardedProposal(
                                        5, MetadataCodec.toJson(Samples.register(1, 1)), PROPOSER),
                                new MetadataFounding.Question(FOUNDER),
                                new MetadataFounding.Answer(2, true)))
                .flatMap(group -> group.map(message -> (ControlMessage) message));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void aMessageArrivesAsItWasSent(ControlMessage message) {
        Serialization serialization = SerializationExtension.get(Adapter.toClassic(KIT.system()));
        assertThat(serialization.findSerializerFor(message)).isInstanceOf(JacksonCborSerializer.class);

        assertThat(KIT.serializationTestKit().verifySerialization(message, false))
                .isEqualTo(message);
    }

    @Test
    void everyKindOfMessageIsTriedAbove() {
        assertThat(kinds(commands())).containsExactlyInAnyOrderElementsOf(sentKindsOf(ControllerCommand.class));
        assertThat(kinds(replies())).containsExactlyInAnyOrderElementsOf(sentKindsOf(ControllerReply.class));
        assertThat(kinds(results())).containsExactlyInAnyOrderElementsOf(sentKindsOf(MetadataResult.class));
        assertThat(kinds(outcomes())).containsExactlyInAnyOrderElementsOf(sentKindsOf(ProposalOutcome.class));
    }

    private static List<Class<?>> kinds(Stream<?> messages) {
        return messages.<Class<?>>map(Object::getClass).distinct().toList();
    }

    /** Without those that never leave their node. */
    private static List<Class<?>> sentKindsOf(Class<?> sealed) {
        return Arrays.stream(sealed.getPermittedSubclasses())
                .filter(kind -> kind != ControllerCommand.Internal.class && kind != ControllerCommand.Stop.class)
                .flatMap(kind -> kind.isSealed() ? sentKindsOf(kind).stream() : Stream.of(kind))
                .toList();
    }
}
