package io.millrace.partition.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.log.LogSettings;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftSettings;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Three members, of which one has a slow disk, in virtual time. */
class SlowDiskTest {
    private static final Faults QUIET =
            new Faults("quiet", Faults.Network.GOOD, 0, 0, 1_000_000, Map.of(Fault.LINKS_HEALED, 1));
    private static final long NEVER_MICROS = 1L << 50;
    private static final long SLOW_MICROS = 3_000_000;
    private static final long SECOND_MICROS = 1_000_000;

    private final SimulatedCluster cluster = new SimulatedCluster(
            new Scenario(
                    7,
                    3,
                    0,
                    QUIET,
                    RaftSettings.DEFAULT.withQuiesceAfterMillis(RaftSettings.NEVER),
                    LogSettings.DEFAULT,
                    1 << 20,
                    1 << 20,
                    NEVER_MICROS),
            Conduct.CORRECT,
            Set.of(),
            StateMachine::ofPartition);

    private void slowDown(NodeId member) {
        cluster.shell(member).disksTakeUpTo(SLOW_MICROS);
    }

    /** The longest time that a request takes, of so many, one after the other. */
    private long longestMicros(int requests) {
        long longest = 0;
        for (int i = 0; i < requests; i++) {
            long since = cluster.virtualMicros();
            cluster.runUntilAcknowledged();
            longest = Math.max(longest, cluster.virtualMicros() - since);
        }
        return longest;
    }

    @Test
    void aFollowerWithASlowDiskSlowsNobody() {
        NodeId leader = cluster.runUntilServed();
        long usual = longestMicros(500);
        slowDown(new NodeId(leader.value() % 3 + 1));
        long beside = longestMicros(500);
        System.out.printf("longest of 500 requests: %d µs, beside a slow follower %d µs%n", usual, beside);
        assertThat(usual).isLessThan(15_000);
        assertThat(beside).as("a sync takes the slow one up to 3 s").isLessThan(15_000);
        assertThat(cluster.runUntilServed()).isEqualTo(leader);
    }

    @Test
    void aLeaderWithASlowDiskHandsOverAndTheGroupIsAsFastAsBefore() {
        NodeId leader = cluster.runUntilServed();
        long term = cluster.shell(leader).core().term();
        slowDown(leader);
        long until = cluster.virtualMicros() + 15 * SECOND_MICROS;
        while (cluster.virtualMicros() < until && cluster.shell(leader).believesToLead()) {
            cluster.runUntilAcknowledged();
        }
        NodeId next = cluster.runUntilServed();
        assertThat(next).isNotEqualTo(leader);
        assertThat(cluster.virtualMicros()).isLessThan(until);
        assertThat(cluster.shell(next).core().term())
                .as("one election, and it was asked for")
                .isEqualTo(term + 1);
        assertThat(longestMicros(500)).isLessThan(30_000);
        assertThat(cluster.runUntilServed()).as("it stays there").isEqualTo(next);
    }
}
