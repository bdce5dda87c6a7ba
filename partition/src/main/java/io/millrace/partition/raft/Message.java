package io.millrace.partition.raft;

import java.util.List;

/**
 * What members of a group say to each other. Messages may be lost, delayed, doubled and reordered; every one carries
 * what makes a late one harmless.
 */
public sealed interface Message {
    NodeId from();

    NodeId to();

    /** The sender's term; in a pre-vote exchange, the term that the election would have. */
    long term();

    /** Would you vote for me? Asked before a term is begun, so that a member cut off does not disturb (§9.6). */
    record PreVoteRequest(NodeId from, NodeId to, long term, LogPosition lastPosition) implements Message {}

    /**
     * @param term if granted, the term asked about; if not, the voter's own term
     */
    record PreVoteResponse(NodeId from, NodeId to, long term, boolean granted) implements Message {}

    /**
     * RequestVote (§3.4).
     *
     * @param byTransfer the leader has asked for this election: that it is heard is no reason to refuse
     */
    record VoteRequest(NodeId from, NodeId to, long term, LogPosition lastPosition, boolean byTransfer)
            implements Message {
        public VoteRequest(NodeId from, NodeId to, long term, LogPosition lastPosition) {
            this(from, to, term, lastPosition, false);
        }
    }

    /** The leader hands over: stand for election now (§3.10). */
    record TimeoutNow(NodeId from, NodeId to, long term) implements Message {}

    record VoteResponse(NodeId from, NodeId to, long term, boolean granted) implements Message {}

    /**
     * AppendEntries (§3.5); without entries, a heartbeat.
     *
     * @param previous where the entries begin: the receiver must have exactly this position in its log
     * @param entries contiguous, the first at {@code previous.index() + 1}
     * @param commitIndex the leader's
     */
    record AppendRequest(NodeId from, NodeId to, long term, LogPosition previous, List<Entry> entries, long commitIndex)
            implements Message {
        public AppendRequest {
            entries = List.copyOf(entries);
        }

        long lastIndex() {
            return previous.index() + entries.size();
        }
    }

    /**
     * The last heartbeat for now: nothing comes after {@code last}, all members have it, and it is committed. Whoever finds
     * the same sleeps, and does not take the silence that follows for a leader's death; see {@link Quiescence}.
     */
    record Quiesce(NodeId from, NodeId to, long term, LogPosition last) implements Message {
        AppendRequest asHeartbeat() {
            return new AppendRequest(from, to, term, last, List.of(), last.index());
        }
    }

    /**
     * Do I still lead? Asked on behalf of reads (§6.4); for the receiver, a heartbeat.
     *
     * @param round of this leader, in this term
     */
    record LeadershipProbe(NodeId from, NodeId to, long term, long round) implements Message {}

    /**
     * When this was asked, the sender knew of no term later than this one.
     *
     * @param incarnation of the sender ({@link HardState#incarnation})
     */
    record LeadershipConfirmed(NodeId from, NodeId to, long term, long round, long incarnation) implements Message {}

    /**
     * Part of the sender's log is damaged: may it give that log up, and get another from the leader? Asked again and again; the
     * answer is a configuration that names the sender's next incarnation.
     *
     * @param incarnation of the sender ({@link HardState#incarnation})
     */
    record RebuildRequest(NodeId from, NodeId to, long term, long incarnation) implements Message {}

    /** A follower's question on behalf of a read. */
    record ReadIndexRequest(NodeId from, NodeId to, long term, long readId) implements Message {}

    record ReadIndexResponse(NodeId from, NodeId to, long term, long readId, ReadOutcome outcome) implements Message {}

    /**
     * The receiver's log agrees with the leader's up to {@code matchIndex}, and is on disk up to there.
     *
     * @param incarnation of the receiver ({@link HardState#incarnation})
     * @param remembers whether the receiver would vote ({@link RaftCore#remembers})
     */
    record AppendAccepted(NodeId from, NodeId to, long term, long matchIndex, long incarnation, boolean remembers)
            implements Message {
        public AppendAccepted(NodeId from, NodeId to, long term, long matchIndex, long incarnation) {
            this(from, to, term, matchIndex, incarnation, true);
        }

        public AppendAccepted(NodeId from, NodeId to, long term, long matchIndex) {
            this(from, to, term, matchIndex, 0);
        }
    }

    /**
     * InstallSnapshot (§5.1), to a member that needs what is before the leader's log: a piece of the snapshot that stands for
     * it.
     *
     * @param offset of the piece in the bytes of the whole
     * @param piece empty, behind the last byte: do you have it all?
     */
    record InstallSnapshot(NodeId from, NodeId to, long term, SnapshotId snapshot, int offset, Payload piece)
            implements Message {}

    /**
     * The receiver has so much of the snapshot, from its beginning, in memory.
     *
     * @param incarnation of the receiver ({@link HardState#incarnation})
     */
    record SnapshotReceived(NodeId from, NodeId to, long term, SnapshotId snapshot, int bytes, long incarnation)
            implements Message {}

    /**
     * The receiver has nothing, or something else, at {@code previousIndex}.
     *
     * @param hint the receiver's last position at or before {@code previousIndex} in a term not later than the one
     *     asked for: nothing after it can match, so the leader skips a whole conflicting term at once (§5.3, fast back-off)
     * @param incarnation of the receiver ({@link HardState#incarnation})
     */
    record AppendRejected(NodeId from, NodeId to, long term, long previousIndex, LogPosition hint, long incarnation)
            implements Message {
        public AppendRejected(NodeId from, NodeId to, long term, long previousIndex, LogPosition hint) {
            this(from, to, term, previousIndex, hint, 0);
        }
    }
}
