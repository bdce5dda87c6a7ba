package io.millrace.partition.raft;

import io.millrace.partition.raft.Message.AppendAccepted;
import io.millrace.partition.raft.Message.AppendRejected;
import io.millrace.partition.raft.Message.AppendRequest;
import io.millrace.partition.raft.Message.InstallSnapshot;
import io.millrace.partition.raft.Message.LeadershipConfirmed;
import io.millrace.partition.raft.Message.LeadershipProbe;
import io.millrace.partition.raft.Message.PreVoteRequest;
import io.millrace.partition.raft.Message.PreVoteResponse;
import io.millrace.partition.raft.Message.Quiesce;
import io.millrace.partition.raft.Message.ReadIndexRequest;
import io.millrace.partition.raft.Message.ReadIndexResponse;
import io.millrace.partition.raft.Message.RebuildRequest;
import io.millrace.partition.raft.Message.SnapshotReceived;
import io.millrace.partition.raft.Message.TimeoutNow;
import io.millrace.partition.raft.Message.VoteRequest;
import io.millrace.partition.raft.Message.VoteResponse;
import io.millrace.partition.raft.Output.RoleChange;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One member of a Raft group, as a deterministic state machine: {@link #step} takes what happened and says what to do.
 * It owns no thread, clock, disk or network; the same inputs give the same outputs.
 *
 * <p>It follows Ongaro's dissertation ("Consensus: Bridging Theory and Practice", 2014); section numbers below are
 * its. Where entries are read or written it only knows their indexes and terms ({@link TermHistory}).
 *
 * <p>Not thread-safe. A broken invariant throws {@link IllegalStateException}; the member must then be stopped.
 */
public final class RaftCore {
    private static final long NEVER_MILLIS = Long.MIN_VALUE / 2;

    private final NodeId self;
    private final RaftSettings settings;
    private final MemberLog log;
    private final ConfigurationHistory configurations;
    private final SnapshotAssembly incoming = new SnapshotAssembly();
    private final ChangeRules rules;
    private HardState hardState;
    private Role role = Role.FOLLOWER;
    private Optional<NodeId> leader = Optional.empty();
    private RoleChange announced;

    private final ElectionTimer timer;
    private final Quiescence quiescence;
    private final ForwardedReads forwardedReads;
    private final TreeSet<NodeId> votes = new TreeSet<>();
    private @Nullable Leadership leadership;
    /** Who shall be members, as the shell says; empty: whoever they are. */
    private NavigableSet<NodeId> target = new TreeSet<>();
    /** As the failure detector says. Only for sleep: who is awake goes by what it hears. */
    private final Set<NodeId> unreachable = new TreeSet<>();
    /** Part of what is on our disk cannot be read any more. */
    private boolean damaged;

    private long rebuildAskedMillis = NEVER_MILLIS;

    private Output.Builder out = new Output.Builder();
    private long nowMillis;

    /**
     * @param atStart the configuration in effect where the log starts: that of its snapshot, or the one that the group was
     *     founded with, the same on all members
     * @param hardState what this member had made durable
     * @param log what is on its disk; owned by this core from now on
     * @param random for election timeouts, and for numbers that are not used again
     */
    public RaftCore(
            NodeId self,
            Configuration atStart,
            RaftSettings settings,
            HardState hardState,
            TermHistory log,
            Random random,
            long nowMillis) {
        this(self, atStart, settings, hardState, log, random, nowMillis, new ChangeRules());
    }

    RaftCore(
            NodeId self,
            Configuration atStart,
            RaftSettings settings,
            HardState hardState,
            TermHistory log,
            Random random,
            long nowMillis,
            ChangeRules rules) {
        this.self = self;
        this.rules = rules;
        this.log = new MemberLog(log, atStart, hardState.configurations());
        this.configurations = this.log.configurations();
        this.settings = settings;
        this.hardState = hardState;
        this.nowMillis = nowMillis;
        this.timer = new ElectionTimer(settings, random, nowMillis);
        this.forwardedReads = new ForwardedReads(random.nextLong(), settings);
        this.quiescence = new Quiescence(settings, nowMillis);
        Invariant.check(
                hardState.term() >= log.last().term(),
                "the log has term %s, later than the known term %s: the journal was lost",
                log.last().term(),
                hardState.term());
        this.announced = new RoleChange(role, hardState.term(), leader, log.lastIndex());
        if (!membership().voters().equals(Set.of(self))) { // else there is nobody to wait for
            timer.restart(nowMillis);
        }
    }

    // ---------------------------------------------------------------------------------------------- what others see

    public NodeId self() {
        return self;
    }

    /** Whether this member leads, and in that very term. */
    public boolean isLeaderIn(long term) {
        return role == Role.LEADER && hardState.term() == term;
    }

    /** Whether this member leads, in that very term, and is not about to hand over. */
    public boolean mayPropose(long term) {
        return isLeaderIn(term) && !isTransferring();
    }

    /**
     * How many other members are not known to have the log up to this entry on disk, or are silent, or, while the group sleeps,
     * cannot be reached; 0 for who does not lead.
     */
    public int membersWithout(long index) {
        if (leadership == null) {
            return 0;
        }
        return quiescence.isAsleep() ? awaited().size() : leadership.membersWithout(index, nowMillis);
    }

    /**
     * How many voters, this one among them, were heard of lately and have the log up to this entry on disk or, while the group sleeps,
     * can be reached; 0 for who does not lead.
     */
    public int votersWith(long index) {
        if (leadership == null) {
            return 0;
        }
        return quiescence.isAsleep() ? reachableVoters().size() : leadership.votersWith(index, nowMillis);
    }

    /** Whether this member leads, and is about to hand over: for an election timeout at the longest. */
    public boolean isTransferring() {
        return leadership != null && leadership.isTransferring();
    }

    public long term() {
        return hardState.term();
    }

    public long commitIndex() {
        return log.commitIndex();
    }

    /**
     * Whether this member knows all that it ever promised. If its disk was lost, it may have voted in this term or a later
     * one, or acknowledged what it has no more; that is of no weight once an entry that takes its vote is committed (decision
     * 008).
     */
    public boolean remembers() {
        return !hardState.recovering();
    }

    /**
     * Whether this member is to give up its log, set it aside, and start again without it, in its next incarnation: it has asked
     * for that, and the group has taken its vote. Everything it ever promised was promised before that.
     */
    public boolean mustBeginAnew() {
        return configurations.settled(log.commitIndex()).membership().incarnationOf(self)
                == HardState.nextIncarnation(hardState.incarnation());
    }

    /** The one in effect; not the same object after a change. */
    public Membership membership() {
        return configurations.latest();
    }

    /** Whether what {@link #membership} says is known to be committed. */
    public boolean isMembershipSettled() {
        return configurations.latestIndex() <= log.commitIndex();
    }

    public RaftStatus status() {
        return new RaftStatus(
                self,
                role,
                hardState,
                leader,
                membership(),
                log.start(),
                log.last(),
                log.commitIndex(),
                log.durableIndex(),
                leadership == null ? new TreeMap<>() : leadership.status(nowMillis));
    }

    /** Goes with what the last step's output appends, and comes back with {@link Input.Durable}. */
    public long logEpoch() {
        return log.epoch();
    }

    /** Whether {@link Input.TimePassed} makes it stand for election. */
    public boolean isCampaignDue(long atMillis) {
        return leadership == null && !quiescence.isAsleep() && mayCampaign() && atMillis >= timer.deadlineMillis();
    }

    /** Whether it stands for election, or has won one and nothing that it wrote since is committed. */
    public boolean isElecting() {
        return role == Role.PRE_CANDIDATE
                || role == Role.CANDIDATE
                || (role == Role.LEADER && log.terms().termAt(log.commitIndex()) != hardState.term());
    }

    /** Asleep, this member neither sends nor waits: see {@link Quiescence}. */
    public boolean isAsleep() {
        return quiescence.isAsleep();
    }

    /** Whose nodes the failure detector must watch, to step with {@link Input.PeerUnreachable}: empty while awake. */
    public Set<NodeId> watched() {
        if (!quiescence.isAsleep()) {
            return Set.of();
        }
        if (leadership == null) {
            return leader.map(Set::of).orElse(Set.of());
        }
        Set<NodeId> present = new TreeSet<>(leadership.peers().keySet());
        present.removeAll(unreachable);
        return present;
    }

    /** Whose nodes' return the failure detector must watch for, to step with {@link Input.PeerReachable}: empty while awake. */
    public Set<NodeId> awaited() {
        if (!quiescence.isAsleep() || leadership == null) {
            return Set.of();
        }
        Set<NodeId> absent = new TreeSet<>(leadership.peers().keySet());
        absent.retainAll(unreachable);
        return absent;
    }

    /** As the shell said last: {@link Input.PeerUnreachable}, {@link Input.PeerReachable}. */
    public boolean isUnreachable(NodeId node) {
        return unreachable.contains(node);
    }

    /** When to step with {@link Input.TimePassed} at the latest; never before the last step. */
    public long deadlineMillis() {
        if (leadership != null) {
            return quiescence.isAsleep() ? Long.MAX_VALUE : Math.max(nowMillis, leadership.deadlineMillis());
        }
        boolean waitsForLeader = (mayCampaign() || !remembers()) && !quiescence.isAsleep();
        long silenceMillis = waitsForLeader ? timer.deadlineMillis() : Long.MAX_VALUE;
        return Math.max(nowMillis, Math.min(silenceMillis, forwardedReads.deadlineMillis()));
    }

    /**
     * The message for entries that were asked for; its commit index is that of now. Only for who still leads in the term
     * of the question ({@link #isLeaderIn}): a log that follows another leader by now may hold other entries.
     */
    public AppendRequest appendRequest(Output.Replicate asked, List<Entry> entries) {
        Invariant.check(isLeaderIn(asked.term()), "entries of term %s sent by a %s", asked.term(), role);
        for (Entry entry : entries) {
            boolean isOurs = entry.index() <= log.start().index() // trimmed since: it was committed
                    || log.terms().contains(entry.position());
            Invariant.check(isOurs, "what was read at %s is not in the log", entry.position());
        }
        return new AppendRequest(self, asked.to(), asked.term(), asked.previous(), entries, log.commitIndex());
    }

    /**
     * The message for a piece of a snapshot that was asked for; only for who still leads in the term of the question.
     *
     * @param snapshot all of it, as {@link SnapshotCodec} writes it
     */
    public InstallSnapshot installSnapshot(Output.SendSnapshot asked, Payload snapshot) {
        int offset = Math.min(asked.offset(), snapshot.sizeBytes());
        Payload piece = snapshot.slice(offset, Math.min(settings.appendBytesMax(), snapshot.sizeBytes() - offset));
        return new InstallSnapshot(self, asked.to(), asked.term(), SnapshotCodec.idOf(snapshot), offset, piece);
    }

    // -------------------------------------------------------------------------------------------------------- step

    /**
     * Takes one thing that happened.
     *
     * @param nowMillis any clock that does not go back while this object lives
     */
    public Output step(long nowMillis, Input input) {
        this.nowMillis = Math.max(this.nowMillis, nowMillis);
        out = new Output.Builder();
        noteReachability(input);
        if (quiescence.isAsleep() && wakes(input)) {
            wakeUp(input);
        }
        if (input instanceof Input.Received received) {
            receive(received.message());
        } else if (input instanceof Input.Durable durable) {
            onDurable(durable);
        } else if (input instanceof Input.Propose propose) {
            onPropose(propose);
        } else if (input instanceof Input.Sent sent) {
            onSent(sent);
        } else if (input instanceof Input.SnapshotSent sent) {
            onSnapshotSent(sent);
        } else if (input instanceof Input.Trim trim) {
            onTrim(trim.index());
        } else if (input instanceof Input.Trimmed trimmed) {
            onTrimmed(trimmed.start());
        } else if (input instanceof Input.TimePassed) {
            onTimePassed();
        } else if (input instanceof Input.Campaign) {
            onCampaign();
        } else if (input instanceof Input.ReadIndex read) {
            onReadIndex(read.readId());
        } else if (input instanceof Input.Learners learners) {
            onLearners(learners);
        } else if (input instanceof Input.Target wish) {
            onTarget(wish);
        } else if (input instanceof Input.ChangeMembership asked) {
            onChangeMembership(asked.change());
        } else if (input instanceof Input.TransferLeadership asked) {
            onTransferLeadership(asked.target());
        } else if (input instanceof Input.StepAside) {
            onStepAside();
        } else if (input instanceof Input.Damaged) {
            onDamaged();
        }
        recoverIfAdmitted();
        RoleChange now = new RoleChange(role, hardState.term(), leader, log.lastIndex());
        boolean changed = now.role() != announced.role()
                || now.term() != announced.term()
                || !now.leader().equals(announced.leader());
        if (changed) {
            announced = now;
            refuse(forwardedReads.abandon(), ReadOutcome.Reason.NOT_LEADER);
        }
        return out.build(changed ? Optional.of(now) : Optional.empty(), deadlineMillis());
    }

    /**
     * Once the entry that names this disk is committed, and on this disk:
     *
     * <pre>
     *   the journal is lost, the log goes up to 403; the founding members are all that is known
     *   404 to 560 arrive, 524 names the new disk, all is committed: "recovered" goes to the journal, before the entries
     *   the power fails: recovered, with a log up to 403
     *   from now on it would go by the founding members, and might lead those that were removed since
     * </pre>
     */
    private void recoverIfAdmitted() {
        Configuration settled = configurations.settled(log.commitIndex());
        if (hardState.recovering()
                && settled.index() <= log.durableIndex()
                && settled.membership().incarnationOf(self) == hardState.incarnation()) {
            persist(hardState.recovered());
        }
    }

    private void onTimePassed() {
        refuse(forwardedReads.expire(nowMillis), ReadOutcome.Reason.NO_ANSWER);
        if (quiescence.isAsleep()) {
            return;
        }
        if (leadership != null) {
            leadership.endTransferIfOver(nowMillis);
            if (leadership.hasLostQuorum(nowMillis)) {
                becomeFollower(hardState.term(), Optional.empty());
            } else if (mayQuiesce(leadership)) {
                leadership.quiesce(out);
                quiescence.fallAsleep();
            } else {
                leadership.heartbeats(nowMillis, log.commitIndex(), out);
                leadership.replicate(out);
                leadership.probeAgain(nowMillis, out);
                leadership.tendSuccession(nowMillis, log.commitIndex(), log.durableIndex(), out);
            }
        } else if (nowMillis >= timer.deadlineMillis()) {
            if (remembers()) {
                onCampaign();
            } else {
                askWhoLeads();
            }
        }
    }

    private void onCampaign() {
        if (isBoundByLease()) {
            timer.restartWhenUnbound();
            return; // nor may its own vote break what it has promised
        }
        if (role != Role.LEADER && mayCampaign()) {
            becomePreCandidate();
        }
    }

    /**
     * It may not lead, but somebody must know that it lacks everything: if its node was back before anybody missed it, the group
     * sleeps, and counts on what it had.
     */
    private void askWhoLeads() {
        timer.campaignBegun();
        askVoters(voter -> new PreVoteRequest(self, voter, hardState.term() + 1, log.last()));
    }

    private boolean mayQuiesce(Leadership leading) {
        return quiescence.isDue(nowMillis)
                && log.isSettled()
                && !leading.hasReads()
                && leading.allHaveEverythingBut(isMajorityReachable() ? unreachable : Set.of(), nowMillis)
                && !leading.awaitsChange(nowMillis)
                && !leading.isDamaged()
                && !leading.isTransferring();
    }

    private void noteReachability(Input input) {
        if (input instanceof Input.PeerUnreachable lost) {
            unreachable.add(lost.node());
        } else if (input instanceof Input.PeerReachable found) {
            unreachable.remove(found.node());
        }
    }

    private boolean wakes(Input input) {
        if (input instanceof Input.PeerUnreachable lost) {
            return leadership == null ? leader.equals(Optional.of(lost.node())) : !isMajorityReachable();
        } else if (input instanceof Input.PeerReachable found) {
            return leadership != null && leadership.lacksSomething(found.node());
        }
        return Quiescence.wakes(input, leadership != null, membership());
    }

    private boolean isMajorityReachable() {
        return Quorum.isMajority(membership().voters(), reachableVoters());
    }

    private Set<NodeId> reachableVoters() {
        Set<NodeId> present = new TreeSet<>(membership().voters());
        present.removeAll(unreachable);
        return present;
    }

    private void wakeUp(Input because) {
        quiescence.stir(nowMillis);
        if (leadership != null) {
            leadership.wakeUp(nowMillis);
            leadership.heartbeats(nowMillis, log.commitIndex(), out);
        } else if (because instanceof Input.PeerUnreachable) {
            timer.restartAfterDetection(nowMillis);
        } else {
            timer.leaderHeard(nowMillis); // it was not heard because it had nothing to say
        }
    }

    private void receive(Message message) {
        if (message instanceof PreVoteRequest request) {
            onPreVoteRequest(request);
            return;
        }
        if (message instanceof PreVoteResponse response) {
            onPreVoteResponse(response);
            return;
        }
        if (message instanceof VoteRequest request
                && !request.byTransfer()
                && message.term() > hardState.term()
                && hasLiveLeaderOtherThan(message.from())) {
            return; // §4.2.3: who hears a leader does not help to depose it
        }
        if (message.term() > hardState.term()) {
            becomeFollower(message.term(), Optional.empty()); // §3.3
        }
        if (message instanceof AppendRequest request) {
            onAppendRequest(request);
        } else if (message instanceof InstallSnapshot request) {
            onInstallSnapshot(request);
        } else if (message instanceof SnapshotReceived response) {
            onSnapshotReceived(response);
        } else if (message instanceof Quiesce quiesce) {
            onQuiesce(quiesce);
        } else if (message instanceof AppendAccepted response) {
            onAppendAccepted(response);
        } else if (message instanceof AppendRejected response) {
            onAppendRejected(response);
        } else if (message instanceof TimeoutNow order) {
            onTimeoutNow(order);
        } else if (message instanceof LeadershipProbe probe) {
            onLeadershipProbe(probe);
        } else if (message instanceof LeadershipConfirmed confirmed) {
            onLeadershipConfirmed(confirmed);
        } else if (message instanceof RebuildRequest request) {
            onRebuildRequest(request);
        } else if (message instanceof ReadIndexRequest request) {
            onReadIndexRequest(request);
        } else if (message instanceof ReadIndexResponse response) {
            forwardedReads
                    .answered(response.readId())
                    .ifPresent(readId -> out.readAnswered(readId, response.outcome()));
        } else if (message instanceof VoteRequest request) {
            onVoteRequest(request);
        } else if (message instanceof VoteResponse response) {
            onVoteResponse(response);
        }
    }

    // ----------------------------------------------------------------------------------------------- elections, §3.4

    /** Whoever asks for votes leads no more. */
    private boolean hasLiveLeaderOtherThan(NodeId candidate) {
        return role == Role.LEADER
                || isBoundByLease()
                || (leader.isPresent() && !leader.get().equals(candidate) && timer.hasHeardLeaderLately(nowMillis));
    }

    /** §4.2.2: a voter that is about to be removed may be needed to commit just that. */
    private boolean mayCampaign() {
        return remembers()
                && (membership().isVoter(self)
                        || configurations
                                .settled(log.commitIndex())
                                .membership()
                                .isVoter(self));
    }

    private boolean isBoundByLease() {
        return role != Role.LEADER && timer.isBound(nowMillis);
    }

    private void onPreVoteRequest(PreVoteRequest request) {
        boolean granted = remembers()
                && request.term() > hardState.term()
                && request.lastPosition().isAtLeastAsUpToDateAs(log.last())
                && !hasLiveLeaderOtherThan(request.from());
        out.send(new PreVoteResponse(self, request.from(), granted ? request.term() : hardState.term(), granted));
    }

    private void onPreVoteResponse(PreVoteResponse response) {
        if (!response.granted()) {
            if (response.term() > hardState.term()) {
                becomeFollower(response.term(), Optional.empty());
            }
        } else if (role == Role.PRE_CANDIDATE && response.term() == hardState.term() + 1) {
            votes.add(response.from());
            if (hasMajority()) {
                becomeCandidate(false);
            }
        }
    }

    /** §3.10: without a pre-vote, which everybody who hears the leader would refuse. */
    private void onTimeoutNow(TimeoutNow order) {
        if (order.term() == hardState.term()
                && role == Role.FOLLOWER
                && leader.equals(Optional.of(order.from()))
                && mayCampaign()) {
            becomeCandidate(true);
        }
    }

    private void onVoteRequest(VoteRequest request) {
        boolean granted = remembers()
                && (request.byTransfer() || !isBoundByLease())
                && request.term() == hardState.term()
                && (hardState.vote().isEmpty() || hardState.vote().get().equals(request.from()))
                && request.lastPosition().isAtLeastAsUpToDateAs(log.last()); // §3.6.1
        if (granted && hardState.vote().isEmpty()) {
            persist(hardState.votingFor(request.from()));
        }
        if (granted && role == Role.PRE_CANDIDATE) {
            becomeFollower(hardState.term(), Optional.empty());
        }
        if (granted) {
            timer.restart(nowMillis);
        }
        out.send(new VoteResponse(self, request.from(), hardState.term(), granted));
    }

    private void onVoteResponse(VoteResponse response) {
        if (role == Role.CANDIDATE && response.term() == hardState.term() && response.granted()) {
            votes.add(response.from());
            if (hasMajority()) {
                becomeLeader();
            }
        }
    }

    // ------------------------------------------------------------------------------------------ log replication, §3.5

    private void onAppendRequest(AppendRequest request) {
        if (request.term() < hardState.term()) {
            reject(request, log.last()); // tells a deposed leader its time is over; the hint is of no use to it
            return;
        }
        hear(request.from());
        LogPosition previous = request.previous();
        if (!log.agreesAt(previous)) {
            reject(request, log.terms().lastAtMost(previous.index() - 1, previous.term()));
            return;
        }
        if (log.appendMissing(request.entries(), out)) {
            noteConfigurations();
        }
        log.verified(request.lastIndex());
        advanceCommitIndex(Math.min(request.commitIndex(), log.verifiedIndex()));
        if (request.entries().isEmpty() || log.durableIndex() >= request.lastIndex()) {
            acceptUpToDurable(request.from());
        }
        // Otherwise the answer leaves when the entries are on disk: onDurable.
    }

    private void reject(AppendRequest request, LogPosition hint) {
        long index = request.previous().index();
        out.send(new AppendRejected(self, request.from(), hardState.term(), index, hint, hardState.incarnation()));
    }

    /** Of the present term. */
    private void hear(NodeId from) {
        Invariant.check(role != Role.LEADER, "two leaders in term %s: %s and %s", hardState.term(), self, from);
        if (role != Role.FOLLOWER || !leader.equals(Optional.of(from))) {
            becomeFollower(hardState.term(), Optional.of(from));
        }
        timer.leaderHeard(nowMillis);
        if (nowMillis - rebuildAskedMillis >= settings.heartbeatMillis()) {
            askToBeRebuilt();
        }
    }

    private void onQuiesce(Quiesce quiesce) {
        onAppendRequest(quiesce.asHeartbeat());
        long index = quiesce.last().index();
        if (quiesce.term() < hardState.term()) {
            return; // of a leader that was deposed
        } else if (log.verifiedIndex() == index && log.commitIndex() == index && log.durableIndex() >= index) {
            quiescence.fallAsleep();
        } else {
            quiescence.stir(nowMillis); // it was overtaken by entries, or speaks of some that we lack
        }
    }

    private void acceptUpToDurable(NodeId to) {
        out.send(new AppendAccepted(
                self, to, hardState.term(), log.acknowledgedIndex(), hardState.incarnation(), remembers()));
    }

    private void onDurable(Input.Durable durable) {
        if (durable.logEpoch() != log.epoch()) {
            return; // perhaps cut off again since; what was appended after the cut will be reported as well
        }
        if (!log.isDurable(durable.position())) {
            return;
        }
        settleConfigurations();
        if (leadership != null) {
            advanceCommitByMajority();
        } else if (role == Role.FOLLOWER && leader.isPresent()) {
            acceptUpToDurable(leader.get());
        }
    }

    private void onAppendAccepted(AppendAccepted response) {
        Progress progress = progressOf(response, response.incarnation());
        if (progress == null) {
            return;
        }
        Invariant.check(
                response.matchIndex() <= log.lastIndex(),
                "member %s has %s, the leader only %s",
                response.from(),
                response.matchIndex(),
                log.lastIndex());
        progress.accepted(response.matchIndex());
        progress.says(response.remembers());
        progress.catchUp()
                .matches(progress.matchIndex(), log.lastIndex(), nowMillis, settings.electionTimeoutMillisMin());
        advanceCommitByMajority();
        tendMembers();
        if (leadership != null) {
            leadership.handOver(out);
            leadership.replicateTo(response.from(), progress, out);
        }
    }

    private void onAppendRejected(AppendRejected response) {
        Progress progress = progressOf(response, response.incarnation());
        if (progress == null) {
            return;
        }
        boolean news = progress.rejected(
                response.previousIndex(), log.mayAgreeUpTo(response.previousIndex(), response.hint()) + 1);
        tendMembers();
        if (news && leadership != null) {
            leadership.replicateTo(response.from(), progress, out);
        }
    }

    /** Null for who is not listened to, or by whom nobody needs be. */
    private @Nullable Progress progressOf(Message response, long incarnation) {
        Progress progress = progressOf(response.from(), response.term());
        if (progress == null || !progress.isSpokenToBy(incarnation)) {
            return null;
        }
        progress.heard(nowMillis);
        return progress;
    }

    /** Null if this member does not lead in that term, or not that one. */
    private @Nullable Progress progressOf(NodeId peer, long term) {
        return leadership != null && term == hardState.term()
                ? leadership.peers().get(peer)
                : null;
    }

    private void onPropose(Input.Propose propose) {
        Leadership leading = leadership;
        Invariant.check(
                leading != null && mayPropose(propose.term()),
                "proposed in term %s to a %s of term %s",
                propose.term(),
                role,
                hardState.term());
        List<Entry> entries = new ArrayList<>(propose.payloads().size());
        for (Payload payload : propose.payloads()) {
            entries.add(appendOwn(propose.type(), payload));
        }
        out.append(entries);
        quiescence.stir(nowMillis);
        Objects.requireNonNull(leading).replicate(out);
    }

    private Entry appendOwn(EntryType type, Payload payload) {
        Entry entry = new Entry(log.lastIndex() + 1, hardState.term(), type, payload);
        log.appendOwn(entry);
        return entry;
    }

    private void onSent(Input.Sent sent) {
        Progress progress = progressOf(sent.to(), sent.term());
        if (leadership == null || progress == null) {
            return;
        }
        progress.readFinished(sent.firstIndex(), sent.lastIndex(), sent.sizeBytes());
        if (sent.lastIndex() >= sent.firstIndex()) {
            progress.sentAnything(nowMillis);
            leadership.replicateTo(sent.to(), progress, out);
        } else {
            leadership.couldNotRead();
        }
    }

    /** §3.6.2: only entries of the own term are committed by counting; the earlier ones with them. */
    private void advanceCommitByMajority() {
        if (leadership == null) {
            return;
        }
        long reached = leadership.majorityMatch(log.durableIndex());
        if (reached > log.commitIndex() && log.terms().termAt(reached) == hardState.term()) {
            leadership.commitAdvanced(nowMillis);
            boolean changed =
                    configurations.latestIndex() > log.commitIndex() && configurations.latestIndex() <= reached;
            advanceCommitIndex(reached);
            leadership.advanceReads(nowMillis, log.commitIndex(), out);
            if (settings.commitNoticeMillis() == 0) {
                leadership.heartbeats(nowMillis, log.commitIndex(), out);
            }
            if (changed) {
                leadership.farewell(nowMillis, log.commitIndex(), out);
            }
            if (changed && !membership().isVoter(self)) {
                leadership.abdicate(out);
                becomeFollower(hardState.term(), Optional.empty()); // §4.2.2
            }
            tendMembers();
        }
    }

    private void advanceCommitIndex(long index) {
        if (index > log.commitIndex()) {
            log.committed(index, out);
            settleConfigurations();
        }
    }

    // ------------------------------------------------------------------------------ snapshots of the log's start, §5

    private void onTrim(long index) {
        long trimTo = log.trimmableTo(index);
        if (trimTo > log.start().index()) {
            out.trimTo(trimTo);
        }
    }

    private void onTrimmed(LogPosition start) {
        if (log.trimmed(start) && leadership != null) {
            leadership.logTrimmed(out);
        }
    }

    /** Whoever has the position has no use for what led there, and may have more, which is committed. */
    private void onInstallSnapshot(InstallSnapshot request) {
        if (request.term() == hardState.term()) {
            hear(request.from());
            if (log.agreesAt(request.snapshot().position())) {
                incoming.clear();
                log.verified(request.snapshot().position().index());
                advanceCommitIndex(request.snapshot().position().index());
                acceptUpToDurable(request.from());
                return;
            }
            incoming.add(request.snapshot(), request.offset(), request.piece())
                    .ifPresent(snapshot -> log.install(snapshot, out));
        }
        out.send(new SnapshotReceived(
                self,
                request.from(),
                hardState.term(),
                request.snapshot(),
                incoming.have(request.snapshot()),
                hardState.incarnation()));
    }

    private void onSnapshotReceived(SnapshotReceived response) {
        Progress progress = progressOf(response, response.incarnation());
        if (leadership != null
                && progress != null
                && response.snapshot().position().equals(log.start())) {
            progress.snapshotReceived(response.bytes(), response.snapshot().sizeBytes());
            leadership.replicateTo(response.from(), progress, out);
        }
        tendMembers();
    }

    private void onSnapshotSent(Input.SnapshotSent sent) {
        Progress progress = progressOf(sent.to(), sent.term());
        if (progress != null) {
            progress.snapshotRead(sent.sent());
        }
    }

    // -------------------------------------------------------------------------------------- membership changes, §4.1

    private void onChangeMembership(MembershipChange change) {
        Optional<ChangeRefusal> refusal = refusalOf(change);
        if (refusal.isPresent()) {
            out.answer(new Answer.ChangeRefused(refusal.get()));
        } else {
            out.answer(new Answer.ChangeBegun(beginChange(change)));
        }
    }

    private void onTransferLeadership(NodeId target) {
        Optional<TransferRefusal> refusal = leadership == null
                ? Optional.of(TransferRefusal.NOT_LEADER)
                : leadership.refusalOfTransfer(target, nowMillis);
        if (leadership == null || refusal.isPresent()) {
            out.answer(new Answer.TransferRefused(refusal.orElse(TransferRefusal.NOT_LEADER)));
        } else {
            out.answer(new Answer.TransferBegun());
            leadership.beginTransfer(target, nowMillis, out);
        }
    }

    // ------------------------------------------------------------------------------------------- a disk that fails

    /** A leader hands over first: it cannot be rebuilt by itself. */
    private void onDamaged() {
        damaged = true;
        if (leadership != null) {
            leadership.damaged();
            leadership.tendSuccession(nowMillis, log.commitIndex(), log.durableIndex(), out);
        } else {
            askToBeRebuilt();
        }
    }

    private void askToBeRebuilt() {
        if (damaged && role == Role.FOLLOWER && leader.isPresent()) {
            rebuildAskedMillis = nowMillis;
            out.send(new RebuildRequest(self, leader.get(), hardState.term(), hardState.incarnation()));
        }
    }

    private void onRebuildRequest(RebuildRequest request) {
        Progress progress = progressOf(request, request.incarnation());
        if (progress != null) {
            progress.asksToBeRebuilt();
            tendMembers();
        }
    }

    private void onStepAside() {
        if (leadership != null) {
            leadership.stepAside(nowMillis, log.commitIndex(), out);
        }
    }

    private void onLearners(Input.Learners learners) {
        if (leadership != null) {
            leadership.wishForLearners(learners.nodes());
            tendMembers();
        }
    }

    private void onTarget(Input.Target wish) {
        target = new TreeSet<>(wish.voters());
        if (leadership != null) {
            leadership.shallBe(target);
            tendMembers();
        }
    }

    /** Begins what is due and may be begun. */
    private void tendMembers() {
        if (leadership != null) {
            leadership
                    .dueChange(nowMillis)
                    .filter(change -> refusalOf(change).isEmpty())
                    .ifPresent(this::beginChange);
            if (isMembershipSettled()) {
                leadership.makeWay(nowMillis, log.commitIndex(), out);
            }
        }
    }

    private Optional<ChangeRefusal> refusalOf(MembershipChange change) {
        if (isTransferring()) {
            return Optional.of(ChangeRefusal.TRANSFERRING);
        }
        return leadership == null
                ? Optional.of(ChangeRefusal.NOT_LEADER)
                : rules.refusal(
                        change,
                        membership(),
                        configurations.latestIndex(),
                        leadership.noOpIndex(),
                        log.commitIndex(),
                        leadership.hasCaughtUp(change.node(), nowMillis));
    }

    private long beginChange(MembershipChange change) {
        Entry entry = appendOwn(EntryType.CONFIGURATION, MembershipCodec.encode(change.applyTo(membership())));
        out.append(List.of(entry));
        noteConfigurations();
        Leadership leading = Objects.requireNonNull(leadership);
        leading.changeMembership(membership(), nowMillis);
        leading.heartbeats(nowMillis, log.commitIndex(), out); // to a newcomer
        leading.replicate(out);
        return entry.index();
    }

    private void settleConfigurations() {
        if (log.settleConfigurations()) {
            noteConfigurations();
        }
    }

    private void noteConfigurations() {
        persist(hardState.noting(configurations.noted()));
    }

    // ---------------------------------------------------------------------------------------------------- reads, §6.4

    private void onReadIndex(long readId) {
        if (leadership != null) {
            leadership.ask(new ReadIndexQueue.Read(self, readId), nowMillis, log.commitIndex(), out);
        } else if (leader.isEmpty()) {
            refuse(List.of(readId), ReadOutcome.Reason.NO_LEADER);
        } else if (forwardedReads.isFull()) {
            refuse(List.of(readId), ReadOutcome.Reason.OVERLOADED);
        } else {
            long wireId = forwardedReads.add(readId, nowMillis);
            out.send(new ReadIndexRequest(self, leader.get(), hardState.term(), wireId));
        }
    }

    private void refuse(List<Long> readIds, ReadOutcome.Reason reason) {
        readIds.forEach(readId -> out.readAnswered(readId, new ReadOutcome.Refused(reason)));
    }

    private void onReadIndexRequest(ReadIndexRequest request) {
        if (leadership != null) {
            leadership.ask(
                    new ReadIndexQueue.Read(request.from(), request.readId()), nowMillis, log.commitIndex(), out);
        } else {
            ReadOutcome refused = new ReadOutcome.Refused(ReadOutcome.Reason.NOT_LEADER);
            out.send(new ReadIndexResponse(self, request.from(), hardState.term(), request.readId(), refused));
        }
    }

    private void onLeadershipProbe(LeadershipProbe probe) {
        if (probe.term() == hardState.term()) {
            hear(probe.from());
        }
        out.send(new LeadershipConfirmed(self, probe.from(), hardState.term(), probe.round(), hardState.incarnation()));
    }

    private void onLeadershipConfirmed(LeadershipConfirmed confirmed) {
        Progress progress = progressOf(confirmed, confirmed.incarnation());
        if (leadership != null && progress != null && leadership.counts(confirmed.from(), progress)) {
            leadership.leadershipConfirmed(confirmed.from(), confirmed.round(), nowMillis, log.commitIndex(), out);
        }
    }

    // ------------------------------------------------------------------------------------------------- changes of role

    private void becomeFollower(long term, Optional<NodeId> newLeader) {
        if (term > hardState.term()) {
            persist(hardState.inTerm(term));
        }
        boolean hadNoTimer = role == Role.LEADER || quiescence.isAsleep();
        quiescence.stir(nowMillis);
        if (leadership != null) {
            leadership.abandonReads(out);
        }
        role = Role.FOLLOWER;
        leader = newLeader;
        leadership = null;
        votes.clear();
        log.nothingVerified();
        if (newLeader.isPresent() && hardState.vote().isEmpty() && !remembers()) {
            // It may have voted for that leader, or another: it must not vote once more in this term.
            persist(hardState.votingFor(newLeader.get()));
        }
        if (hadNoTimer || newLeader.isPresent()) {
            timer.restart(nowMillis);
        }
    }

    private void becomePreCandidate() {
        role = Role.PRE_CANDIDATE;
        timer.campaignBegun();
        canvass(voter -> new PreVoteRequest(self, voter, hardState.term() + 1, log.last()));
        if (hasMajority()) {
            becomeCandidate(false);
        }
    }

    private void becomeCandidate(boolean byTransfer) {
        role = Role.CANDIDATE;
        persist(hardState.inTerm(hardState.term() + 1).votingFor(self));
        canvass(voter -> new VoteRequest(self, voter, hardState.term(), log.last(), byTransfer));
        if (hasMajority()) {
            becomeLeader();
        }
    }

    /** Asks for votes; its own it has. */
    private void canvass(Function<NodeId, Message> request) {
        votes.clear();
        votes.add(self);
        askVoters(request);
    }

    /** All but this one. */
    private void askVoters(Function<NodeId, Message> request) {
        leader = Optional.empty();
        timer.restart(nowMillis);
        for (NodeId voter : membership().voters()) {
            if (!voter.equals(self)) {
                out.send(request.apply(voter));
            }
        }
    }

    private boolean hasMajority() {
        return Quorum.isMajority(membership().voters(), votes);
    }

    private void becomeLeader() {
        Invariant.check(role == Role.CANDIDATE, "a %s cannot become leader", role);
        role = Role.LEADER;
        timer.leaderElected();
        quiescence.stir(nowMillis);
        leader = Optional.of(self);
        Leadership begun = new Leadership(
                self, hardState.term(), membership(), settings, log.terms(), log.lastIndex() + 1, nowMillis);
        leadership = begun;
        begun.shallBe(target);
        if (damaged) {
            begun.damaged();
        }
        out.append(List.of(appendOwn(EntryType.NOOP, Payload.EMPTY))); // §6.4
        begun.replicate(out);
    }

    private void persist(HardState changed) {
        hardState = changed;
        out.persist(changed);
    }
}
