package io.millrace.partition.replica;

import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Who can take leadership over at once, as its leader sees the group. */
final class Heirs {
    private final RaftStatus leader;
    private final IntPredicate reachable;

    /** @param reachable whether a broker is a reachable member of the cluster */
    Heirs(RaftStatus leader, IntPredicate reachable) {
        this.leader = leader;
        this.reachable = reachable;
    }

    /** Why this broker cannot; empty if it can. */
    Optional<TransferFailure> objectionTo(int broker) {
        RaftStatus.Peer peer = leader.peers().get(new NodeId(broker));
        if (leader.self().value() == broker) {
            return Optional.of(TransferFailure.LEADS_ALREADY);
        } else if (peer == null || !peer.voter()) {
            return Optional.of(TransferFailure.NOT_A_VOTER);
        } else if (!reachable.test(broker)) {
            return Optional.of(TransferFailure.UNREACHABLE);
        }
        return hasCaughtUp(peer) ? Optional.empty() : Optional.of(TransferFailure.BEHIND);
    }

    /** All that can, beginning at another one for each turn, so that the leaders of a broker that stops are spread. */
    List<Integer> inTurn(int turn) {
        List<Integer> able = new ArrayList<>(leader.peers().keySet().stream()
                .map(NodeId::value)
                .filter(broker -> objectionTo(broker).isEmpty())
                .toList());
        if (!able.isEmpty()) {
            Collections.rotate(able, -(turn % able.size()));
        }
        return able;
    }

    /** Has on its disk what is committed, or what it lacks of the log is on its way. */
    private boolean hasCaughtUp(RaftStatus.Peer peer) {
        boolean isOnItsWay = peer.nextIndex() > leader.lastPosition().index();
        return !peer.probing() && (isOnItsWay || peer.matchIndex() >= leader.commitIndex());
    }
}
