package io.millrace.controller;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.cluster;
import static io.millrace.controller.Samples.live;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import akka.actor.typed.ActorRef;
import io.millrace.controller.ControllerDecisions.Answer;
import io.millrace.controller.ControllerDecisions.Decision;
import io.millrace.controller.ControllerDecisions.Submit;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataCommand.PartitionTarget;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Everything that can be wrong about a wish to move replicas. */
class MoveDecisionsTest {
    private static final ActorRef<ControllerReply> ANYONE =
            TestInbox.<ControllerReply>create().getRef();
    private static final LiveBrokers ALL = live(1, 2, 3, 4);

    private final ControllerDecisions decisions =
            new ControllerDecisions(100, Set.of(1, 2, 3), Samples.configuration(() -> ControllerSettings.DEFAULT));
    /** Topic orders, 5: partitions 0 on 1, 2, 3 and 1 on 2, 3, 1. */
    private final ClusterMetadata metadata = apply(
            cluster(1, 2, 3, 4),
            new MetadataCommand.CreateTopic(1, "orders", 3, List.of(List.of(1, 2, 3), List.of(2, 3, 1))));

    private Decision reassign(ClusterMetadata known, boolean dryRun, ControllerCommand.Destination... to) {
        return decisions.decide(
                new ControllerCommand.ReassignPartitions(List.of(to), dryRun, 1, ANYONE),
                known,
                ALL,
                () -> ReplicaWeights.ALIKE);
    }

    private static ControllerCommand.Destination to(String topic, int partition, Integer... brokers) {
        return new ControllerCommand.Destination(topic, partition, List.of(brokers));
    }

    private Decision drain(ClusterMetadata known, LiveBrokers live, int broker, boolean dryRun) {
        return decisions.decide(
                new ControllerCommand.SetBrokerState(broker, BrokerState.DRAINING, dryRun, 1, ANYONE),
                known,
                live,
                () -> ReplicaWeights.ALIKE);
    }

    private Decision unregister(ClusterMetadata known, LiveBrokers live, int broker) {
        return decisions.decide(
                new ControllerCommand.UnregisterBroker(broker, 1, ANYONE), known, live, () -> ReplicaWeights.ALIKE);
    }

    private static ControllerReply answer(Decision decision) {
        return ((Answer) decision).reply();
    }

    private static String problem(Decision decision) {
        return ((ControllerReply.Refused) answer(decision)).problem();
    }

    // Reassigning.

    @Test
    void aReassignmentIsPlannedAndSubmitted() {
        Submit submit = (Submit) reassign(metadata, false, to("orders", 0, 1, 2, 4));
        assertThat(submit.command())
                .isEqualTo(new MetadataCommand.ReassignPartitions(
                        1,
                        List.of(new PartitionTarget("orders", 6, 0, List.of(1, 2, 4), ReassignmentCause.REQUESTED))));
        ControllerReply.MovePlan plan = (ControllerReply.MovePlan) submit.plan().orElseThrow();
        assertThat(plan.moves()).hasSize(1);
        assertThat(plan.before()).isEqualTo(Map.of(1, 2, 2, 2, 3, 2, 4, 0));
        assertThat(plan.after()).isEqualTo(Map.of(1, 2, 2, 2, 3, 1, 4, 1));
        assertThat(answer(reassign(metadata, true, to("orders", 0, 1, 2, 4))))
                .as("only said")
                .isEqualTo(plan);
    }

    @Test
    void aPartitionKeepsSoManyReplicasAsItsTopicAsksForInSync() {
        ClusterMetadata asking = apply(
                metadata,
                new MetadataCommand.AlterTopic(
                        1, "orders", 6, new TreeMap<>(Map.of("min.insync.replicas", "2")), List.of()));
        assertThat(answer(reassign(asking, true, to("orders", 0, 1, 2)))).isInstanceOf(ControllerReply.MovePlan.class);
        assertThat(problem(reassign(asking, true, to("orders", 0, 1))))
                .isEqualTo("orders-0: min.insync.replicas is 2, more than there are replicas: 1");
    }

    @Test
    void whatDoesNotExistIsRefused() {
        assertThat(answer(reassign(metadata, false, to("nothing", 0, 1))))
                .isEqualTo(new ControllerReply.UnknownTopic("nothing"));
        assertThat(answer(reassign(metadata, false, to("orders", 2, 1))))
                .isEqualTo(new ControllerReply.UnknownPartition("orders", 2, 2));
        assertThat(answer(reassign(metadata, false, to("orders", -1, 1))))
                .isEqualTo(new ControllerReply.UnknownPartition("orders", -1, 2));
        assertThat(answer(reassign(metadata, false, to("orders", 0, 1, 2, 9))))
                .isEqualTo(new ControllerReply.UnknownBroker(9));
    }

    @Test
    void oneBrokerTwiceIsRefusedAndSoAreMoreReplicasThanBrokers() {
        assertThat(problem(reassign(metadata, false, to("orders", 0, 1, 2, 2)))).contains("two replicas on broker 2");
        assertThat(problem(reassign(metadata, false, to("orders", 0, 1, 2, 3, 4, 1))))
                .contains("two replicas on broker 1");
        assertThat(reassign(metadata, false, to("orders", 0, 1, 2, 3, 4)))
                .as("all there are")
                .isInstanceOf(Submit.class);
    }

    @Test
    void onePartitionTwiceIsRefused() {
        assertThat(problem(reassign(metadata, false, to("orders", 0, 1), to("orders", 0, 2))))
                .contains("named twice");
    }

    @Test
    void aBrokerThatIsDrainedOrCannotBeReachedGetsNothing() {
        ClusterMetadata draining = apply(metadata, new MetadataCommand.SetBrokerState(1, 4, BrokerState.DRAINING));
        assertThat(problem(reassign(draining, false, to("orders", 0, 1, 2, 4)))).contains("broker 4 is drained");
        assertThat(problem(decisions.decide(
                        new ControllerCommand.ReassignPartitions(List.of(to("orders", 0, 1, 2, 4)), false, 1, ANYONE),
                        metadata,
                        live(1, 2, 3),
                        () -> ReplicaWeights.ALIKE)))
                .contains("broker 4 cannot be reached");
    }

    @Test
    void whatHasNoMajorityUpCannotBeMovedButItsMoveCanBeUndone() {
        ControllerCommand.ReassignPartitions away =
                new ControllerCommand.ReassignPartitions(List.of(to("orders", 0, 1, 4)), false, 1, ANYONE);
        assertThat(decisions.decide(away, metadata, live(1, 3, 4), () -> ReplicaWeights.ALIKE))
                .as("a majority can move it away from who is lost")
                .isInstanceOf(Submit.class);
        assertThat(problem(decisions.decide(away, metadata, live(1, 4), () -> ReplicaWeights.ALIKE)))
                .isEqualTo(
                        "orders-0 is on brokers [1, 2, 3], of which no majority can be reached, and nobody else can move it:"
                                + " start them first");
        ClusterMetadata moving = apply(metadata, ((Submit) reassign(metadata, false, to("orders", 0, 1, 4))).command());
        assertThat(decisions.decide(
                        new ControllerCommand.ReassignPartitions(List.of(to("orders", 0)), false, 1, ANYONE),
                        moving,
                        live(1, 4),
                        () -> ReplicaWeights.ALIKE))
                .isInstanceOf(Submit.class);
    }

    @Test
    void ofSeveralThatAreAskedForAllAreDoneOrNone() {
        assertThat(answer(reassign(metadata, false, to("orders", 0, 1, 2, 4), to("orders", 1, 9))))
                .isEqualTo(new ControllerReply.UnknownBroker(9));
    }

    @Test
    void whatIsUnderWayIsUndoneByCancelling() {
        assertThat(problem(reassign(metadata, false, to("orders", 0)))).contains("not being moved");
        ClusterMetadata moving =
                apply(metadata, ((Submit) reassign(metadata, false, to("orders", 0, 1, 2, 4))).command());
        Submit cancel = (Submit) reassign(moving, false, to("orders", 0));
        ClusterMetadata cancelled = apply(moving, cancel.command());
        assertThat(cancelled.topic("orders").orElseThrow().wanted(0)).containsExactly(1, 2, 3);
    }

    @Test
    void ofTwoPlansForAPartitionTheLaterOneCounts() {
        ClusterMetadata moving =
                apply(metadata, ((Submit) reassign(metadata, false, to("orders", 0, 1, 2, 4))).command());
        Submit other = (Submit) reassign(moving, false, to("orders", 0, 4, 2, 3));
        ClusterMetadata changed = apply(moving, other.command());
        assertThat(changed.topic("orders").orElseThrow().wanted(0)).containsExactly(4, 2, 3);
        assertThat(answer(reassign(changed, false, to("orders", 0, 4, 2, 3))))
                .as("asked for again")
                .isInstanceOfSatisfying(ControllerReply.MovePlan.class, plan -> assertThat(plan.moves())
                        .isEmpty());
    }

    // Draining.

    @Test
    void aDrainIsAMarkAndItsMovesAreTold() {
        Submit submit = (Submit) drain(metadata, ALL, 3, false);
        assertThat(submit.command()).isEqualTo(new MetadataCommand.SetBrokerState(1, 3, BrokerState.DRAINING));
        assertThat(submit.plan().orElseThrow().moves())
                .extracting(ReplicaMove::toString)
                .containsExactly(
                        "orders-0 from 1,2,3 to 1,2,4: broker 3 is drained",
                        "orders-1 from 2,3,1 to 2,4,1: broker 3 is drained");
        assertThat(drain(metadata, ALL, 3, true)).isInstanceOf(Answer.class);
    }

    @Test
    void aDrainThatWouldLeaveTooFewBrokersIsRefused() {
        assertThat(problem(drain(metadata, live(1, 2, 3), 3, false)))
                .isEqualTo("broker 3 cannot be drained: orders-0, orders-1: 3 replicas, and no other broker for"
                        + " that on broker 3");
        ClusterMetadata one = apply(metadata, new MetadataCommand.SetBrokerState(1, 4, BrokerState.DRAINING));
        assertThat(problem(drain(one, ALL, 3, true))).contains("cannot be drained");
    }

    @Test
    void ofManyPartitionsThatCannotBeMovedTheFirstAreNamed() {
        ClusterMetadata many =
                apply(metadata, new MetadataCommand.CreateTopic(1, "pairs", 2, Collections.nCopies(60, List.of(3, 1))));
        assertThat(problem(drain(many, live(1, 3), 3, false)))
                .isEqualTo("broker 3 cannot be drained: orders-0, orders-1: 3 replicas, and no other broker for"
                        + " that on broker 3; pairs-0, pairs-1, pairs-2 and 57 more: 2 replicas, and no other"
                        + " broker for that on broker 3");
    }

    @Test
    void anUnknownBrokerIsNeitherDrainedNorGivenUp() {
        assertThat(answer(drain(metadata, ALL, 9, false))).isEqualTo(new ControllerReply.UnknownBroker(9));
        assertThat(answer(unregister(metadata, ALL, 9))).isEqualTo(new ControllerReply.UnknownBroker(9));
    }

    @Test
    void whatIsSoAlreadyIsNotWrittenAgain() {
        ClusterMetadata draining = apply(metadata, new MetadataCommand.SetBrokerState(1, 3, BrokerState.DRAINING));
        assertThat(drain(draining, ALL, 3, false)).isInstanceOf(Answer.class);
    }

    // Giving up.

    @Test
    void onlyABrokerThatIsEmptyStoppedAndNoVoterIsGivenUp() {
        assertThat(problem(unregister(metadata, live(1, 2, 4), 3))).contains("votes on the cluster's metadata");
        assertThat(problem(unregister(metadata, ALL, 4))).contains("is running");
        ClusterMetadata moving =
                apply(metadata, ((Submit) reassign(metadata, false, to("orders", 0, 1, 2, 4))).command());
        assertThat(problem(unregister(moving, live(1, 2, 3), 4))).contains("holds 1 replicas");
        assertThat(((Submit) unregister(metadata, live(1, 2, 3), 4)).command())
                .isEqualTo(new MetadataCommand.UnregisterBroker(1, 4));
    }
}
