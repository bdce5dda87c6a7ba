package io.millrace.controller;

import static io.millrace.controller.Samples.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.balance.SimulatedLeaders;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicaBalanceTest {
    private static ReplicaWeights withBusy(SimulatedLeaders cluster, int broker) {
        return ReplicaWeights.of(
                cluster.situation(id -> cluster.leaders.getOrDefault(id, 0) == broker ? 50_000_000 : 1_000_000));
    }

    /** Else a broker that was just given something would look as if it had hardly anything to do, and be given more. */
    @Test
    void whatPartitionsWeighIsLookedAtOnceForAllMovesTogether() {
        SimulatedLeaders cluster = new SimulatedLeaders(4, 8, 1);
        ReplicaBalance balance = new ReplicaBalance(() -> ControllerSettings.DEFAULT.moves());
        balance.begin();

        List<ReplicaMove> first = balance.next(cluster.metadata, live(1, 2, 3, 4), () -> withBusy(cluster, 1));
        assertThat(first.get(0).from()).containsExactly(1);
        assertThat(balance.next(cluster.metadata, live(1, 2, 3, 4), () -> withBusy(cluster, 2)))
                .isEqualTo(first);

        balance.begin();
        assertThat(balance.next(cluster.metadata, live(1, 2, 3, 4), () -> withBusy(cluster, 2))
                        .get(0)
                        .from())
                .containsExactly(2);
    }
}
