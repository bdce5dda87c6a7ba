package io.millrace.controller;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.ControllerCommand.RebalanceReplicas.Mode;
import io.millrace.controller.balance.SimulatedLeaders;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicaBalanceTest {
    private static final LiveBrokers ALL = live(1, 2, 3, 4);

    private final SimulatedLeaders cluster = new SimulatedLeaders(4, 8, 1);
    private final ClusterMetadata idle = cluster.metadata;
    private final ClusterMetadata going = apply(idle, new MetadataCommand.SetRebalancing(1, true));
    private final ReplicaBalance balance = new ReplicaBalance(() -> ControllerSettings.DEFAULT.moves());

    private ReplicaWeights withBusy(int broker) {
        return ReplicaWeights.of(
                cluster.situation(id -> cluster.leaders.getOrDefault(id, 0) == broker ? 50_000_000 : 1_000_000));
    }

    private void begin(ReplicaWeights weights) {
        assertThat(balance.decide(Mode.BEGIN, idle, ALL, weights))
                .isInstanceOfSatisfying(
                        ControllerDecisions.Submit.class,
                        submit -> assertThat(apply(idle, submit.command())).isEqualTo(going));
    }

    private static ClusterMetadata begun(ClusterMetadata metadata, List<ReplicaMove> moves) {
        return apply(
                metadata,
                new MetadataCommand.ReassignPartitions(
                        1, moves.stream().map(ReplicaMove::toTarget).toList()));
    }

    @Test
    void whileABrokerIsAwayItIsRefusedAndNotToBeTriedAgain() {
        ControllerReply refused = new ControllerReply.Refused(
                "nothing is moved to even out what brokers carry while broker 4 cannot be reached");
        LiveBrokers without4 = live(1, 2, 3);
        assertThat(balance.planned(idle, without4, withBusy(1))).isEqualTo(refused);
        assertThat(balance.decide(Mode.BEGIN, idle, without4, withBusy(1)))
                .isEqualTo(new ControllerDecisions.Answer(refused));
        assertThat(balance.decide(Mode.STOP, going, without4, withBusy(1)))
                .isInstanceOf(ControllerDecisions.Submit.class);
    }

    /** Else a broker that was just given something would look as if it had hardly anything to do, and be given more. */
    @Test
    void whatPartitionsWeighIsLookedAtOnceForAllMovesTogether() {
        begin(withBusy(1));
        List<ReplicaMove> first = balance.next(going, ALL);
        assertThat(first.get(0).from()).containsExactly(1);
        balance.cycle(going, ALL, withBusy(2));
        assertThat(balance.next(going, ALL)).isEqualTo(first);

        begin(withBusy(2));
        assertThat(balance.next(going, ALL).get(0).from()).containsExactly(2);
    }

    @Test
    void aControllerThatTakesOverGoesOnWhenItHasHeardWhatPartitionsWeigh() {
        assertThat(balance.next(going, ALL)).isEmpty();
        assertThat(balance.isToChange(going)).as("nothing is known yet").isFalse();
        assertThat(balance.state(going)).startsWith("moves replicas");

        balance.cycle(going, ALL, withBusy(1));
        assertThat(balance.next(going, ALL).get(0).from()).containsExactly(1);
        assertThat(balance.isToChange(going)).isFalse();
    }

    @Test
    void itIsOverWhenNothingIsLeftAndNothingIsUnderWay() {
        begin(withBusy(1));
        List<ReplicaMove> last = balance.next(going, ALL);
        ClusterMetadata moving = begun(going, last);
        assertThat(balance.next(moving, ALL)).isEmpty();
        assertThat(balance.isToChange(moving)).isFalse();

        ClusterMetadata moved = apply(
                moving,
                new MetadataCommand.CompleteReassignments(
                        1,
                        last.stream()
                                .map(move -> new MetadataCommand.PartitionReassigned(
                                        move.topic(), move.topicId(), move.partition(), moving.appliedIndex()))
                                .toList()));
        assertThat(balance.next(moved, ALL)).isEmpty();
        assertThat(balance.isToChange(moved)).isTrue();
        assertThat(balance.next(moved, live(1, 2, 3))).isEmpty();
        assertThat(balance.isToChange(moved))
                .as("broker 4 is away, and comes back")
                .isFalse();
    }

    @Test
    void whoStopsUndoesWhatIsUnderWayWhicheverControllerBeganIt() {
        begin(withBusy(1));
        List<ReplicaMove> moves = balance.next(going, ALL);
        ClusterMetadata moving = begun(going, moves);
        ReplicaBalance next = new ReplicaBalance(() -> ControllerSettings.DEFAULT.moves());
        var stop = (ControllerDecisions.Submit) next.decide(Mode.STOP, moving, ALL, withBusy(1));
        ClusterMetadata stopped = apply(moving, stop.command());

        assertThat(new ReplicaBalance(() -> ControllerSettings.DEFAULT.moves()).next(stopped, ALL))
                .hasSameSizeAs(moves)
                .allMatch(back ->
                        back.to().equals(idle.topic(back.topic()).orElseThrow().replicas(back.partition())));
        assertThat(next.decide(Mode.STOP, stopped, ALL, withBusy(1)))
                .as("asked for again")
                .isInstanceOf(ControllerDecisions.Answer.class);
    }
}
