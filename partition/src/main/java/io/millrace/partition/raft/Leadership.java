package io.millrace.partition.raft;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a member knows and does while it leads one term: how far the others are, what to send them, what a majority has,
 * and whether a majority is still there.
 */
final class Leadership {
    /** With fewer, records would be on one disk only while another is rebuilt. */
    private static final int VOTERS_TO_REBUILD_FROM = 3;

    private final NodeId self;
    private final long term;
    private final RaftSettings settings;
    private final TermHistory log;
    /** Sorted, so that what is sent has one order whatever the hash of an id is. */
    private final TreeMap<NodeId, Progress> peers = new TreeMap<>();

    private final long noOpIndex;
    private Membership membership;
    private @Nullable NavigableSet<NodeId> learnersWished;
    /** Who shall be members; empty: whoever they are. */
    private NavigableSet<NodeId> target = new TreeSet<>();

    private @Nullable Transfer transfer;
    private final Succession succession;
    /** What this leader itself has on disk is damaged. */
    private boolean damaged;
    /** There is a member that lacks what cannot be read here. */
    private boolean cannotServe;

    private final ReadIndexQueue reads;
    private long quorumCheckMillis;

    Leadership(
            NodeId self,
            long term,
            Membership membership,
            RaftSettings settings,
            TermHistory log,
            long nextIndex,
            long nowMillis) {
        this.self = self;
        this.term = term;
        this.membership = membership;
        this.settings = settings;
        this.log = log;
        this.reads = new ReadIndexQueue(settings);
        this.succession = new Succession(settings, nowMillis);
        this.quorumCheckMillis = nowMillis + settings.electionTimeoutMillisMax();
        this.noOpIndex = nextIndex;
        for (NodeId peer : others(membership)) {
            peers.put(peer, new Progress(membership.incarnationOf(peer), nextIndex, nowMillis));
        }
    }

    private NavigableSet<NodeId> others(Membership of) {
        TreeSet<NodeId> others = new TreeSet<>(of.members().keySet());
        others.remove(self);
        return others;
    }

    NavigableMap<NodeId, Progress> peers() {
        return peers;
    }

    /** The first entry of this term, made by this leader. */
    long noOpIndex() {
        return noOpIndex;
    }

    /** Who leaves is told until {@link #farewell}. */
    void changeMembership(Membership changed, long nowMillis) {
        membership = changed;
        reads.membershipChanged();
        for (NodeId peer : others(changed)) {
            peers.computeIfAbsent(peer, p -> new Progress(changed.incarnationOf(peer), log.lastIndex() + 1, nowMillis));
        }
    }

    /** The change is committed: who had to go hears so once, and then nothing more. */
    void farewell(long nowMillis, long commitIndex, Output.Builder out) {
        NavigableSet<NodeId> staying = others(membership);
        peers.forEach((peer, progress) -> {
            if (!staying.contains(peer)) {
                heartbeat(peer, progress, nowMillis, commitIndex, out);
            }
        });
        peers.keySet().retainAll(staying);
    }

    Optional<TransferRefusal> refusalOfTransfer(NodeId target, long nowMillis) {
        Progress progress = peers.get(target);
        if (transfer != null) {
            return Optional.of(TransferRefusal.TRANSFERRING);
        } else if (target.equals(self)) {
            return Optional.of(TransferRefusal.UNCHANGED);
        } else if (progress == null || !counts(target, progress)) {
            return Optional.of(TransferRefusal.NOT_A_VOTER);
        }
        boolean silent = !progress.wasHeardSince(nowMillis - settings.electionTimeoutMillisMin());
        return silent ? Optional.of(TransferRefusal.SILENT) : Optional.empty();
    }

    /** To be called again and again: hands over if its own disk is in the way of the group. */
    void tendSuccession(long nowMillis, long commitIndex, long durableIndex, Output.Builder out) {
        boolean isSlow = succession.isDiskTooSlow(nowMillis, commitIndex, durableIndex);
        if (damaged) {
            handOverTo(succession.soundHeir(nowMillis, commitIndex, voting()), nowMillis, out);
        }
        // If there is nobody whose log is sound: two can give a third together what neither has alone.
        if (isSlow || cannotServe) {
            stepAside(nowMillis, commitIndex, out);
        }
    }

    /** Hands over, if there is somebody to whom, and not too soon. */
    void stepAside(long nowMillis, long commitIndex, Output.Builder out) {
        handOverTo(succession.heir(nowMillis, commitIndex, voting()), nowMillis, out);
    }

    private void handOverTo(Optional<NodeId> heir, long nowMillis, Output.Builder out) {
        if (transfer == null) {
            heir.ifPresent(target -> beginTransfer(target, nowMillis, out));
        }
    }

    private NavigableMap<NodeId, Progress> voting() {
        TreeMap<NodeId, Progress> voting = new TreeMap<>(peers);
        voting.entrySet().removeIf(peer -> !counts(peer.getKey(), peer.getValue()));
        return voting;
    }

    /** The own log is damaged: this leader can give others no more than the rest of it. */
    void damaged() {
        damaged = true;
    }

    boolean isDamaged() {
        return damaged;
    }

    /** Nothing could be read of what a member lacks. */
    void couldNotRead() {
        cannotServe = damaged;
    }

    void beginTransfer(NodeId target, long nowMillis, Output.Builder out) {
        transfer = Transfer.begun(target, nowMillis, settings);
        handOver(out);
    }

    boolean isTransferring() {
        return transfer != null;
    }

    void endTransferIfOver(long nowMillis) {
        if (transfer != null && transfer.isOver(nowMillis)) {
            transfer = null;
        }
    }

    /** Once the target has everything, it is its turn. Said again with each of its answers: the message may be lost. */
    void handOver(Output.Builder out) {
        Progress progress = transfer == null ? null : peers.get(transfer.target());
        if (transfer != null && progress != null && progress.matchIndex() == log.lastIndex()) {
            reads.leaseIsOver();
            out.send(new Message.TimeoutNow(self, transfer.target(), term));
        }
    }

    /** Who has lost its vote leaves its place to the voter that has most (§4.2.2 leaves it to the election timeout). */
    void abdicate(Output.Builder out) {
        peers.entrySet().stream()
                .filter(peer -> counts(peer.getKey(), peer.getValue()))
                .max(Comparator.comparingLong(peer -> peer.getValue().matchIndex()))
                .ifPresent(peer -> out.send(new Message.TimeoutNow(self, peer.getKey(), term)));
    }

    /**
     * Whether what this member says counts for majorities: not if it is not who the configuration means, since a member
     * that lost its disk may have promised something else to a later leader, and have forgotten it.
     */
    boolean counts(NodeId peer, Progress progress) {
        return membership.isVoter(peer) && progress.incarnation() == membership.incarnationOf(peer);
    }

    /**
     * Whether it can take part in a majority: it has, or will soon have, all of the log, and it would vote. Not everybody would who
     * has the log:
     *
     * <pre>
     *   4, 5 vote, 6 learner    6 has all there is, but does not know yet that its incarnation was admitted
     *   4, 5, 6                 4 and 5 have that, and commit it
     *   4, 6                    4 and 5 have that, and stop before 6 has any of it
     *   4 needs 6's vote, and gets none, for ever
     * </pre>
     */
    boolean hasCaughtUp(NodeId peer, long nowMillis) {
        Progress progress = peers.get(peer);
        return progress != null
                && progress.remembers()
                && progress.incarnation() == membership.incarnationOf(peer)
                && progress.catchUp().isDone(nowMillis, settings.electionTimeoutMillisMin());
    }

    /**
     * What must become of the members although nobody asks for it: those that lost their disk go and come back, and those whose
     * log is damaged are allowed to give it up. Such a one goes on under its old incarnation until it knows:
     *
     * <pre>
     *   3 votes, its incarnation is 0      it asks to be rebuilt
     *   3 is returning, incarnation 1      the entry is on its way; 3 answers as 0 still, and is listened to
     *   3 knows it to be committed         it sets its log aside and starts again, as 1, with nothing
     *   3 has caught up as 1               it votes again
     * </pre>
     */
    Optional<MembershipChange> dueChange(long nowMillis) {
        for (var peer : peers.entrySet()) {
            NodeId node = peer.getKey();
            long incarnation = peer.getValue().incarnation();
            long named = membership.incarnationOf(node);
            boolean mayBegin = named == HardState.nextIncarnation(incarnation);
            if (membership.contains(node) && incarnation != named && !mayBegin) {
                return Optional.of(new MembershipChange.Readmit(node, incarnation));
            } else if (membership.has(node, Membership.Standing.RETURNING)
                    && hasCaughtUp(node, nowMillis)
                    && (target.isEmpty() || target.contains(node))) {
                return Optional.of(new MembershipChange.Promote(node));
            } else if (peer.getValue().isDamaged() && incarnation == named && mayBeRebuilt(node, nowMillis)) {
                return Optional.of(new MembershipChange.Readmit(node, HardState.nextIncarnation(named)));
            }
        }
        return learnersWished == null
                ? dueToTarget(nowMillis)
                        .filter(Relocation.Change.class::isInstance)
                        .map(step -> ((Relocation.Change) step).change())
                : dueToWish(learnersWished);
    }

    private Optional<Relocation.Step> dueToTarget(long nowMillis) {
        return target.isEmpty()
                ? Optional.empty()
                : Relocation.next(membership, self, target, new Relocation.Peers() {
                    @Override
                    public boolean hasCaughtUp(NodeId node) {
                        return Leadership.this.hasCaughtUp(node, nowMillis);
                    }

                    @Override
                    public boolean isSilent(NodeId node) {
                        Progress progress = peers.get(node);
                        return progress == null
                                || !progress.wasHeardSince(nowMillis - settings.electionTimeoutMillisMax());
                    }
                });
    }

    /** From now on these are to be the members, and vote. */
    void shallBe(NavigableSet<NodeId> voters) {
        target = voters;
    }

    /** Hands over, if it stands in the way of those that shall be the members; now and then, for the other need not succeed. */
    void makeWay(long nowMillis, long commitIndex, Output.Builder out) {
        if (transfer == null && dueToTarget(nowMillis).orElse(null) instanceof Relocation.HandOver) {
            NavigableMap<NodeId, Progress> heirs = voting();
            heirs.keySet().retainAll(target);
            handOverTo(succession.soundHeir(nowMillis, commitIndex, heirs), nowMillis, out);
        }
    }

    /**
     * Whether the group can do without a member's log: one at a time, with all others at hand. So two members with a damaged
     * sector each never stop a group that together has everything.
     */
    private boolean mayBeRebuilt(NodeId node, long nowMillis) {
        if (damaged || !membership.isVoter(node)) {
            return !damaged && membership.contains(node);
        }
        return membership.voters().size() >= VOTERS_TO_REBUILD_FROM
                && membership.learners().stream()
                        .noneMatch(other -> membership.has(other, Membership.Standing.RETURNING))
                && membership.voters().stream()
                        .allMatch(other -> other.equals(self) || other.equals(node) || isAtHand(other, nowMillis));
    }

    private boolean isAtHand(NodeId peer, long nowMillis) {
        Progress progress = peers.get(peer);
        return progress != null
                && progress.wasHeardSince(nowMillis - settings.electionTimeoutMillisMin())
                && hasCaughtUp(peer, nowMillis);
    }

    /** Whether something is due, or will be when a member has caught up. */
    boolean awaitsChange(long nowMillis) {
        return dueChange(nowMillis).isPresent()
                || !(target.isEmpty() || Relocation.isDone(membership, target))
                || membership.learners().stream().anyMatch(node -> membership.has(node, Membership.Standing.RETURNING));
    }

    private Optional<MembershipChange> dueToWish(NavigableSet<NodeId> wished) {
        for (NodeId learner : membership.learners()) {
            if (membership.has(learner, Membership.Standing.LEARNER) && !wished.contains(learner)) {
                return Optional.of(new MembershipChange.Remove(learner));
            }
        }
        for (NodeId node : wished) {
            if (!membership.contains(node)) {
                return Optional.of(new MembershipChange.AddLearner(node));
            }
        }
        return Optional.empty();
    }

    /** From now on these are to be learners, and no others; but no vote is taken or given for it. */
    void wishForLearners(Set<NodeId> nodes) {
        learnersWished = new TreeSet<>(nodes);
    }

    /** Asks for the entries that each member lacks and may be sent now. */
    void replicate(Output.Builder out) {
        peers.forEach((peer, progress) -> replicateTo(peer, progress, out));
    }

    void replicateTo(NodeId peer, Progress progress, Output.Builder out) {
        if (progress.nextIndex() <= log.start().index()) {
            sendSnapshot(peer, progress, out);
        } else if (progress.mayRead(log.lastIndex(), settings)) {
            progress.readStarted();
            out.replicate(new Output.Replicate(
                    peer,
                    term,
                    beforeNext(progress),
                    progress.nextIndex(),
                    log.lastIndex(),
                    settings.appendBytesMax()));
        }
    }

    /** What it needs next is trimmed away: instead, what stands for that. */
    private void sendSnapshot(NodeId peer, Progress progress, Output.Builder out) {
        if (progress.maySendSnapshot()) {
            progress.readStarted();
            out.sendSnapshot(new Output.SendSnapshot(peer, term, log.start(), progress.snapshotBytes()));
        }
    }

    /** The log starts later: who was to get what is gone gets the snapshot, and who was getting one, another. */
    void logTrimmed(Output.Builder out) {
        peers.values().forEach(Progress::beginSnapshot);
        replicate(out);
    }

    /** Heartbeats, and news of the commit index, to those for whom they are due. */
    void heartbeats(long nowMillis, long commitIndex, Output.Builder out) {
        peers.forEach((peer, progress) -> {
            if (nowMillis >= progress.heartbeatDueMillis(settings)) {
                heartbeat(peer, progress, nowMillis, commitIndex, out);
            }
        });
    }

    private void heartbeat(NodeId peer, Progress progress, long nowMillis, long commitIndex, Output.Builder out) {
        progress.heartbeatSent(nowMillis, settings);
        out.send(new Message.AppendRequest(self, peer, term, beforeNext(progress), List.of(), commitIndex));
    }

    /**
     * Whether each member but those has, as its own recent word says, everything, and nothing more is about to be sent to anybody:
     * a read of the log that ends later would wake its receiver, who would find its leader silent.
     */
    boolean allHaveEverythingBut(Set<NodeId> absent, long nowMillis) {
        for (Map.Entry<NodeId, Progress> peer : peers.entrySet()) {
            Progress progress = peer.getValue();
            boolean isAwaited = !absent.contains(peer.getKey())
                    && (progress.matchIndex() != log.lastIndex()
                            || nowMillis - progress.lastHeardMillis() > settings.electionTimeoutMillisMin());
            if (progress.isReading() || isAwaited) {
                return false;
            }
        }
        return true;
    }

    /** Whether this member lacks something, as far as is known; one that is none lacks nothing. */
    boolean lacksSomething(NodeId member) {
        Progress progress = peers.get(member);
        return progress != null && progress.matchIndex() != log.lastIndex();
    }

    void quiesce(Output.Builder out) {
        for (NodeId peer : peers.keySet()) {
            out.send(new Message.Quiesce(self, peer, term, log.last()));
        }
    }

    /** After sleep, during which nobody had to speak: everybody is given the time to. */
    void wakeUp(long nowMillis) {
        quorumCheckMillis = nowMillis + settings.electionTimeoutMillisMax();
        peers.values().forEach(progress -> progress.isGivenTime(nowMillis));
    }

    NavigableMap<NodeId, RaftStatus.Peer> status(long nowMillis) {
        TreeMap<NodeId, RaftStatus.Peer> status = new TreeMap<>();
        peers.forEach((id, p) -> status.put(id, RaftStatus.Peer.of(p, membership.isVoter(id), nowMillis)));
        return status;
    }

    private LogPosition beforeNext(Progress progress) {
        long previous = Math.max(progress.nextIndex() - 1, log.start().index());
        return new LogPosition(previous, log.termAt(previous));
    }

    void commitAdvanced(long nowMillis) {
        peers.values().forEach(progress -> progress.commitAdvanced(nowMillis));
    }

    /** Answered at once, by {@link #advanceReads}, or when this leadership ends, by {@link #abandonReads}. */
    void ask(ReadIndexQueue.Read read, long nowMillis, long commitIndex, Output.Builder out) {
        if (reads.add(read)) {
            advanceReads(nowMillis, commitIndex, out);
        } else {
            answer(read, new ReadOutcome.Refused(ReadOutcome.Reason.OVERLOADED), out);
        }
    }

    void leadershipConfirmed(NodeId peer, long round, long nowMillis, long commitIndex, Output.Builder out) {
        reads.answered(peer, round);
        advanceReads(nowMillis, commitIndex, out);
    }

    /** Does for the reads what can be done now: nothing before it is known what earlier leaders had committed. */
    void advanceReads(long nowMillis, long commitIndex, Output.Builder out) {
        if (reads.isEmpty() || log.termAt(commitIndex) != term) {
            return;
        }
        if (reads.hasLease(nowMillis)) {
            reads.takeWaiting().forEach(read -> answer(read, new ReadOutcome.Ready(commitIndex), out));
        }
        do {
            if (reads.isRoundOpen() && isConfirmed()) {
                ReadOutcome ready = new ReadOutcome.Ready(reads.roundIndex());
                reads.endRound().forEach(read -> answer(read, ready, out));
            }
            if (reads.beginRound(commitIndex, nowMillis)) {
                probe(out);
            }
        } while (reads.isRoundOpen() && isConfirmed()); // by this member alone
    }

    private boolean isConfirmed() {
        TreeSet<NodeId> agreeing = new TreeSet<>(reads.answered());
        agreeing.add(self);
        return Quorum.isMajority(membership.voters(), agreeing);
    }

    /** Asks those again whose answer is missing. */
    void probeAgain(long nowMillis, Output.Builder out) {
        if (nowMillis >= reads.resendMillis(settings)) {
            reads.resent(nowMillis);
            probe(out);
        }
    }

    private void probe(Output.Builder out) {
        for (NodeId peer : peers.keySet()) {
            if (membership.isVoter(peer) && !reads.answered().contains(peer)) {
                out.send(new Message.LeadershipProbe(self, peer, term, reads.round()));
            }
        }
    }

    boolean hasReads() {
        return !reads.isEmpty();
    }

    void abandonReads(Output.Builder out) {
        reads.abandon().forEach(read -> answer(read, new ReadOutcome.Refused(ReadOutcome.Reason.NOT_LEADER), out));
    }

    private void answer(ReadIndexQueue.Read read, ReadOutcome outcome, Output.Builder out) {
        if (read.from().equals(self)) {
            out.readAnswered(read.id(), outcome);
        } else {
            out.send(new Message.ReadIndexResponse(self, read.from(), term, read.id(), outcome));
        }
    }

    /** The index that a majority of voters has on disk. */
    long majorityMatch(long ownDurableIndex) {
        return Quorum.reachedByMajority(
                membership.voters(), voter -> voter.equals(self) ? ownDurableIndex : matchIndexOf(voter));
    }

    int membersWithout(long index, long nowMillis) {
        return (int) peers.values().stream()
                .filter(progress -> !isInSync(progress, index, nowMillis))
                .count();
    }

    int votersWith(long index, long nowMillis) {
        return (int) membership.voters().stream()
                .filter(voter -> voter.equals(self) || isInSync(voter, index, nowMillis))
                .count();
    }

    private boolean isInSync(NodeId voter, long index, long nowMillis) {
        Progress progress = peers.get(voter);
        return progress != null && counts(voter, progress) && isInSync(progress, index, nowMillis);
    }

    private boolean isInSync(Progress progress, long index, long nowMillis) {
        return progress.wasHeardSince(nowMillis - settings.electionTimeoutMillisMax())
                && progress.matchIndex() >= index;
    }

    private long matchIndexOf(NodeId voter) {
        Progress progress = peers.get(voter);
        return progress == null || !counts(voter, progress) ? 0 : progress.matchIndex();
    }

    /**
     * Check-quorum (§6.2): looked at once an election timeout.
     *
     * @return whether it was due and no majority of voters was heard of since an election timeout
     */
    boolean hasLostQuorum(long nowMillis) {
        if (nowMillis < quorumCheckMillis) {
            return false;
        }
        quorumCheckMillis = nowMillis + settings.electionTimeoutMillisMin();
        TreeSet<NodeId> heard = new TreeSet<>();
        heard.add(self);
        peers.forEach((peer, progress) -> {
            if (counts(peer, progress)
                    && nowMillis - progress.lastHeardMillis() <= settings.electionTimeoutMillisMax()) {
                heard.add(peer);
            }
        });
        return !Quorum.isMajority(membership.voters(), heard);
    }

    long deadlineMillis() {
        long deadline = Math.min(quorumCheckMillis, reads.resendMillis(settings));
        deadline = Math.min(deadline, succession.deadlineMillis());
        if (transfer != null) {
            deadline = Math.min(deadline, transfer.untilMillis());
        }
        for (Progress progress : peers.values()) {
            deadline = Math.min(deadline, progress.heartbeatDueMillis(settings));
        }
        return deadline;
    }
}
