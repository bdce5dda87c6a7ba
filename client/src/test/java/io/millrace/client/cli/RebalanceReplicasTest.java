package io.millrace.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.MovePlan;
import io.millrace.client.ReplicaPlan;
import io.millrace.protocol.TopicPartition;
import java.util.List;
import org.junit.jupiter.api.Test;

class RebalanceReplicasTest {
    private static final int MIB = 1 << 20;
    private static final List<ReplicaPlan.BrokerShare> SHARES = List.of(
            new ReplicaPlan.BrokerShare(
                    1,
                    new ReplicaPlan.Held(3, 2, 5 * MIB, 9 * MIB, 1.5),
                    new ReplicaPlan.Held(2, 2, 3 * MIB, 6 * MIB, 1)),
            new ReplicaPlan.BrokerShare(
                    2, new ReplicaPlan.Held(1, 0, 0, 0, 0.5), new ReplicaPlan.Held(2, 0, 2 * MIB, 3 * MIB, 1)));

    private static ReplicaPlan planOf(List<MovePlan.Move> moves, boolean advised) {
        return new ReplicaPlan(moves, SHARES, advised, false);
    }

    private static final List<MovePlan.Move> ONE = List.of(new MovePlan.Move(
            new TopicPartition("orders", 3), List.of(1, 4), List.of(2, 4), "broker 1 carries 150 % of the mean"));

    @Test
    void thePlanIsShownWithItsReasonsAndWhatItComesTo() {
        assertThat(ClusterCommand.RebalanceReplicas.told(planOf(ONE, true), true))
                .isEqualTo(
                        """
                1 partition would be moved
                PARTITION  FROM  TO   REASON
                orders-3   1,4   2,4  broker 1 carries 150 % of the mean

                BROKER  REPLICAS  LEADERS  IN/S                SIZE                CARRIES
                1       3 -> 2    2        5.0 MiB -> 3.0 MiB  9.0 MiB -> 6.0 MiB  150 % -> 100 %
                2       1 -> 2    0        0.0 MiB -> 2.0 MiB  0.0 MiB -> 3.0 MiB  50 % -> 100 %
                """);
        assertThat(ClusterCommand.RebalanceReplicas.told(planOf(List.of(), false), false))
                .startsWith("replicas are as even as they can be\n");
    }

    @Test
    void theStatusOffersItWhereItIsAdvised() {
        assertThat(ClusterStatus.offer(planOf(ONE, true)))
                .contains("broker 1 carries 150 % of the mean", "millrace cluster rebalance-replicas", "--dry-run");
        assertThat(ClusterStatus.offer(planOf(ONE, false))).isEmpty();
        assertThat(ClusterStatus.offer(new ReplicaPlan(ONE, SHARES, true, true)))
                .contains("are being evened out", "--stop")
                .doesNotContain("uneven");
    }
}
