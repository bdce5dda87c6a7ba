package io.millrace.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.LeaderPlan;
import java.util.List;
import org.junit.jupiter.api.Test;

class RebalanceLeadersTest {
    private static final List<LeaderPlan.BrokerShare> SHARES =
            List.of(new LeaderPlan.BrokerShare(1, 1.5, 1.0), new LeaderPlan.BrokerShare(2, 0, 0.996));

    @Test
    void thePlanIsShownWithItsReasonsAndWhatItComesTo() {
        LeaderPlan plan =
                new LeaderPlan(List.of(new LeaderPlan.Move("orders", 3, 1, 2, "broker 1 carries too much")), SHARES);
        assertThat(ClusterCommand.RebalanceLeaders.told(plan, true))
                .isEqualTo(
                        """
                would move 1 leader
                PARTITION  FROM  TO  REASON
                orders-3   1     2   broker 1 carries too much
                BROKER  CARRIES  AFTERWARDS
                1       150 %    100 %
                2       0 %      100 %
                """);
        assertThat(ClusterCommand.RebalanceLeaders.told(plan, false)).startsWith("moving 1 leader\n");
    }

    @Test
    void nothingToDoIsSaidToo() {
        assertThat(ClusterCommand.RebalanceLeaders.told(new LeaderPlan(List.of(), SHARES), false))
                .startsWith("leaders are as even as they can be\n");
    }
}
