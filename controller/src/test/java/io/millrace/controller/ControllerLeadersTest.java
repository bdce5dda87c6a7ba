package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import io.millrace.controller.balance.BalancerSettings;
import io.millrace.controller.balance.BrokerLoad;
import io.millrace.controller.balance.PartitionLoad;
import io.millrace.controller.balance.TopicLoad;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.partition.replica.PartitionCommand.TransferLeadership;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.TransferFailure;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A controller on broker 1 that rules three brokers with a topic of six partitions, two of them preferred on each; the replicas are
 * a probe, and time passes when the test says so.
 */
class ControllerLeadersTest {
    private static final ActorTestKit KIT =
            ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load("application-test")));
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final Duration CYCLE = Duration.ofSeconds(10);
    private static final Duration SETTLE = Duration.ofSeconds(30);
    private static final List<List<Integer>> ASSIGNMENT = List.of(
            List.of(1, 2, 3), List.of(2, 3, 1), List.of(3, 1, 2), List.of(1, 3, 2), List.of(2, 1, 3), List.of(3, 2, 1));

    private record Asked(ReplicaId replica, TransferLeadership message) {
        void handsOver() {
            message.replyTo()
                    .tell(new PartitionReply.HandedOver(
                            message.requestId(), message.target().orElseThrow()));
        }

        void refuses(TransferFailure why) {
            message.replyTo().tell(new PartitionReply.NotHandedOver(message.requestId(), why));
        }
    }

    private static final class MovableClock extends Clock {
        private volatile Instant now = Instant.parse("2026-01-02T03:04:05Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    private final class ToProbe implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            replicas.getRef().tell(new Asked(to, (TransferLeadership) message));
            return true;
        }

        @Override
        public boolean isReachable(int brokerId) {
            return true;
        }
    }

    private final TestProbe<ReplicaMessage> metadata = KIT.createTestProbe();
    private final TestProbe<Asked> replicas = KIT.createTestProbe();
    private final TestProbe<ControllerReply> asker = KIT.createTestProbe();
    private final MetadataView view = new MetadataView();
    private final BrokerLiveness liveness = new BrokerLiveness();
    private final MovableClock clock = new MovableClock();
    private final ActorRef<ControllerCommand> controller = KIT.spawn(Controller.create(
            1,
            metadata.getRef()::tell,
            new ToProbe(),
            view,
            liveness,
            Samples.configuration(() -> ControllerSettings.DEFAULT.withCycle(
                    CYCLE, Optional.of(new BalancerSettings(0.15, 2, SETTLE.toMillis(), 300_000, 15_000)))),
            () -> "c",
            clock));
    private long topicId;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void rule() {
        liveness.publish(Samples.live(1, 2, 3));
        ClusterMetadata cluster = Samples.apply(
                Samples.cluster(1, 2, 3), new MetadataCommand.CreateTopic(1, "orders", 3, ASSIGNMENT, new TreeMap<>()));
        topicId = cluster.topic("orders").orElseThrow().id();
        view.publish(new MetadataView.State(cluster, true, Optional.empty()));
        MetadataReplica.Propose claim = metadata.expectMessageClass(MetadataReplica.Propose.class);
        claim.replyTo().tell(new ProposalOutcome.Applied(claim.requestId(), 1, new MetadataResult.Claimed(1, "c")));
        assertThat(describe().phase()).isEqualTo("RULING");
    }

    @AfterEach
    void stopController() {
        KIT.stop(controller);
    }

    private ControllerReply.Description describe() {
        controller.tell(new ControllerCommand.DescribeController(asker.getRef()));
        return asker.expectMessageClass(ControllerReply.Description.class);
    }

    private void timePasses(Duration time) {
        clock.now = clock.now.plus(time);
        var unused = describe(); // so that everything before is done
        TIME.timePasses(time);
        unused = describe();
    }

    /** All brokers report; these lead the partitions, in order. */
    private void reported(Integer... leaders) {
        for (int broker = 1; broker <= 3; broker++) {
            int own = broker;
            List<PartitionLoad> led = IntStream.range(0, leaders.length)
                    .filter(partition -> leaders[partition] == own)
                    .mapToObj(partition -> new PartitionLoad(partition, 1_000, 0, 0, 0, 0))
                    .toList();
            controller.tell(
                    new ControllerCommand.ReportLoad(new BrokerLoad(broker, List.of(new TopicLoad(topicId, led)))));
        }
    }

    /** Broker 2 was restarted some time ago; then a cycle. */
    private void unevenAndCalm() {
        timePasses(CYCLE); // the brokers are noticed
        timePasses(SETTLE);
        reported(1, 1, 3, 1, 3, 3);
        timePasses(CYCLE);
    }

    private Asked next() {
        return replicas.receiveMessage();
    }

    // ------------------------------------------------------------------------------------------------- in cycles

    @Test
    void leadersGoBackToABrokerThatWasRestartedAndItIsSaidWhy() {
        timePasses(CYCLE);
        assertThat(describe().leaderBalance()).isEqualTo("waits: a broker has come or gone a short time ago");
        timePasses(SETTLE);
        replicas.expectNoMessage(Duration.ZERO);
        reported(1, 1, 3, 1, 3, 3);
        timePasses(CYCLE);

        List<Asked> both = Stream.of(next(), next()) // of two actors: in any order
                .sorted(Comparator.comparing(asked -> asked.replica().partition()))
                .toList();
        Asked first = both.get(0);
        Asked second = both.get(1);
        assertThat(first.replica()).isEqualTo(new ReplicaId("orders", topicId, 1, 1));
        assertThat(second.replica()).isEqualTo(new ReplicaId("orders", topicId, 4, 3));
        assertThat(first.message().target()).hasValue(2);
        assertThat(describe().leaderBalance()).isEqualTo("moves 2 leaders");
        first.handsOver();
        second.refuses(TransferFailure.BEHIND);
        asker.awaitAssert(() -> assertThat(describe().decisions())
                .extracting(ControllerReply.Decision::request, ControllerReply.Decision::outcome)
                .containsExactlyInAnyOrder(
                        tuple(
                                "lead orders-1 on broker 2 instead of 1: broker 1 carries 150 % of the mean, broker 2 0 %"
                                        + " and is its preferred leader",
                                "done"),
                        tuple(
                                "lead orders-4 on broker 2 instead of 3: broker 3 carries 150 % of the mean, broker 2 50 %"
                                        + " and is its preferred leader",
                                "broker 2: it has not caught up")));

        timePasses(Duration.ofMillis(1));
        reported(1, 2, 3, 1, 3, 3);
        timePasses(CYCLE);
        // What was tried is left alone, so it is another's turn, though broker 2 is not preferred there.
        assertThat(next().replica().partition()).isIn(2, 5);
    }

    @Test
    void aCycleDoesNotBeginBeforeTheMovesOfTheLastOneHaveEnded() {
        unevenAndCalm();
        Asked first = next();
        Asked second = next();
        timePasses(CYCLE.dividedBy(2));
        reported(1, 1, 3, 1, 3, 3);
        timePasses(CYCLE.dividedBy(2).minusSeconds(1)); // not so long that they are given up
        replicas.expectNoMessage(Duration.ZERO);
        first.handsOver();
        second.handsOver();
        asker.awaitAssert(() -> assertThat(describe().decisions()).hasSize(2));
        timePasses(CYCLE);
        assertThat(describe().leaderBalance())
                .as("what was said before they were moved does not count")
                .isEqualTo("waits: broker 1 has not reported its load lately");
        reported(1, 2, 3, 1, 2, 3);
        timePasses(CYCLE);
        replicas.expectNoMessage(Duration.ZERO);
        assertThat(describe().leaderBalance()).isEqualTo("even enough");
    }

    @Test
    void aBrokerThatGoesStopsIt() {
        timePasses(CYCLE);
        timePasses(SETTLE);
        liveness.publish(Samples.live(1, 3));
        reported(1, 1, 3, 1, 3, 3);
        timePasses(CYCLE);
        assertThat(describe().leaderBalance()).isEqualTo("waits: broker 2 cannot be reached");
        replicas.expectNoMessage(Duration.ZERO);
    }

    @Test
    void aControllerThatIsDeposedMovesNothing() {
        timePasses(CYCLE);
        timePasses(SETTLE);
        view.publish(new MetadataView.State(
                Samples.apply(view.current(), new MetadataCommand.ClaimController(1, 2, "c")), true, Optional.empty()));
        reported(1, 1, 3, 1, 3, 3);
        timePasses(CYCLE);
        replicas.expectNoMessage(Duration.ZERO);
        assertThat(describe().phase()).isEqualTo("DEPOSED");
    }

    // ------------------------------------------------------------------------------------------ for who asks for it

    private ControllerReply transfer(String topic, int partition, int broker) {
        controller.tell(new ControllerCommand.TransferLeader(topic, partition, broker, asker.getRef()));
        return asker.receiveMessage();
    }

    @Test
    void anAdministratorsWishGoesToWhoeverLeads() {
        controller.tell(new ControllerCommand.TransferLeader("orders", 3, 3, asker.getRef()));
        Asked preferred = next();
        assertThat(preferred.replica().brokerId()).isEqualTo(1);
        preferred
                .message()
                .replyTo()
                .tell(new PartitionReply.NotLeader(preferred.message().requestId(), OptionalInt.of(2)));
        Asked leader = next();
        assertThat(leader.replica().brokerId()).isEqualTo(2);
        leader.handsOver();
        asker.expectMessage(new ControllerReply.LeaderTransferred("orders", 3, 3));
        assertThat(describe().decisions()).first().satisfies(decision -> assertThat(decision.request())
                .isEqualTo("lead orders-3 on broker 3 instead of 1: an administrator asked for it"));
    }

    @Test
    void whoLeadsAlreadyIsNoError() {
        controller.tell(new ControllerCommand.TransferLeader("orders", 3, 1, asker.getRef()));
        next().refuses(TransferFailure.LEADS_ALREADY);
        asker.expectMessage(new ControllerReply.LeaderTransferred("orders", 3, 1));
    }

    @Test
    void whatCannotBeIsRefusedForItsReason() {
        assertThat(transfer("nothing", 0, 1)).isEqualTo(new ControllerReply.UnknownTopic("nothing"));
        assertThat(transfer("orders", 6, 1)).isEqualTo(new ControllerReply.UnknownPartition("orders", 6, 6));
        assertThat(transfer("orders", 0, 9)).isEqualTo(new ControllerReply.UnknownBroker(9));
        controller.tell(new ControllerCommand.TransferLeader("orders", 0, 2, asker.getRef()));
        next().refuses(TransferFailure.BEHIND);
        asker.expectMessage(new ControllerReply.LeaderNotTransferred("orders", 0, 2, TransferFailure.BEHIND));
    }

    @Test
    void aLeaderThatDoesNotAnswerIsNotWaitedForForEver() {
        controller.tell(new ControllerCommand.TransferLeader("orders", 0, 2, asker.getRef()));
        var unused = next();
        TIME.timePasses(Duration.ofSeconds(10));
        asker.expectMessage(new ControllerReply.LeaderNotTransferred("orders", 0, 2, TransferFailure.NO_ANSWER));
    }

    @Test
    void theWholePlanIsToldAndInADryRunThatIsAll() {
        reported(1, 1, 3, 1, 3, 3);
        timePasses(Duration.ofMillis(1));
        controller.tell(new ControllerCommand.RebalanceLeaders(true, asker.getRef()));
        ControllerReply.LeadersPlanned plan = asker.expectMessageClass(ControllerReply.LeadersPlanned.class);
        assertThat(plan.moves()).hasSize(2).allMatch(move -> move.to() == 2);
        assertThat(plan.carriedAfter()).containsOnlyKeys(1, 2, 3).allSatisfy((broker, carried) -> assertThat(carried)
                .isCloseTo(1, within(1e-9)));
        replicas.expectNoMessage(Duration.ZERO);

        controller.tell(new ControllerCommand.RebalanceLeaders(false, asker.getRef()));
        asker.expectMessageClass(ControllerReply.LeadersPlanned.class);
        next().handsOver();
        next().handsOver();
        asker.awaitAssert(() -> assertThat(describe().decisions()).hasSize(2));
    }
}
