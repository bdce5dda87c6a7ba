package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.raft.Role;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A leader, broker 1, whose log ends at 100 and is committed up to 90. */
class HeirsTest {
    private static RaftStatus.Peer peer(boolean voter, long matchIndex, long nextIndex, boolean probing) {
        return new RaftStatus.Peer(voter, matchIndex, nextIndex, probing, 0, OptionalLong.of(60_000), 60_000);
    }

    private static Heirs heirs(Set<Integer> reachable, Map<Integer, RaftStatus.Peer> peers) {
        TreeMap<NodeId, RaftStatus.Peer> byNode = new TreeMap<>();
        peers.forEach((broker, peer) -> byNode.put(new NodeId(broker), peer));
        Membership membership = Membership.ofVoters(
                Set.of(1, 2, 3).stream().map(NodeId::new).collect(Collectors.toCollection(TreeSet::new)));
        RaftStatus status = new RaftStatus(
                new NodeId(1),
                Role.LEADER,
                HardState.INITIAL,
                Optional.of(new NodeId(1)),
                membership,
                LogPosition.ZERO,
                new LogPosition(100, 1),
                90,
                100,
                byNode);
        return new Heirs(status, reachable::contains);
    }

    @Test
    void whoHasWhatIsCommittedCanTakeOverHoweverLongItHasBeenSilentInItsSleep() {
        Heirs heirs = heirs(Set.of(2, 3), Map.of(2, peer(true, 90, 95, false), 3, peer(true, 40, 101, false)));
        assertThat(heirs.objectionTo(2)).isEmpty();
        assertThat(heirs.objectionTo(3)).as("the rest is on its way").isEmpty();
    }

    @Test
    void othersCannotAndEachForItsReason() {
        Heirs heirs = heirs(
                Set.of(1, 2, 4, 5),
                Map.of(
                        2, peer(true, 89, 95, false),
                        3, peer(true, 100, 101, false),
                        4, peer(false, 100, 101, false),
                        5, peer(true, 100, 101, true)));
        assertThat(heirs.objectionTo(1)).contains(TransferFailure.LEADS_ALREADY);
        assertThat(heirs.objectionTo(2)).contains(TransferFailure.BEHIND);
        assertThat(heirs.objectionTo(3)).contains(TransferFailure.UNREACHABLE);
        assertThat(heirs.objectionTo(4)).contains(TransferFailure.NOT_A_VOTER);
        assertThat(heirs.objectionTo(5)).contains(TransferFailure.BEHIND);
        assertThat(heirs.objectionTo(6)).contains(TransferFailure.NOT_A_VOTER);
        assertThat(heirs.inTurn(0)).isEmpty();
    }

    @Test
    void onePartitionAfterTheOtherBeginsWithAnotherHeir() {
        Heirs heirs = heirs(Set.of(2, 3), Map.of(2, peer(true, 100, 101, false), 3, peer(true, 100, 101, false)));
        assertThat(heirs.inTurn(0)).containsExactly(2, 3);
        assertThat(heirs.inTurn(1)).containsExactly(3, 2);
        assertThat(heirs.inTurn(2)).containsExactly(2, 3);
    }
}
