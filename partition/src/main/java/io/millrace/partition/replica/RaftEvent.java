package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a {@link RaftActor} tells its owner, the replica's state machine. In order; the first is {@link Started} (or
 * {@link Failed}), and {@link Failed} or {@link SetAside} is the last.
 */
public sealed interface RaftEvent {

    /**
     * The log is open.
     *
     * @param log for reading, from any thread
     * @param lastIndex the end of the log as it was found; how much of it is committed is not known yet
     * @param nextOffset the offset after the last record in it
     * @param start what stands for the entries before its first; empty if there never were any
     */
    record Started(ReplicaLog log, long lastIndex, long nextOffset, Optional<Snapshot> start) implements RaftEvent {}

    /**
     * @param leader of {@code term}, if known
     * @param lastIndex the end of the log then; for a new leader that of its own first entry: once it is committed,
     *     so is everything before
     */
    record RoleChanged(Role role, long term, OptionalInt leader, long lastIndex) implements RaftEvent {}

    /** These are in the log now, though not necessarily on disk, and may yet be cut off again. */
    record Appended(List<Entry> entries) implements RaftEvent {
        public Appended {
            entries = List.copyOf(entries);
        }
    }

    /** This entry and all after it are gone; none of them was committed. */
    record Truncated(long fromIndex) implements RaftEvent {}

    /**
     * A snapshot, which is committed, has taken the place of all that was in the log: what is not committed of that is gone, and
     * what is, the snapshot stands for.
     */
    record SnapshotInstalled(Snapshot snapshot) implements RaftEvent {}

    /** Everything up to here is committed, for ever. */
    record Committed(long index) implements RaftEvent {}

    /** These are the members now, and that is known to be committed. */
    record MembershipSettled(Membership membership) implements RaftEvent {}

    record ProposalAppended(long proposalId, long index) implements RaftEvent {}

    /** Not appended, and never will be: this member does not lead in the term named. */
    record ProposalRefused(long proposalId) implements RaftEvent {}

    /**
     * With {@link ReadOutcome.Ready}, a read may be answered by who has applied what it names: it sees everything that was
     * acknowledged before it was asked.
     */
    record ReadIndexAnswered(long readId, ReadOutcome outcome) implements RaftEvent {}

    /**
     * Who has what was committed a second ago, and answers. Said by leaders, when it changes; when they begin to lead, everybody is
     * given the time to answer first.
     *
     * @param voters that do, the leader among them
     * @param behind members that do not, voters or not
     */
    record MembersInSync(int voters, int behind) implements RaftEvent {}

    /** The log is not {@link ReplicaLog#isBehind} any more. */
    record CaughtUp() implements RaftEvent {}

    /** Something in the log cannot be read any more. The member goes on with the rest until the group lets it begin anew. */
    record Damaged(String problem) implements RaftEvent {}

    /** The member stops, and has set its damaged log aside: started again, it gets another from the other members. */
    record SetAside() implements RaftEvent {}

    /**
     * The member has stopped for good: a fault of its storage or a broken invariant.
     *
     * @param outOfSpace there was no room on the disk, and nothing else is wrong: it may be started again when there is
     */
    record Failed(String problem, boolean outOfSpace) implements RaftEvent {
        public Failed(String problem) {
            this(problem, false);
        }
    }
}
