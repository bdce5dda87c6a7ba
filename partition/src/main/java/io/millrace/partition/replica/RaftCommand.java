package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Answer;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.MembershipChange;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.protocol.FlushPolicy;
import java.util.Set;

/** What the owner of a {@link RaftActor} – the replica's state machine, on the same node – may ask of it. */
public sealed interface RaftCommand {
    /** Only the actor says these to itself. */
    non-sealed interface Internal extends RaftCommand {}

    /**
     * Replicate this as one entry, if this member still leads in {@code term}. Answered by
     * {@link RaftEvent.ProposalAppended} or {@link RaftEvent.ProposalRefused}.
     *
     * @param proposalId the owner's, given back in the answer
     */
    record Propose(long term, long proposalId, EntryType type, Payload payload) implements RaftCommand {
        public Propose(long term, long proposalId, Payload payload) {
            this(term, proposalId, EntryType.DATA, payload);
        }
    }

    /** A message of another member that came through sharding. */
    record Deliver(ReplicaMessage.PeerMessage message) implements RaftCommand {}

    /** Send the log to these too, without a vote for them. */
    record SetLearners(Set<NodeId> learners) implements RaftCommand {
        public SetLearners {
            learners = Set.copyOf(learners);
        }
    }

    /**
     * These are to be the members, and vote; whoever leads brings that about. It is forgotten when the member stops.
     *
     * @param voters empty: whoever they are
     */
    record SetTarget(Set<NodeId> voters) implements RaftCommand {
        public SetTarget {
            voters = Set.copyOf(voters);
        }
    }

    /** Answered at once: begun, or why not. */
    record ChangeMembership(MembershipChange change, ActorRef<Answer> replyTo) implements RaftCommand {}

    /** Answered when it is over. Meanwhile proposals wait here; the owner bounds how many it has on their way. */
    record TransferLeadership(NodeId target, ActorRef<TransferOutcome> replyTo) implements RaftCommand {}

    /** When the log is forced from now on. */
    record SetFlush(FlushPolicy policy) implements RaftCommand {}

    /**
     * The owner needs the entries up to this one no more: of those that are committed, whole segments may go. What stands for
     * them is kept, for members that will need it.
     */
    record Trim(long index) implements RaftCommand {}

    /** The owner has found that something in the log cannot be read any more. Answered by {@link RaftEvent.Damaged}. */
    record Damaged(String problem) implements RaftCommand {}

    /** This replica's disk is in no state to lead: if it leads, somebody else should. */
    enum StepAside implements RaftCommand {
        INSTANCE
    }

    /** Stand for election now. */
    enum Campaign implements RaftCommand {
        INSTANCE
    }

    /**
     * What must be applied before a read that is asked now is answered? On any member. Answered by
     * {@link RaftEvent.ReadIndexAnswered}.
     *
     * @param readId the owner's, given back in the answer; never used twice
     */
    record ReadIndex(long readId) implements RaftCommand {}

    /** For who asked for it: {@link BrokerWatch}. */
    record BrokerUnreachable(int brokerId) implements RaftCommand {}

    /** The same. */
    record BrokerReachable(int brokerId) implements RaftCommand {}

    /** Delete the log and stop: the group is gone for good. */
    enum Delete implements RaftCommand {
        INSTANCE
    }

    record GetStatus(ActorRef<RaftStatus> replyTo) implements RaftCommand {}
}
