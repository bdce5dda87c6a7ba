package io.millrace.controller;

import static io.millrace.controller.Samples.broker;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import io.millrace.controller.metadata.Applied;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.ReplicaMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A controller on broker 1, with a metadata group that does what the test says, when it says so. */
class ControllerTest {
    private static final ActorTestKit KIT =
            ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load("application-test")));
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final ControllerSettings SETTINGS = new ControllerSettings(
            100,
            3,
            Duration.ofSeconds(60),
            SECOND,
            Duration.ofSeconds(4),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            4,
            Duration.ofSeconds(10),
            Optional.empty(),
            new ControllerSettings.Moves(SECOND, 2, Duration.ofSeconds(10), false, Set.of(1)));

    private volatile ControllerSettings settings = SETTINGS;
    private final BrokerConfiguration configuration = Samples.configuration(() -> settings);
    private volatile Instant now = NOW;
    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };

    private final TestProbe<ReplicaMessage> metadata = KIT.createTestProbe();
    private final TestProbe<ControllerReply> asker = KIT.createTestProbe();
    private final MetadataView view = new MetadataView();
    private final BrokerLiveness liveness = new BrokerLiveness();

    /** What the group has committed; {@link #view} may lag behind. */
    private ClusterMetadata committed = ClusterMetadata.EMPTY;

    private final ActorRef<ControllerCommand> controller = KIT.spawn(Controller.create(
            1, metadata.getRef()::tell, NoReplicas.INSTANCE, view, liveness, configuration, () -> "c", clock));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    /** So that its timers do not fire in the next test. */
    @AfterEach
    void stopController() {
        KIT.stop(controller);
    }

    // Claiming.

    @Test
    void itClaimsTheClusterWhenItStarts() {
        assertThat(nextProposal().command()).isEqualTo(new MetadataCommand.ClaimController(0, 1, "c"));
    }

    @Test
    void withoutAMetadataLeaderItClaimsAgainLessAndLessOften() {
        for (Duration delay :
                new Duration[] {SECOND, SECOND.multipliedBy(2), SECOND.multipliedBy(4), SECOND.multipliedBy(4)}) {
            MetadataReplica.Propose claim = nextProposal();
            assertThat(claim.command()).isInstanceOf(MetadataCommand.ClaimController.class);
            claim.replyTo().tell(new ProposalOutcome.NoLeader(claim.requestId()));
            awaitHandled();
            TIME.expectNoMessageFor(delay.minusMillis(1), metadata);
            TIME.timePasses(Duration.ofMillis(1));
        }
        nextProposal();
    }

    @Test
    void aClaimThatNobodyAnswersIsMadeAgain() {
        MetadataReplica.Propose lost = nextProposal();
        awaitHandled();
        TIME.timePasses(SETTINGS.claimTimeout());
        TIME.timePasses(SECOND);
        MetadataReplica.Propose again = nextProposal();

        // An answer to the first does not count any more.
        lost.replyTo().tell(new ProposalOutcome.NoLeader(lost.requestId()));
        commit(again);
        assertThat(describe().phase()).isEqualTo("RULING");
    }

    @Test
    void aClaimThatCameTooLateIsMadeAgainForTheNextEpoch() {
        commit(new MetadataCommand.ClaimController(0, 2, "c"));
        view.publish(new MetadataView.State(ClusterMetadata.EMPTY, false, Optional.empty())); // knows nothing of it
        commit(nextProposal());
        TIME.timePasses(SECOND);

        MetadataReplica.Propose again = nextProposal();
        assertThat(again.command()).isEqualTo(new MetadataCommand.ClaimController(1, 1, "c"));
        commit(again);
        assertThat(describe().epoch()).isEqualTo(2);
    }

    @Test
    void requestsWaitUntilItRules() {
        create("orders", 10_000);
        MetadataReplica.Propose claim = nextProposal();
        awaitHandled();
        metadata.expectNoMessage();

        commit(claim);
        register(2);
        assertThat(asker.expectMessageClass(ControllerReply.Unavailable.class).problem())
                .contains("no registered broker");
    }

    @Test
    void itRulesOnlyWhenItsOwnClaimIsAppliedOnItsBroker() {
        create("orders", 10_000);
        MetadataReplica.Propose claim = nextProposal();
        commitElsewhere(claim);
        awaitHandled();
        asker.expectNoMessage();

        publish();
        asker.expectMessageClass(ControllerReply.Unavailable.class);
    }

    @Test
    void requestsThatWaitTooLongAreSurelyNotDone() {
        create("orders", 2_000);
        awaitHandled();
        TIME.timePasses(Duration.ofSeconds(2));

        asker.expectMessageClass(ControllerReply.Unavailable.class);
        commit(nextClaim());
        metadata.expectNoMessage();
    }

    @Test
    void requestsBeyondTheLimitAreRefusedAtOnce() {
        for (int i = 0; i < SETTINGS.requestsWaitingMax(); i++) {
            create("topic" + i, 10_000);
        }
        awaitHandled();
        asker.expectNoMessage();
        create("one-more", 10_000);

        asker.expectMessageClass(ControllerReply.Unavailable.class);
    }

    // Ruling.

    @Test
    void aTopicIsCreatedWhenItIsCommitted() {
        rule(1, 2, 3);
        create("orders", 10_000);
        MetadataReplica.Propose proposal = nextProposal();
        awaitHandled();
        asker.expectNoMessage();

        commit(proposal);
        TopicMetadata topic = committed.topic("orders").orElseThrow();
        asker.expectMessage(new ControllerReply.TopicCreated(topic, committed.appliedIndex()));
        assertThat(topic.partitionCount()).isEqualTo(2);
    }

    @Test
    void ofTwoRequestsForTheSameTopicOneWins() {
        rule(1, 2, 3);
        create("orders", 10_000);
        create("orders", 10_000);
        commit(nextProposal());

        asker.expectMessageClass(ControllerReply.TopicCreated.class);
        asker.expectMessage(new ControllerReply.TopicExists("orders"));
        metadata.expectNoMessage();
    }

    @Test
    void theNextDecisionWaitsUntilTheLastOneIsKnownHere() {
        rule(1, 2, 3);
        create("first", 10_000);
        create("second", 10_000);
        commitElsewhere(nextProposal());
        asker.expectMessageClass(ControllerReply.TopicCreated.class);
        awaitHandled();
        metadata.expectNoMessage();

        publish();
        commit(nextProposal());
        asker.expectMessageClass(ControllerReply.TopicCreated.class);
    }

    @Test
    void aTopicIsDeleted() {
        rule(1);
        create("orders", 10_000);
        commit(nextProposal());
        asker.expectMessageClass(ControllerReply.TopicCreated.class);
        controller.tell(new ControllerCommand.DeleteTopic("orders", 10_000, asker.getRef()));
        commit(nextProposal());

        assertThat(asker.expectMessageClass(ControllerReply.TopicDeleted.class).name())
                .isEqualTo("orders");
        assertThat(committed.topics()).isEmpty();
    }

    @Test
    void whatCouldNotBeProposedIsProposedAgainWhileItsAskerHasTime() {
        rule(1, 2, 3);
        create("orders", 10_000);
        MetadataReplica.Propose proposal = nextProposal();
        proposal.replyTo().tell(new ProposalOutcome.NoLeader(proposal.requestId()));
        awaitHandled();
        TIME.timePasses(SECOND);
        proposal = nextProposal();
        proposal.replyTo().tell(new ProposalOutcome.Overloaded(proposal.requestId(), 1));
        awaitHandled();
        TIME.timePasses(SECOND.multipliedBy(2));
        commit(nextProposal());

        asker.expectMessageClass(ControllerReply.TopicCreated.class);
    }

    @Test
    void whatNeverCouldBeProposedIsSurelyNotDone() {
        rule(1, 2, 3);
        create("orders", 500);
        MetadataReplica.Propose proposal = nextProposal();
        proposal.replyTo().tell(new ProposalOutcome.NoLeader(proposal.requestId()));
        awaitHandled();
        TIME.timePasses(SECOND);

        asker.expectMessageClass(ControllerReply.Unavailable.class);
        metadata.expectNoMessage();
    }

    @Test
    void theOutcomeOfAProposalThatIsNotAnsweredInTimeIsUnknown() {
        rule(1, 2, 3);
        create("orders", 10_000);
        MetadataReplica.Propose proposal = nextProposal();
        awaitHandled();
        TIME.timePasses(Duration.ofSeconds(10));
        asker.expectMessage(new ControllerReply.OutcomeUnknown());

        // It was done after all; the asker has its answer already.
        commit(proposal);
        create("orders", 10_000);
        asker.expectMessage(new ControllerReply.TopicExists("orders"));
    }

    @Test
    void theOutcomeIsUnknownWhenTheMetadataLeaderIsLost() {
        rule(1, 2, 3);
        create("orders", 10_000);
        MetadataReplica.Propose proposal = nextProposal();
        proposal.replyTo().tell(new ProposalOutcome.OutcomeUnknown(proposal.requestId()));

        asker.expectMessage(new ControllerReply.OutcomeUnknown());
    }

    @Test
    void aFailedReplicaIsTold() {
        rule(1, 2, 3);
        create("orders", 10_000);
        MetadataReplica.Propose proposal = nextProposal();
        proposal.replyTo().tell(new ProposalOutcome.ReplicaFailed(proposal.requestId(), "fsync failed"));

        assertThat(asker.expectMessageClass(ControllerReply.Unavailable.class).problem())
                .contains("fsync failed");
    }

    // The end of a reign.

    @Test
    void aControllerThatLearnsOfALaterEpochStopsRuling() {
        rule(1, 2, 3);
        create("orders", 10_000);
        create("waiting", 10_000);
        MetadataReplica.Propose proposal = nextProposal();
        commit(new MetadataCommand.ClaimController(1, 2, "c"));

        asker.expectMessage(new ControllerReply.OutcomeUnknown());
        asker.expectMessageClass(ControllerReply.Unavailable.class);
        assertThat(describe().phase()).isEqualTo("DEPOSED");
        commit(proposal);
        assertThat(committed.topics()).isEmpty();
    }

    @Test
    void aControllerWhoseCommandIsRefusedAsStaleStopsRulingThoughItsBrokerKnowsNothingYet() {
        rule(1, 2, 3);
        committed = committed
                .apply(committed.appliedIndex() + 1, new MetadataCommand.ClaimController(1, 2, "c"))
                .next();
        create("orders", 10_000);
        commitElsewhere(nextProposal());

        asker.expectMessageClass(ControllerReply.Unavailable.class);
        create("orders", 10_000);
        asker.expectMessageClass(ControllerReply.Unavailable.class);
        metadata.expectNoMessage();
    }

    @Test
    void aDeposedControllerThatIsNotReplacedClaimsAgain() {
        rule(1, 2, 3);
        commit(new MetadataCommand.ClaimController(1, 2, "c"));
        assertThat(describe().phase()).isEqualTo("DEPOSED");
        TIME.expectNoMessageFor(SETTINGS.deposedPause().minusMillis(1), metadata);
        TIME.timePasses(Duration.ofMillis(1));

        commit(nextProposal());
        assertThat(describe().phase()).isEqualTo("RULING");
        assertThat(describe().epoch()).isEqualTo(3);
    }

    @Test
    void whenItMovesEveryAskerIsAnswered() {
        rule(1, 2, 3);
        create("orders", 10_000);
        create("waiting", 10_000);
        nextProposal();
        controller.tell(ControllerCommand.Stop.INSTANCE);

        asker.expectMessage(new ControllerReply.OutcomeUnknown());
        asker.expectMessageClass(ControllerReply.Unavailable.class);
        asker.expectTerminated(controller);
    }

    // Moving replicas.

    /** On brokers 1, 2 and 3, with three partitions on 1 and 2. */
    private void ruleWithOrders() {
        rule(1, 2, 3);
        awaitHandled();
        commit(new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 2), List.of(1, 2), List.of(2, 1))));
    }

    private void drain(int broker) {
        controller.tell(
                new ControllerCommand.SetBrokerState(broker, BrokerState.DRAINING, false, 10_000, asker.getRef()));
    }

    private MetadataCommand.ReassignPartitions nextMoves(MetadataReplica.Propose proposal) {
        return (MetadataCommand.ReassignPartitions) proposal.command();
    }

    /** That broker's replica says so, as it would over and over. */
    private void reportMoved(int partition) {
        TopicMetadata orders = committed.topic("orders").orElseThrow();
        controller.tell(new ControllerCommand.CompleteReassignments(
                List.of(new MetadataCommand.PartitionReassigned(
                        "orders",
                        orders.id(),
                        partition,
                        orders.reassignment(partition).orElseThrow().index())),
                10_000,
                asker.getRef()));
    }

    private void passSeconds(int seconds) {
        for (int i = 0; i < seconds; i++) {
            now = now.plus(SECOND);
            TIME.timePasses(SECOND);
            awaitHandled();
        }
    }

    @Test
    void aDrainMovesAFewPartitionsAtATimeUntilTheBrokerIsEmpty() {
        ruleWithOrders();
        drain(2);
        commit(nextProposal());
        assertThat(asker.expectMessageClass(ControllerReply.MovePlan.class).moves())
                .hasSize(3);

        MetadataReplica.Propose first = nextProposal();
        assertThat(nextMoves(first).partitions()).hasSize(2);
        commit(first);
        awaitHandled();
        metadata.expectNoMessage();

        for (int partition : new int[] {1, 0}) {
            reportMoved(partition);
            commit(nextProposal());
            asker.expectMessageClass(ControllerReply.Changed.class);
            if (partition == 1) {
                commit(nextProposal()); // the third takes the place of the first that is done
            }
        }
        reportMoved(2);
        commit(nextProposal());
        asker.expectMessageClass(ControllerReply.Changed.class);
        assertThat(committed.replicasOn(2)).isZero();
        passSeconds(3);
        metadata.expectNoMessage();
        assertThat(describe().decisions())
                .anySatisfy(decision -> assertThat(decision.request()).contains("broker 2 is drained"));
    }

    @Test
    void moreIsMovedAtATimeFromTheLookOnAtWhichTheSettingsSaySo() {
        ruleWithOrders();
        commit(new MetadataCommand.SetBrokerState(1, 2, BrokerState.DRAINING));
        awaitHandled();
        passSeconds(1);
        MetadataReplica.Propose first = nextProposal();
        assertThat(nextMoves(first).partitions()).hasSize(2);
        commit(first);
        awaitHandled();
        passSeconds(1);
        metadata.expectNoMessage();

        settings =
                SETTINGS.withMoves(new ControllerSettings.Moves(SECOND, 3, Duration.ofSeconds(10), false, Set.of(1)));
        passSeconds(1);
        assertThat(nextMoves(nextProposal()).partitions()).hasSize(1);
    }

    @Test
    void theNextControllerGoesOnWithADrain() {
        ruleWithOrders();
        commit(new MetadataCommand.SetBrokerState(1, 2, BrokerState.DRAINING));
        awaitHandled();
        passSeconds(1);
        MetadataReplica.Propose lost = nextProposal(); // this controller's last words
        assertThat(nextMoves(lost).partitions()).hasSize(2);
        KIT.stop(controller);

        ActorRef<ControllerCommand> next = KIT.spawn(Controller.create(
                3, metadata.getRef()::tell, NoReplicas.INSTANCE, view, liveness, configuration, () -> "c", clock));
        commit(nextClaim());
        MetadataReplica.Propose again = nextProposal();
        assertThat(again.command().epoch()).isEqualTo(2);
        assertThat(nextMoves(again).partitions()).isEqualTo(nextMoves(lost).partitions());
        KIT.stop(next);
    }

    @Test
    void movesWhoseOutcomeNobodyTellsAreLookedAtAgain() {
        ruleWithOrders();
        commit(new MetadataCommand.SetBrokerState(1, 2, BrokerState.DRAINING));
        awaitHandled();
        passSeconds(1);
        nextProposal();
        passSeconds(4);
        metadata.expectNoMessage();
        passSeconds(1);
        assertThat(nextMoves(nextProposal()).partitions()).hasSize(2);
    }

    @Test
    void withoutAMajorityOfTheMetadataNothingIsMovedAndLaterItIs() {
        ruleWithOrders();
        commit(new MetadataCommand.SetBrokerState(1, 2, BrokerState.DRAINING));
        awaitHandled();
        passSeconds(1);
        MetadataReplica.Propose refused = nextProposal();
        refused.replyTo().tell(new ProposalOutcome.NoLeader(refused.requestId()));
        awaitHandled();
        passSeconds(1);
        assertThat(nextMoves(nextProposal()).partitions()).hasSize(2);
    }

    private ControllerReply.ReplicasPlanned rebalance(
            ActorRef<ControllerCommand> asked, ControllerCommand.RebalanceReplicas.Mode mode) {
        asked.tell(new ControllerCommand.RebalanceReplicas(mode, 10_000, asker.getRef()));
        if (mode != ControllerCommand.RebalanceReplicas.Mode.DRY_RUN) {
            MetadataReplica.Propose proposal = nextProposal();
            assertThat(proposal.command()).isInstanceOf(MetadataCommand.SetRebalancing.class);
            commit(proposal);
        }
        return asker.expectMessageClass(ControllerReply.ReplicasPlanned.class);
    }

    @Test
    void replicasAreEvenedOutAFewAtATimeAndTheNextControllerGoesOnUntilItIsStopped() {
        ruleWithOrders();
        commit(new MetadataCommand.CreateTopic(
                1,
                "more",
                2,
                List.of(List.of(1, 2), List.of(1, 2), List.of(2, 1), List.of(2, 1), List.of(1, 2), List.of(2, 1))));
        ControllerReply.ReplicasPlanned plan = rebalance(controller, ControllerCommand.RebalanceReplicas.Mode.DRY_RUN);
        assertThat(plan.moves()).hasSize(6);
        assertThat(plan.advised()).isTrue();
        passSeconds(1);
        metadata.expectNoMessage();

        assertThat(rebalance(controller, ControllerCommand.RebalanceReplicas.Mode.BEGIN)
                        .moves())
                .isEqualTo(plan.moves());
        MetadataReplica.Propose first = nextProposal();
        assertThat(nextMoves(first).partitions())
                .hasSize(2)
                .allMatch(move -> move.cause() == ReassignmentCause.BALANCE
                        && move.target().contains(3));
        commit(first);
        passSeconds(2);
        metadata.expectNoMessage();
        KIT.stop(controller);

        ActorRef<ControllerCommand> next = KIT.spawn(Controller.create(
                3, metadata.getRef()::tell, NoReplicas.INSTANCE, view, liveness, configuration, () -> "c", clock));
        commit(nextClaim());
        long begun = committed.appliedIndex() - 1;
        commit(new MetadataCommand.CompleteReassignments(
                2,
                nextMoves(first).partitions().stream()
                        .map(done -> new MetadataCommand.PartitionReassigned(
                                done.topic(), done.topicId(), done.partition(), begun))
                        .toList()));
        assertThat(describe(next).replicaBalance()).isEqualTo("moves replicas");
        assertThat(rebalance(next, ControllerCommand.RebalanceReplicas.Mode.DRY_RUN)
                        .underWay())
                .isTrue();
        for (int i = 0; i <= SETTINGS.cycle().toSeconds(); i++) {
            now = now.plus(SECOND);
            TIME.timePasses(SECOND);
            describe(next);
        }
        MetadataReplica.Propose more = nextProposal();
        assertThat(nextMoves(more).partitions())
                .as("though nothing was under way")
                .hasSize(2);
        commit(more);

        rebalance(next, ControllerCommand.RebalanceReplicas.Mode.STOP);
        assertThat(describe(next).replicaBalance()).doesNotContain("moves replicas");
        MetadataReplica.Propose back = nextProposal();
        assertThat(nextMoves(back).partitions())
                .hasSize(2)
                .extracting(move -> move.target())
                .isEqualTo(nextMoves(more).partitions().stream()
                        .map(move -> committed.topic(move.topic()).orElseThrow().replicas(move.partition()))
                        .toList());
        commit(back);
        now = now.plus(SECOND);
        TIME.timePasses(SECOND);
        metadata.expectNoMessage();
        KIT.stop(next);
    }

    @Test
    void withAutoUnevenReplicasAreMovedWhenTheyHaveBeenSoForAWhile() {
        ControllerSettings.Moves moves = SETTINGS.moves();
        KIT.stop(controller);
        nextClaim();
        ActorRef<ControllerCommand> automatic = KIT.spawn(Controller.create(
                1,
                metadata.getRef()::tell,
                NoReplicas.INSTANCE,
                view,
                liveness,
                Samples.configuration(() -> SETTINGS.withMoves(new ControllerSettings.Moves(
                        moves.lookEvery(), moves.perBrokerMax(), moves.replacementDelay(), true, Set.of(1)))),
                () -> "c",
                clock));
        commit(nextClaim());
        for (int broker = 1; broker <= 3; broker++) {
            commit(Samples.register(1, broker));
        }
        liveness.publish(Samples.live(1, 2, 3));
        commit(new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 2), List.of(1, 2), List.of(2, 1))));
        long cycles = 6 * SETTINGS.cycle().toSeconds();
        for (int i = 0; i < cycles - 1; i++) {
            now = now.plus(SECOND);
            TIME.timePasses(SECOND);
        }
        metadata.expectNoMessage();
        for (int i = 0; i < 2; i++) {
            now = now.plus(SECOND);
            TIME.timePasses(SECOND);
        }
        MetadataReplica.Propose begin = nextProposal();
        assertThat(begin.command()).isEqualTo(new MetadataCommand.SetRebalancing(1, true));
        commit(begin);
        describe(automatic);
        now = now.plus(SECOND);
        TIME.timePasses(SECOND);
        assertThat(nextMoves(nextProposal()).partitions()).hasSize(2);
        KIT.stop(automatic);
    }

    @Test
    void replicasOfABrokerThatStaysAwayAreMadeAnew() {
        ruleWithOrders();
        commit(new MetadataCommand.CreateTopic(1, "safe", 3, List.of(List.of(1, 2, 3))));
        register(4);
        commit(nextProposal());
        asker.expectMessageClass(ControllerReply.BrokerRegistered.class);
        liveness.publish(Samples.live(1, 3, 4));
        passSeconds(10);
        metadata.expectNoMessage();
        passSeconds(1);
        MetadataCommand.ReassignPartitions moves = nextMoves(nextProposal());
        assertThat(moves.partitions())
                .as("of orders, no majority is left")
                .containsExactly(new MetadataCommand.PartitionTarget(
                        "safe",
                        committed.topic("safe").orElseThrow().id(),
                        0,
                        List.of(1, 4, 3),
                        ReassignmentCause.LOSS));
    }

    // Inspection.

    @Test
    void itTellsWhatItDecidedAndWhy() {
        assertThat(describe().phase()).isEqualTo("CLAIMING");
        rule(1);
        create("a/b", 10_000);
        asker.expectMessageClass(ControllerReply.InvalidTopicName.class);
        ControllerReply.Description description = describe();

        assertThat(description.epoch()).isEqualTo(1);
        assertThat(description.brokerId()).isEqualTo(1);
        assertThat(description.since()).contains(NOW);
        assertThat(description.decisions()).hasSize(2);
        assertThat(description.decisions().get(0).request()).contains("create topic a/b");
        assertThat(description.decisions().get(0).outcome()).contains("refused: the name 'a/b'");
        for (int i = 0; i < SETTINGS.decisionsKept(); i++) {
            create("__" + i, 10_000);
            asker.receiveMessage();
        }
        assertThat(describe().decisions()).hasSize(SETTINGS.decisionsKept());
    }

    private void create(String topic, long timeoutMillis) {
        controller.tell(
                new ControllerCommand.CreateTopic(topic, 2, 1, List.of(), Map.of(), timeoutMillis, asker.getRef()));
    }

    private void register(int broker) {
        controller.tell(new ControllerCommand.RegisterBroker(
                Optional.empty(), "member-" + broker, broker(broker), 10_000, asker.getRef()));
    }

    /** Claimed, and these brokers are registered and alive. */
    private void rule(int... brokers) {
        commit(nextClaim());
        for (int broker : brokers) {
            register(broker);
            commit(nextProposal());
            asker.expectMessage(new ControllerReply.BrokerRegistered("c", committed.appliedIndex()));
        }
        liveness.publish(Samples.live(brokers));
    }

    private MetadataReplica.Propose nextProposal() {
        return metadata.expectMessageClass(MetadataReplica.Propose.class);
    }

    private MetadataReplica.Propose nextClaim() {
        MetadataReplica.Propose proposal = nextProposal();
        assertThat(proposal.command()).isInstanceOf(MetadataCommand.ClaimController.class);
        return proposal;
    }

    /** Applied here first and then answered, as on a broker that leads the metadata. */
    private void commit(MetadataReplica.Propose proposal) {
        Applied applied = committed.apply(committed.appliedIndex() + 1, proposal.command());
        committed = applied.next();
        publish();
        answer(proposal, applied);
    }

    /** Answered, but this broker has not heard of it yet. */
    private void commitElsewhere(MetadataReplica.Propose proposal) {
        Applied applied = committed.apply(committed.appliedIndex() + 1, proposal.command());
        committed = applied.next();
        answer(proposal, applied);
    }

    /** Somebody else's command. */
    private void commit(MetadataCommand command) {
        committed = committed.apply(committed.appliedIndex() + 1, command).next();
        publish();
    }

    private void answer(MetadataReplica.Propose proposal, Applied applied) {
        proposal.replyTo()
                .tell(new ProposalOutcome.Applied(
                        proposal.requestId(), applied.next().appliedIndex(), applied.result()));
    }

    private void publish() {
        view.publish(new MetadataView.State(committed, true, Optional.empty()));
    }

    /** Time may pass only when the controller has set its timers. */
    private void awaitHandled() {
        describe();
    }

    private ControllerReply.Description describe() {
        return describe(controller);
    }

    private static ControllerReply.Description describe(ActorRef<ControllerCommand> described) {
        TestProbe<ControllerReply> inspector = KIT.createTestProbe();
        described.tell(new ControllerCommand.DescribeController(inspector.getRef()));
        return inspector.expectMessageClass(ControllerReply.Description.class);
    }
}
