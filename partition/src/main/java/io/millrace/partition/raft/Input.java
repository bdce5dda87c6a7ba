package io.millrace.partition.raft;

import java.util.List;
import java.util.Set;

/** What may happen to a member: all that {@link RaftCore} ever reacts to. */
public sealed interface Input {
    /** Time went on; due when {@link Output#deadlineMillis()} has come, harmless at any other time. */
    record TimePassed() implements Input {}

    record Received(Message message) implements Input {}

    /**
     * Append these to the log. Only for a leader of that very term ({@link RaftCore#mayPropose}).
     *
     * @param type of all of them: whatever the owner of the log writes
     * @param payloads each becomes one entry, in order
     */
    record Propose(long term, EntryType type, List<Payload> payloads) implements Input {
        public Propose {
            if (type == EntryType.NOOP || type == EntryType.CONFIGURATION) {
                throw new IllegalArgumentException("entries of type " + type + " are not proposed");
            }
            payloads = List.copyOf(payloads);
        }

        public Propose(long term, List<Payload> payloads) {
            this(term, EntryType.DATA, payloads);
        }
    }

    /**
     * The log is on disk up to the entry at this position.
     *
     * <p>The epoch tells a write that was cut off since from a later one at the same position:
     *
     * <pre>
     *   append 7 of term 3, from its leader            epoch 0; is synced; the report waits in the mailbox
     *   term 4: cut from 7, append 7 of term 4         epoch 1
     *   term 5: cut from 7, append 7 of term 3 again   epoch 2; not yet synced
     *   the report: "7 of term 3 is on disk"           true once, false now
     * </pre>
     *
     * @param logEpoch what {@link RaftCore#logEpoch} was when the log was told to write that entry
     */
    record Durable(long logEpoch, LogPosition position) implements Input {}

    /**
     * What {@link Output.Replicate} asked for was read from the log and sent.
     *
     * @param term the term in which it was asked for
     * @param lastIndex of the entries sent; {@code firstIndex - 1} if nothing could be read
     */
    record Sent(NodeId to, long term, long firstIndex, long lastIndex, int sizeBytes) implements Input {}

    /**
     * What {@link Output.SendSnapshot} asked for was read and sent, or could not be.
     *
     * @param term the term in which it was asked for
     */
    record SnapshotSent(NodeId to, long term, boolean sent) implements Input {}

    /**
     * The entries up to this one are not needed here any more. What of that is committed and on disk may go: see {@link
     * Output#trimTo}.
     */
    record Trim(long index) implements Input {}

    /** The log begins after this position now, where {@link Output#trimTo} had allowed it to. */
    record Trimmed(LogPosition start) implements Input {}

    /** Stand for election now (after a pre-vote), not only when the leader has been silent. */
    record Campaign() implements Input {}

    /**
     * The failure detector has lost this member's node, or it was replaced by a new process. Wakes who sleeps and relies on it
     * ({@link RaftCore#watched}); a leader goes to sleep without it, if there is a majority left.
     */
    record PeerUnreachable(NodeId node) implements Input {}

    /** The failure detector has found this member's node again. */
    record PeerReachable(NodeId node) implements Input {}

    /**
     * What must be applied before a read that is asked now is answered, so that it sees everything that was acknowledged
     * before? On any member: a follower asks its leader. Answered by an {@link Output.ReadAnswer}, now or later.
     *
     * @param readId the shell's, given back in the answer; never used twice
     */
    record ReadIndex(long readId) implements Input {}

    /** Do not sleep; a leader speaks at once, so that the others get up as well. */
    record WakeUp() implements Input {}

    /** Change the group's membership. Answered by {@link Answer.ChangeBegun} or {@link Answer.ChangeRefused}. */
    record ChangeMembership(MembershipChange change) implements Input {}

    /** Hand leadership over. Answered by {@link Answer.TransferBegun} or {@link Answer.TransferRefused}. */
    record TransferLeadership(NodeId target) implements Input {}

    /** Part of this member's log cannot be read any more. May be said often. */
    record Damaged() implements Input {}

    /**
     * This member's disk is in no state to lead: hand over, if it leads and there is somebody who can take over. May be said
     * often; a leader tries it rarely.
     */
    record StepAside() implements Input {}

    /**
     * These, and no others, are to be learners. A leader changes the membership step by step until it is so; somebody else
     * forgets it.
     */
    record Learners(Set<NodeId> nodes) implements Input {
        public Learners {
            nodes = Set.copyOf(nodes);
        }
    }

    /**
     * These, and no others, are to be the members of the group, and vote: see {@link Relocation}. Said to all members, in any role;
     * whoever leads acts on it, step by step, until it is so.
     *
     * @param voters empty: whoever they are
     */
    record Target(Set<NodeId> voters) implements Input {
        public Target {
            voters = Set.copyOf(voters);
        }
    }
}
