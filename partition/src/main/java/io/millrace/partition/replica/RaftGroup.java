package io.millrace.partition.replica;

import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.StateMachine;
import java.util.function.Supplier;

/**
 * What a member is told of its group when it is started.
 *
 * @param id of the member
 * @param founding the membership of the group when it was made; the same on all members
 * @param isFounder whether this broker's disk was there then, if the member was: see {@link LostDisk}
 * @param othersHold whether there are other members by now, which have what this one may have lost
 * @param offsets how the entries of this group count offsets
 * @param stateMachines makes fresh ones, which know nothing: what a snapshot of this group is made with
 */
public record RaftGroup(
        ReplicaId id,
        Membership founding,
        boolean isFounder,
        boolean othersHold,
        OffsetReader offsets,
        Supplier<StateMachine> stateMachines) {

    NodeId self() {
        return new NodeId(id.brokerId());
    }

    /** Whether the member founded the group, with the disk that it has. */
    boolean foundedHere() {
        return isFounder && founding.isVoter(self());
    }
}
