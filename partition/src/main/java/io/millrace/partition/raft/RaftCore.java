package io.millrace.partition.raft;

import io.millrace.partition.raft.Message.AppendAccepted;
import io.millrace.partition.raft.Message.AppendRejected;
import io.millrace.partition.raft.Message.AppendRequest;
import io.millrace.partition.raft.Message.LeadershipConfirmed;
import io.millrace.partition.raft.Message.LeadershipProbe;
import io.millrace.partition.raft.Message.PreVoteRequest;
import io.millrace.partition.raft.Message.PreVoteResponse;
import io.millrace.partition.raft.Message.Quiesce;
import io.millrace.partition.raft.Message.ReadIndexRequest;
import io.millrace.partition.raft.Message.ReadIndexResponse;
import io.millrace.partition.raft.Message.RebuildRequest;
import io.millrace.partition.raft.Message.TimeoutNow;
import io.millrace.partition.raft.Message.VoteRequest;
import io.millrace.partition.raft.Message.VoteResponse;
import io.millrace.partition.raft.Output.RoleChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
    private final Random random;
    private final TermHistory log;

    private final ChangeRules rules;
    private final ConfigurationHistory configurations;
    private HardState hardState;
    private Role role = Role.FOLLOWER;
    private Optional<NodeId> leader = Optional.empty();
    private RoleChange announced;

    private long commitIndex;
    /** The log is on our disk up to here. */
    private long durableIndex;
    /** How often the log was cut since this object was made. */
    private long logEpoch;
    /** The log agrees with that of the leader of this term up to here; for its leader: all of it. */
    private long verifiedIndex;

    private long electionDeadlineMillis;
    private long leaderHeardMillis = NEVER_MILLIS;
    private final Quiescence quiescence;
    private final ForwardedReads forwardedReads;
    private final long startedMillis;
    private final TreeSet<NodeId> votes = new TreeSet<>();
    private @Nullable Leadership leadership;
    /** Part of what is on our disk cannot be read any more. */
    private boolean damaged;

    private long rebuildAskedMillis = NEVER_MILLIS;

    private Output.Builder out = new Output.Builder();
    private long nowMillis;

    /**
     * @param founding the membership of the group when it was made; the same on all members
     * @param hardState what this member had made durable
     * @param log what is on its disk; owned by this core from now on
     * @param random for election timeouts, and for numbers that are not used again
     */
    public RaftCore(
            NodeId self,
            Membership founding,
            RaftSettings settings,
            HardState hardState,
            TermHistory log,
            Random random,
            long nowMillis) {
        this(self, founding, settings, hardState, log, random, nowMillis, new ChangeRules());
    }

    RaftCore(
            NodeId self,
            Membership founding,
            RaftSettings settings,
            HardState hardState,
            TermHistory log,
            Random random,
            long nowMillis,
            ChangeRules rules) {
        this.self = self;
        this.rules = rules;
        this.configurations = new ConfigurationHistory(founding, hardState.configurations(), log);
        this.settings = settings;
        this.hardState = hardState;
        this.log = log;
        this.random = random;
        this.nowMillis = nowMillis;
        this.startedMillis = nowMillis;
        this.forwardedReads = new ForwardedReads(random.nextLong(), settings);
        this.quiescence = new Quiescence(settings, nowMillis);
        this.commitIndex = log.start().index();
        this.durableIndex = log.lastIndex();
        Invariant.check(
                hardState.term() >= log.last().term(),
                "the log has term %s, later than the known term %s: the journal was lost",
                log.last().term(),
                hardState.term());
        this.announced = new RoleChange(role, hardState.term(), leader, log.lastIndex());
        if (membership().voters().equals(Set.of(self))) {
            this.electionDeadlineMillis = nowMillis; // nobody to wait for
        } else {
            resetElectionDeadline();
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

    /** Whether this member leads, and is about to hand over: for an election timeout at the longest. */
    public boolean isTransferring() {
        return leadership != null && leadership.isTransferring();
    }

    public long term() {
        return hardState.term();
    }

    public long commitIndex() {
        return commitIndex;
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
        return configurations.settled(commitIndex).membership().incarnationOf(self)
                == HardState.nextIncarnation(hardState.incarnation());
    }

    /** The one in effect; not the same object after a change. */
    public Membership membership() {
        return configurations.latest();
    }

    public RaftStatus status() {
        TreeMap<NodeId, RaftStatus.Peer> peers = new TreeMap<>();
        if (leadership != null) {
            leadership
                    .peers()
                    .forEach((id, p) ->
                            peers.put(id, RaftStatus.Peer.of(p, membership().isVoter(id), nowMillis)));
        }
        return new RaftStatus(
                self, role, hardState, leader, membership(), log.start(), log.last(), commitIndex, durableIndex, peers);
    }

    /** Goes with what the last step's output appends, and comes back with {@link Input.Durable}. */
    public long logEpoch() {
        return logEpoch;
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
        return leadership != null
                ? Set.copyOf(leadership.peers().keySet())
                : leader.map(Set::of).orElse(Set.of());
    }

    /** When to step with {@link Input.TimePassed} at the latest; never before the last step. */
    public long deadlineMillis() {
        if (leadership != null) {
            return quiescence.isAsleep() ? Long.MAX_VALUE : Math.max(nowMillis, leadership.deadlineMillis());
        }
        long campaignMillis = mayCampaign() && !quiescence.isAsleep() ? electionDeadlineMillis : Long.MAX_VALUE;
        return Math.max(nowMillis, Math.min(campaignMillis, forwardedReads.deadlineMillis()));
    }

    /**
     * The message for entries that were asked for; its commit index is that of now. Only for who still leads in the term
     * of the question ({@link #isLeaderIn}): a log that follows another leader by now may hold other entries.
     */
    public AppendRequest appendRequest(Output.Replicate asked, List<Entry> entries) {
        Invariant.check(isLeaderIn(asked.term()), "entries of term %s sent by a %s", asked.term(), role);
        for (Entry entry : entries) {
            Invariant.check(log.contains(entry.position()), "what was read at %s is not in the log", entry.position());
        }
        return new AppendRequest(self, asked.to(), asked.term(), asked.previous(), entries, commitIndex);
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
        if (quiescence.isAsleep() && Quiescence.wakes(input, leadership != null, watched(), membership())) {
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
        } else if (input instanceof Input.TimePassed) {
            onTimePassed();
        } else if (input instanceof Input.Campaign) {
            onCampaign();
        } else if (input instanceof Input.ReadIndex read) {
            onReadIndex(read.readId());
        } else if (input instanceof Input.Learners learners) {
            onLearners(learners);
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
        Configuration settled = configurations.settled(commitIndex);
        if (hardState.recovering()
                && settled.index() <= durableIndex
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
                leadership.heartbeats(nowMillis, commitIndex, out);
                leadership.replicate(out);
                leadership.probeAgain(nowMillis, out);
                leadership.tendSuccession(nowMillis, commitIndex, durableIndex, out);
            }
        } else if (nowMillis >= electionDeadlineMillis) {
            onCampaign();
        }
    }

    private void onCampaign() {
        if (isBoundByLease()) {
            electionDeadlineMillis = Math.max(leaderHeardMillis, startedMillis) + settings.electionTimeoutMillisMin();
            return; // nor may its own vote break what it has promised
        }
        if (role != Role.LEADER && mayCampaign()) {
            becomePreCandidate();
        }
    }

    private boolean mayQuiesce(Leadership leading) {
        return quiescence.isDue(nowMillis)
                && commitIndex == log.lastIndex()
                && durableIndex == log.lastIndex()
                && !leading.hasReads()
                && leading.allHaveEverything(nowMillis)
                && !leading.awaitsChange(nowMillis)
                && !leading.isDamaged()
                && !leading.isTransferring();
    }

    private void wakeUp(Input because) {
        quiescence.stir(nowMillis);
        if (leadership != null) {
            leadership.wakeUp(nowMillis);
            leadership.heartbeats(nowMillis, commitIndex, out);
        } else if (because instanceof Input.PeerUnreachable) {
            // The failure detector has waited long enough. Many groups get up now: not all at once.
            electionDeadlineMillis = nowMillis + random.nextLong(settings.electionTimeoutMillisMin() + 1);
        } else {
            leaderHeardMillis = nowMillis; // it was not heard because it had nothing to say
            resetElectionDeadline();
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
                || (leader.isPresent()
                        && !leader.get().equals(candidate)
                        && nowMillis - leaderHeardMillis < settings.electionTimeoutMillisMin());
    }

    /** §4.2.2: a voter that is about to be removed may be needed to commit just that. */
    private boolean mayCampaign() {
        return remembers()
                && (membership().isVoter(self)
                        || configurations.settled(commitIndex).membership().isVoter(self));
    }

    /**
     * §6.4.1: whoever has confirmed a leader votes for nobody for the shortest election timeout, whatever it learns meanwhile;
     * and who has just started may have confirmed one before.
     */
    private boolean isBoundByLease() {
        return settings.readLeaseMillis() > 0
                && role != Role.LEADER
                && nowMillis - Math.max(leaderHeardMillis, startedMillis) < settings.electionTimeoutMillisMin();
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
            if (Quorum.isMajority(membership().voters(), votes)) {
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
            resetElectionDeadline();
        }
        out.send(new VoteResponse(self, request.from(), hardState.term(), granted));
    }

    private void onVoteResponse(VoteResponse response) {
        if (role == Role.CANDIDATE && response.term() == hardState.term() && response.granted()) {
            votes.add(response.from());
            if (Quorum.isMajority(membership().voters(), votes)) {
                becomeLeader();
            }
        }
    }

    // ------------------------------------------------------------------------------------------ log replication, §3.5

    private void onAppendRequest(AppendRequest request) {
        if (request.term() < hardState.term()) {
            // Tells a deposed leader its time is over; the hint is of no use to it.
            out.send(new AppendRejected(
                    self,
                    request.from(),
                    hardState.term(),
                    request.previous().index(),
                    log.last(),
                    hardState.incarnation()));
            return;
        }
        hear(request.from());
        LogPosition previous = request.previous();
        boolean committedBefore = previous.index() <= commitIndex; // then it agrees, whatever we still keep of it
        checkAgreesWithCommitted(previous);
        if (!committedBefore && !log.contains(previous)) {
            out.send(new AppendRejected(
                    self,
                    request.from(),
                    hardState.term(),
                    previous.index(),
                    log.lastAtMost(previous.index() - 1, previous.term()),
                    hardState.incarnation()));
            return;
        }
        appendMissing(request.entries());
        verifiedIndex = Math.max(verifiedIndex, request.lastIndex());
        advanceCommitIndex(Math.min(request.commitIndex(), verifiedIndex));
        if (request.entries().isEmpty() || durableIndex >= request.lastIndex()) {
            acceptUpToDurable(request.from());
        }
        // Otherwise the answer leaves when the entries are on disk: onDurable.
    }

    /** Of the present term. */
    private void hear(NodeId from) {
        Invariant.check(role != Role.LEADER, "two leaders in term %s: %s and %s", hardState.term(), self, from);
        if (role != Role.FOLLOWER || !leader.equals(Optional.of(from))) {
            becomeFollower(hardState.term(), Optional.of(from));
        }
        leaderHeardMillis = nowMillis;
        resetElectionDeadline();
        if (nowMillis - rebuildAskedMillis >= settings.heartbeatMillis()) {
            askToBeRebuilt();
        }
    }

    private void onQuiesce(Quiesce quiesce) {
        onAppendRequest(quiesce.asHeartbeat());
        long index = quiesce.last().index();
        if (quiesce.term() < hardState.term()) {
            return; // of a leader that was deposed
        } else if (verifiedIndex == index && commitIndex == index && durableIndex >= index) {
            quiescence.fallAsleep();
        } else {
            quiescence.stir(nowMillis); // it was overtaken by entries, or speaks of some that we lack
        }
    }

    /** §3.5: what agrees stays; from the first entry that differs on, the leader's word replaces ours. */
    private void appendMissing(List<Entry> entries) {
        List<Entry> missing = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.index() <= Math.max(commitIndex, log.start().index())) {
                checkAgreesWithCommitted(entry.position());
                continue;
            }
            if (entry.index() <= log.lastIndex()) {
                if (log.termAt(entry.index()) == entry.term()) {
                    continue;
                }
                truncateFrom(entry.index());
            }
            log.append(entry);
            missing.add(entry);
            if (entry.type() == EntryType.CONFIGURATION) {
                configurations.append(entry);
                noteConfigurations();
            }
        }
        if (!missing.isEmpty()) {
            out.append(missing);
        }
    }

    private void checkAgreesWithCommitted(LogPosition theirs) {
        if (theirs.index() <= commitIndex && theirs.index() >= log.start().index()) {
            Invariant.check(
                    log.contains(theirs),
                    "committed entry %s has term %s, the leader of term %s says %s",
                    theirs.index(),
                    log.termAt(theirs.index()),
                    hardState.term(),
                    theirs.term());
        }
    }

    private void truncateFrom(long index) {
        Invariant.check(index > commitIndex, "committed entry %s of %s to be cut", index, commitIndex);
        Invariant.check(
                index > verifiedIndex, "the leader of term %s contradicts itself at %s", hardState.term(), index);
        log.truncateFrom(index);
        configurations.truncateFrom(index);
        durableIndex = Math.min(durableIndex, index - 1);
        logEpoch++;
        out.truncateFrom(index);
    }

    private void acceptUpToDurable(NodeId to) {
        out.send(new AppendAccepted(
                self, to, hardState.term(), Math.min(durableIndex, verifiedIndex), hardState.incarnation()));
    }

    private void onDurable(Input.Durable durable) {
        if (durable.logEpoch() != logEpoch) {
            return; // perhaps cut off again since; what was appended after the cut will be reported as well
        }
        LogPosition position = durable.position();
        Invariant.check(log.contains(position), "%s is said to be on disk and is not in the log", position);
        configurations.cutsAreDurable();
        if (position.index() <= durableIndex) {
            return;
        }
        durableIndex = position.index();
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
        LogPosition agreeing =
                log.lastAtMost(response.hint().index(), response.hint().term());
        boolean news = progress.rejected(response.previousIndex(), agreeing.index() + 1);
        tendMembers();
        if (news && leadership != null) {
            leadership.replicateTo(response.from(), progress, out);
        }
    }

    /** Null for who is not listened to, or by whom nobody needs be. */
    private @Nullable Progress progressOf(Message response, long incarnation) {
        Progress progress = leadership == null || response.term() != hardState.term()
                ? null
                : leadership.peers().get(response.from());
        if (progress == null || !progress.isSpokenToBy(incarnation)) {
            return null;
        }
        progress.heard(nowMillis);
        return progress;
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
            entries.add(appendOwn(EntryType.DATA, payload));
        }
        out.append(entries);
        quiescence.stir(nowMillis);
        Objects.requireNonNull(leading).replicate(out);
    }

    private Entry appendOwn(EntryType type, Payload payload) {
        Entry entry = new Entry(log.lastIndex() + 1, hardState.term(), type, payload);
        log.append(entry);
        verifiedIndex = entry.index();
        return entry;
    }

    private void onSent(Input.Sent sent) {
        Progress progress = leadership == null || sent.term() != hardState.term()
                ? null
                : leadership.peers().get(sent.to());
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
        long reached = leadership.majorityMatch(durableIndex);
        if (reached > commitIndex && log.termAt(reached) == hardState.term()) {
            leadership.commitAdvanced(nowMillis);
            boolean changed = configurations.latestIndex() > commitIndex && configurations.latestIndex() <= reached;
            advanceCommitIndex(reached);
            leadership.advanceReads(nowMillis, commitIndex, out);
            if (settings.commitNoticeMillis() == 0) {
                leadership.heartbeats(nowMillis, commitIndex, out);
            }
            if (changed) {
                leadership.farewell(nowMillis, commitIndex, out);
            }
            if (changed && !membership().isVoter(self)) {
                leadership.abdicate(out);
                becomeFollower(hardState.term(), Optional.empty()); // §4.2.2
            }
            tendMembers();
        }
    }

    private void advanceCommitIndex(long index) {
        if (index > commitIndex) {
            commitIndex = index;
            out.committed(index);
            settleConfigurations();
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
            leadership.tendSuccession(nowMillis, commitIndex, durableIndex, out);
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
            leadership.stepAside(nowMillis, commitIndex, out);
        }
    }

    private void onLearners(Input.Learners learners) {
        if (leadership != null) {
            leadership.wishForLearners(learners.nodes());
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
                        commitIndex,
                        leadership.hasCaughtUp(change.node(), nowMillis));
    }

    private long beginChange(MembershipChange change) {
        Entry entry = appendOwn(EntryType.CONFIGURATION, MembershipCodec.encode(change.applyTo(membership())));
        out.append(List.of(entry));
        configurations.append(entry);
        noteConfigurations();
        Leadership leading = Objects.requireNonNull(leadership);
        leading.changeMembership(membership(), nowMillis);
        leading.heartbeats(nowMillis, commitIndex, out); // to a newcomer
        leading.replicate(out);
        return entry.index();
    }

    private void settleConfigurations() {
        if (configurations.settle(Math.min(commitIndex, durableIndex))) {
            noteConfigurations();
        }
    }

    private void noteConfigurations() {
        persist(hardState.noting(configurations.noted()));
    }

    // ---------------------------------------------------------------------------------------------------- reads, §6.4

    private void onReadIndex(long readId) {
        if (leadership != null) {
            leadership.ask(new ReadIndexQueue.Read(self, readId), nowMillis, commitIndex, out);
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
            leadership.ask(new ReadIndexQueue.Read(request.from(), request.readId()), nowMillis, commitIndex, out);
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
            leadership.leadershipConfirmed(confirmed.from(), confirmed.round(), nowMillis, commitIndex, out);
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
        verifiedIndex = commitIndex;
        if (newLeader.isPresent() && hardState.vote().isEmpty() && !remembers()) {
            // It may have voted for that leader, or another: it must not vote once more in this term.
            persist(hardState.votingFor(newLeader.get()));
        }
        if (hadNoTimer || newLeader.isPresent()) {
            resetElectionDeadline();
        }
    }

    private void becomePreCandidate() {
        role = Role.PRE_CANDIDATE;
        leader = Optional.empty();
        resetElectionDeadline();
        votes.clear();
        votes.add(self);
        if (Quorum.isMajority(membership().voters(), votes)) {
            becomeCandidate(false);
            return;
        }
        for (NodeId voter : membership().voters()) {
            if (!voter.equals(self)) {
                out.send(new PreVoteRequest(self, voter, hardState.term() + 1, log.last()));
            }
        }
    }

    private void becomeCandidate(boolean byTransfer) {
        role = Role.CANDIDATE;
        leader = Optional.empty();
        persist(hardState.inTerm(hardState.term() + 1).votingFor(self));
        resetElectionDeadline();
        votes.clear();
        votes.add(self);
        if (Quorum.isMajority(membership().voters(), votes)) {
            becomeLeader();
            return;
        }
        for (NodeId voter : membership().voters()) {
            if (!voter.equals(self)) {
                out.send(new VoteRequest(self, voter, hardState.term(), log.last(), byTransfer));
            }
        }
    }

    private void becomeLeader() {
        Invariant.check(role == Role.CANDIDATE, "a %s cannot become leader", role);
        role = Role.LEADER;
        quiescence.stir(nowMillis);
        leader = Optional.of(self);
        Leadership begun =
                new Leadership(self, hardState.term(), membership(), settings, log, log.lastIndex() + 1, nowMillis);
        leadership = begun;
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

    private void resetElectionDeadline() {
        long spread = settings.electionTimeoutMillisMax() - settings.electionTimeoutMillisMin();
        electionDeadlineMillis = nowMillis + settings.electionTimeoutMillisMin() + random.nextLong(spread + 1);
    }
}
