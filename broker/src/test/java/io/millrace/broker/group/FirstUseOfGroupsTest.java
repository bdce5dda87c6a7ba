package io.millrace.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import com.typesafe.config.ConfigFactory;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.TopicChanges;
import io.millrace.broker.group.state.GroupCommand;
import io.millrace.broker.group.state.GroupMachine;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.RequestRouter;
import io.millrace.broker.routing.Traffic;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.protocol.TopicName;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The topic of groups is made when it is needed for the first time, perhaps for several requests at once. */
class FirstUseOfGroupsTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            ConfigFactory.parseString("akka.actor.provider = local").withFallback(ConfigFactory.load()));
    private static final long TIMEOUT_MILLIS = 60_000;
    private static final TopicMetadata TOPIC = new TopicMetadata(TopicName.GROUPS, 1, 1, List.of(List.of(1)));

    private final TestProbe<ControllerCommand> controller = KIT.createTestProbe();
    private final TestProbe<RequestRouter.Command> router = KIT.createTestProbe();
    private volatile ClusterMetadata known = knowing(new TreeMap<>());
    private final Groups groups = new Groups(
            () -> known,
            new PartitionGateway(List.of(router.ref()), () -> 0, () -> Long.MAX_VALUE, () -> 100, Traffic.NONE),
            new TopicChanges(KIT.system(), controller.ref()),
            new GroupMachine.Limits(100, 100, 1_000));

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    private static ClusterMetadata knowing(NavigableMap<String, TopicMetadata> topics) {
        return new ClusterMetadata(
                Optional.of("cluster"), 1, OptionalInt.of(1), new TreeMap<>(), new TreeSet<>(), topics, 1);
    }

    private CompletableFuture<GroupReply.OffsetsCommitted> commit() {
        return groups.ask(
                        "readers",
                        new GroupCommand.Commit("readers", "", 0, List.of(), false),
                        GroupReply.OffsetsCommitted.class,
                        TIMEOUT_MILLIS)
                .toCompletableFuture();
    }

    private ControllerCommand.CreateTopic creation() {
        ControllerCommand.CreateTopic asked = controller.expectMessageClass(ControllerCommand.CreateTopic.class);
        assertThat(asked.name()).isEqualTo(TopicName.GROUPS);
        return asked;
    }

    @Test
    void ofTwoFirstRequestsBothReachTheCoordinatorThoughOneOnlyMadeItsTopic() {
        CompletableFuture<GroupReply.OffsetsCommitted> first = commit();
        CompletableFuture<GroupReply.OffsetsCommitted> second = commit();
        ControllerCommand.CreateTopic made = creation();
        ControllerCommand.CreateTopic tooLate = creation();
        known = knowing(new TreeMap<>(Map.of(TOPIC.name(), TOPIC)));
        made.replyTo().tell(new ControllerReply.TopicCreated(TOPIC, 1));
        tooLate.replyTo().tell(new ControllerReply.TopicExists(TOPIC.name()));

        router.receiveSeveralMessages(2); // requests to a partition of it
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
    }

    @Test
    void aBrokerThatHasNotHeardOfTheTopicYetAsksForPatience() {
        CompletableFuture<GroupReply.OffsetsCommitted> commit = commit();
        creation().replyTo().tell(new ControllerReply.TopicExists(TOPIC.name()));

        assertThatThrownBy(commit::join).rootCause().isInstanceOfSatisfying(FailureException.class, e -> assertThat(
                        e.failure())
                .isInstanceOf(Failure.CoordinatorUnavailable.class));
    }

    @Test
    void whoOnlyLooksMakesNoTopic() {
        assertThatThrownBy(groups.ask(
                                "readers",
                                new GroupCommand.Describe("readers"),
                                GroupReply.Described.class,
                                TIMEOUT_MILLIS)
                        .toCompletableFuture()::join)
                .rootCause()
                .isInstanceOfSatisfying(
                        FailureException.class, e -> assertThat(e.failure()).isInstanceOf(Failure.UnknownGroup.class));
    }
}
