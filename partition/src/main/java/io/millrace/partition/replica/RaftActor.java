package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.RecoveryFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import io.millrace.partition.log.LogCorruptedException;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.Storage;
import io.millrace.partition.raft.Answer;
import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftCore;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.StateMachine;
import io.millrace.partition.raft.TermHistory;
import io.millrace.partition.replica.LostDisk.LogFound;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * One member of a Raft group as an actor: performs what {@link RaftCore} decides.
 *
 * <p>Term and vote are its persistent state: what depends on them leaves only after the journal has them, because Akka
 * Persistence runs {@code thenRun} after the write and holds later commands back until then. The log is written by a
 * {@link LogWriter}; replication goes on meanwhile.
 */
public final class RaftActor extends EventSourcedBehavior<RaftCommand, TermAndVote, TermAndVote> {

    private record FromPeer(PeerMessage message) implements RaftCommand.Internal {}

    private record FromLog(LogWriter.Event event) implements RaftCommand.Internal {}

    private record EntriesRead(Output.Replicate asked, List<Entry> entries, @Nullable Throwable failure)
            implements RaftCommand.Internal {}

    private record SnapshotRead(Output.SendSnapshot asked, @Nullable Payload snapshot, @Nullable Throwable failure)
            implements RaftCommand.Internal {}

    /** Its turn has come. */
    private record SendEntries(Output.Replicate asked) implements RaftCommand.Internal {}

    private record SendPiece(Output.SendSnapshot asked) implements RaftCommand.Internal {}

    private record Folded(@Nullable Snapshot snapshot, @Nullable Throwable failure) implements RaftCommand.Internal {}

    private enum Deadline implements RaftCommand.Internal {
        REACHED
    }

    private enum Turn implements RaftCommand.Internal {
        CAME
    }

    private enum WriterStopped implements RaftCommand.Internal {
        INSTANCE
    }

    /** With fewer, those who are left are no majority. */
    private static final int VOTERS_TO_REBUILD_FROM = 3;

    private static final long LOOK_EVERY_MILLIS = 1_000;

    private static final SecureRandom SECURE_RANDOM = new SecureRandom();

    private final ActorContext<RaftCommand> actor;
    private final TimerScheduler<RaftCommand> timers;
    private final ReplicaId id;
    private final Membership membership;
    private final boolean isFounder;
    private final boolean othersHold;
    private final OffsetReader offsets;
    private final Supplier<StateMachine> stateMachines;
    private final ReplicaContext context;
    private final ActorRef<RaftEvent> owner;
    private final ActorRef<LogWriter.Command> writer;
    private final Peers peers;
    private final Campaigns.Turn turn;

    /** Both null until the journal is replayed and the log open. */
    private @Nullable RaftCore core;

    private @Nullable CachedLog log;

    /** Leadership is being handed over: because somebody asked for it, or by the member's own decision. */
    private boolean transferring;

    private RaftCommand.@Nullable TransferLeadership transfer;

    /** What waits for its turn to be read and sent, by the member that catches up. */
    private final TreeMap<NodeId, RaftCommand> throttled = new TreeMap<>();

    /** Proposals that came during a transfer. */
    private final ArrayDeque<RaftCommand.Propose> held = new ArrayDeque<>();

    /** From when the snapshot is begun until the log's files are shorter. */
    private boolean trimming;

    /** What the owner knows of it. */
    private Optional<Membership> toldMembership = Optional.empty();

    /** Its log is deleted or set aside: takes part in nothing any more. */
    private boolean ended;

    private boolean setAside;
    private boolean damaged;
    /** As it was told. */
    private boolean asleep;

    /** What it does when its turn to campaign comes; null while it does not wait for that. */
    private @Nullable Input campaign;

    private boolean hasTurn;
    private long turnEndsMillis;
    private long scheduledMillis = Long.MAX_VALUE;
    private Set<NodeId> watched = Set.of();
    private Set<NodeId> awaited = Set.of();
    private boolean warnedOfForeignCluster;

    /** As it was told. */
    private RaftEvent.MembersInSync membersInSync = new RaftEvent.MembersInSync(0, 0);

    private long committedAtLastLook;
    private long lookAgainMillis = Long.MIN_VALUE;

    /**
     * @param membership of the group when it was made; the same on all members
     * @param isFounder whether this broker's disk was there then, if the member was: see {@link LostDisk}
     * @param othersHold whether there are other members by now, which have what this one may have lost
     * @param offsets how the entries of this group count offsets
     * @param stateMachines makes fresh ones, which know nothing: what a snapshot of this group is made with
     * @param owner hears everything that its state machine must know; see {@link RaftEvent}
     */
    public static Behavior<RaftCommand> create(
            ReplicaId id,
            Membership membership,
            boolean isFounder,
            boolean othersHold,
            OffsetReader offsets,
            Supplier<StateMachine> stateMachines,
            ReplicaContext context,
            ActorRef<RaftEvent> owner) {
        return Behaviors.setup(actor -> Behaviors.withTimers(timers -> new RaftActor(
                actor, timers, id, membership, isFounder, othersHold, offsets, stateMachines, context, owner)));
    }

    private RaftActor(
            ActorContext<RaftCommand> actor,
            TimerScheduler<RaftCommand> timers,
            ReplicaId id,
            Membership membership,
            boolean isFounder,
            boolean othersHold,
            OffsetReader offsets,
            Supplier<StateMachine> stateMachines,
            ReplicaContext context,
            ActorRef<RaftEvent> owner) {
        super(PersistenceId.ofUniqueId("raft|" + id.entityId()));
        this.actor = actor;
        this.timers = timers;
        this.id = id;
        this.membership = membership;
        this.othersHold = othersHold;
        this.isFounder = isFounder && membership.isVoter(new NodeId(id.brokerId()));
        this.offsets = offsets;
        this.stateMachines = stateMachines;
        this.context = context;
        this.owner = owner;
        this.peers = new Peers(id, context, actor.messageAdapter(PeerMessage.class, FromPeer::new));
        ActorRef<RaftCommand> self = actor.getSelf();
        this.turn = context.campaigns().newTurn(() -> self.tell(Turn.CAME));
        this.writer = actor.spawn(
                LogWriter.create(
                        new Place(),
                        context.log().flush(),
                        actor.messageAdapter(LogWriter.Event.class, FromLog::new),
                        context.metrics()::forced),
                "log",
                DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER));
        actor.watchWith(writer, WriterStopped.INSTANCE);
    }

    /** Used on the writer's thread. A damaged log is of no use where others have what was in it. */
    private final class Place implements LogWriter.Place {
        @Override
        public LogWriter.Event open() throws IOException {
            Storage storage = context.disk().storageOf(id);
            if (!SegmentedLog.isIn(storage)) {
                return new LogWriter.Absent(LogFound.NEVER_BEGUN);
            }
            try {
                return open(storage, false);
            } catch (LogCorruptedException damage) {
                if (membership.voters().size() < VOTERS_TO_REBUILD_FROM) {
                    throw damage;
                }
                actor.getSystem()
                        .log()
                        .error("{} is damaged: it is set aside, and rebuilt from the other replicas", id, damage);
                setAside();
                return new LogWriter.Absent(LogFound.DAMAGED);
            }
        }

        @Override
        public LogWriter.Opened begin() throws IOException {
            return open(context.disk().storageOf(id), true);
        }

        private LogWriter.Opened open(Storage storage, boolean begun) throws IOException {
            SegmentedLog opened = SegmentedLog.open(storage, context.log(), offsets);
            return new LogWriter.Opened(opened, begun, opened.startSnapshot());
        }

        @Override
        public void setAside() throws IOException {
            context.disk().setAside(id);
        }
    }

    // --------------------------------------------------------------------------------------------- persistent state

    @Override
    public TermAndVote emptyState() {
        return TermAndVote.of(HardState.INITIAL);
    }

    @Override
    public EventHandler<TermAndVote, TermAndVote> eventHandler() {
        return (state, event) -> event;
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(100, 2).withDeleteEventsOnSnapshot();
    }

    @Override
    public SignalHandler<TermAndVote> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), state -> actor.getLog().debug("{} recovered {}", id, state))
                .onSignal(
                        RecoveryFailed.class,
                        (state, failed) ->
                                owner.tell(new RaftEvent.Failed("cannot read term and vote from the journal: "
                                        + failed.getFailure().getMessage())))
                .onSignal(
                        PostStop.class,
                        (state, stopped) -> onStop()) // one for each signal: a second one would replace it
                .build();
    }

    /** A group must not go on sleeping under a leader that is gone while its node is well. */
    private void onStop() {
        context.openLogs().closed(id);
        turn.end();
        RaftCore stopping = core;
        if (stopping != null && stopping.isAsleep()) {
            Output lastWords = stopping.step(nowMillis(), new Input.WakeUp());
            lastWords.messages().forEach(peers::send);
        }
        context.watch().watch(actor.getSelf(), Set.of(), Set.of());
        tellWhetherAsleep(false);
    }

    // ------------------------------------------------------------------------------------------------------ commands

    @Override
    public CommandHandler<RaftCommand, TermAndVote, TermAndVote> commandHandler() {
        return this::onCommand;
    }

    private Effect<TermAndVote, TermAndVote> onCommand(TermAndVote state, RaftCommand command) {
        try {
            if (command instanceof RaftCommand.Delete) {
                writer.tell(LogWriter.Delete.INSTANCE);
                ended = true;
                return Effect().none();
            } else if (command instanceof WriterStopped) {
                if (setAside) {
                    owner.tell(new RaftEvent.SetAside());
                }
                return Effect().stop();
            }
            if (ended) {
                return setAside
                                && command instanceof FromLog fromLog
                                && fromLog.event() instanceof LogWriter.Failed failed
                        ? fail(failed)
                        : Effect().none();
            }
            if (command instanceof RaftCommand.SetFlush change) {
                writer.tell(new LogWriter.SetPolicy(change.policy()));
                return Effect().none();
            }
            RaftCore running = core;
            CachedLog open = log;
            return running == null || open == null
                    ? whileStarting(state, command)
                    : whileRunning(running, open, command);
        } catch (RuntimeException e) {
            actor.getLog().error("{} stops", id, e);
            owner.tell(new RaftEvent.Failed(String.valueOf(e.getMessage())));
            return Effect().stop();
        }
    }

    private Effect<TermAndVote, TermAndVote> whileStarting(TermAndVote state, RaftCommand command) {
        if (command instanceof FromLog fromLog && fromLog.event() instanceof LogWriter.Opened opened) {
            return onOpened(state, opened);
        } else if (command instanceof FromLog fromLog && fromLog.event() instanceof LogWriter.Absent absent) {
            return beginWith(state, absent.found(), LogPosition.ZERO, known -> writer.tell(LogWriter.Begin.INSTANCE));
        } else if (command instanceof FromLog fromLog && fromLog.event() instanceof LogWriter.Failed failed) {
            return fail(failed);
        } else if (command instanceof RaftCommand.Propose propose) {
            owner.tell(new RaftEvent.ProposalRefused(propose.proposalId()));
        } else if (command instanceof RaftCommand.ReadIndex read) {
            owner.tell(new RaftEvent.ReadIndexAnswered(
                    read.readId(), new ReadOutcome.Refused(ReadOutcome.Reason.NO_LEADER)));
        } else if (command instanceof RaftCommand.SetLearners
                || command instanceof RaftCommand.SetTarget
                || command instanceof RaftCommand.ChangeMembership
                || command instanceof RaftCommand.TransferLeadership
                || command instanceof RaftCommand.Campaign
                || command instanceof RaftCommand.GetStatus) {
            return Effect().stash();
        }
        return Effect().none(); // peers say everything again
    }

    private Effect<TermAndVote, TermAndVote> onOpened(TermAndVote state, LogWriter.Opened opened) {
        if (opened.begun()) {
            start(state, opened);
            return Effect().unstashAll();
        }
        return beginWith(state, LogFound.THERE, opened.log().lastPosition(), known -> start(known, opened));
    }

    /** Goes on with what the journal says, or with what must replace it because the disk, or part of it, is lost. */
    private Effect<TermAndVote, TermAndVote> beginWith(
            TermAndVote state, LogFound found, LogPosition last, Consumer<TermAndVote> next) {
        NodeId self = new NodeId(id.brokerId());
        Optional<HardState> replacement =
                LostDisk.replacement(state.toHardState(), found, last, isFounder, () -> SECURE_RANDOM.nextLong() | 1);
        if (replacement.isEmpty()) {
            next.accept(state);
            return Effect().unstashAll();
        }
        if (!othersHold) {
            return fail(new LogWriter.Failed(
                    "its journal or its log is gone, and there is no other replica that has what was in it", false));
        }
        if (membership.isVoter(self)) {
            actor.getLog()
                    .warn(
                            "{} has lost its journal or its log: it has no vote until the others have given it what it lacks",
                            id);
        }
        return Effect()
                .persist(TermAndVote.of(replacement.get()))
                .thenRun(next::accept)
                .thenUnstashAll();
    }

    private void start(TermAndVote state, LogWriter.Opened found) {
        SegmentedLog opened = found.log();
        CachedLog open = new CachedLog(
                opened,
                offsets,
                context.cacheBytesMax(),
                context.raft().inflightBytesMax(), // the own disk may lag as far as another member's
                actor.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER)),
                context.openLogs().readAhead());
        TermHistory history = new TermHistory(
                opened.start(), opened.termStarts(), opened.lastPosition().index());
        RaftCore started = new RaftCore(
                new NodeId(id.brokerId()),
                found.start().map(Snapshot::configuration).orElse(Configuration.founding(membership)),
                context.raft(),
                state.toHardState(),
                history,
                new Random(),
                context.monotonicMillis().getAsLong());
        log = open;
        core = started;
        ActorRef<RaftCommand> self = actor.getSelf();
        context.openLogs().opened(id, opened, problem -> self.tell(new RaftCommand.Damaged(problem)));
        owner.tell(new RaftEvent.Started(open, opened.lastPosition().index(), opened.nextOffset(), found.start()));
        schedule(started.deadlineMillis());
    }

    private Effect<TermAndVote, TermAndVote> whileRunning(RaftCore running, CachedLog open, RaftCommand command) {
        if (command instanceof FromPeer fromPeer) {
            return onPeerMessage(running, open, fromPeer.message());
        } else if (command instanceof RaftCommand.Deliver deliver) {
            return onPeerMessage(running, open, deliver.message());
        } else if (command instanceof FromLog fromLog) {
            return onLogEvent(running, open, fromLog.event());
        } else if (command instanceof RaftCommand.Propose propose) {
            return onPropose(running, open, propose);
        } else if (command instanceof EntriesRead read) {
            return onEntriesRead(running, open, read);
        } else if (command instanceof SnapshotRead read) {
            return onSnapshotRead(running, open, read);
        } else if (command instanceof SendEntries due) {
            return onUnthrottled(
                    due.asked().to(), due, todo -> readAndSend(running, open, due.asked(), todo), running, open);
        } else if (command instanceof SendPiece due) {
            return onUnthrottled(due.asked().to(), due, todo -> readAndSend(open, due.asked()), running, open);
        } else if (command instanceof RaftCommand.Trim trim) {
            return step(running, open, new Input.Trim(trim.index()));
        } else if (command instanceof Folded folded) {
            return onFolded(folded);
        } else if (command instanceof RaftCommand.Damaged found) {
            damaged = true;
            owner.tell(new RaftEvent.Damaged(found.problem()));
            return step(running, open, new Input.Damaged());
        } else if (command instanceof Deadline) {
            scheduledMillis = Long.MAX_VALUE;
            if (running.isCampaignDue(nowMillis())) {
                return campaign(running, open, new Input.TimePassed());
            }
            lookWhoCanBeReached(running, open);
            Effect<TermAndVote, TermAndVote> effect = step(running, open, new Input.TimePassed());
            lookWhoIsBehind(running);
            return effect;
        } else if (command instanceof RaftCommand.SetLearners change) {
            return step(running, open, new Input.Learners(change.learners()));
        } else if (command instanceof RaftCommand.SetTarget wish) {
            return step(running, open, new Input.Target(wish.voters()));
        } else if (command instanceof RaftCommand.ChangeMembership asked) {
            return ask(running, open, new Input.ChangeMembership(asked.change()), asked.replyTo()::tell);
        } else if (command instanceof RaftCommand.TransferLeadership asked) {
            return ask(running, open, new Input.TransferLeadership(asked.target()), answer -> {
                if (answer instanceof Answer.TransferRefused refused) {
                    asked.replyTo().tell(new TransferOutcome.Refused(refused.reason()));
                } else {
                    transfer = asked;
                }
            });
        } else if (command instanceof RaftCommand.StepAside) {
            return step(running, open, new Input.StepAside());
        } else if (command instanceof RaftCommand.Campaign) {
            return campaign(running, open, new Input.Campaign());
        } else if (command instanceof Turn) {
            Input how = campaign;
            return how == null ? Effect().none() : onTurn(running, open, how);
        } else if (command instanceof RaftCommand.ReadIndex read) {
            return step(running, open, new Input.ReadIndex(read.readId()));
        } else if (command instanceof RaftCommand.BrokerUnreachable lost) {
            return hear(running, open, new Input.PeerUnreachable(new NodeId(lost.brokerId())));
        } else if (command instanceof RaftCommand.BrokerReachable found) {
            return hear(running, open, new Input.PeerReachable(new NodeId(found.brokerId())));
        } else if (command instanceof RaftCommand.GetStatus get) {
            get.replyTo().tell(running.status());
            return Effect().none();
        }
        return Effect().unhandled();
    }

    /** When there are not too many groups about it; the metadata's at once, as the others may wait for what it decides. */
    private Effect<TermAndVote, TermAndVote> campaign(RaftCore running, CachedLog open, Input how) {
        if (id.isOfMetadata()) {
            return step(running, open, how);
        } else if (campaign != null) {
            return Effect().none();
        }
        campaign = how;
        hasTurn = false; // what it had it for was in vain
        return turn.ask() ? onTurn(running, open, how) : Effect().none();
    }

    /** If there is a leader meanwhile, nothing happens. */
    private Effect<TermAndVote, TermAndVote> onTurn(RaftCore running, CachedLog open, Input how) {
        campaign = null;
        hasTurn = true;
        turnEndsMillis = nowMillis() + context.raft().electionTimeoutMillisMax();
        return step(running, open, how);
    }

    /** The others wait; who hears nothing lets them go on. */
    private void endTurnIfOver(RaftCore running) {
        if (hasTurn && (!running.isElecting() || nowMillis() >= turnEndsMillis)) {
            hasTurn = false;
            turn.end();
        }
    }

    /** From the failure detector. */
    private Effect<TermAndVote, TermAndVote> hear(RaftCore running, CachedLog open, Input reachability) {
        Effect<TermAndVote, TermAndVote> effect = step(running, open, reachability);
        lookWhoIsBehind(running);
        return effect;
    }

    /** So that a leader knows whom its group need not stay awake for. */
    private void lookWhoCanBeReached(RaftCore running, CachedLog open) {
        if (!running.isLeaderIn(running.term())) {
            return;
        }
        for (NodeId member : running.membership().members().keySet()) {
            boolean canBeReached =
                    member.equals(running.self()) || context.peers().isReachable(member.value());
            if (canBeReached == running.isUnreachable(member)) {
                Input news = canBeReached ? new Input.PeerReachable(member) : new Input.PeerUnreachable(member);
                performRest(running, open, running.step(nowMillis(), news)); // changes no term and no vote
            }
        }
    }

    /** At each deadline; before a group falls asleep, when there is none any more, for the last time. */
    private void lookWhoIsBehind(RaftCore running) {
        long now = nowMillis();
        if (now >= lookAgainMillis || running.isAsleep()) {
            var found = new RaftEvent.MembersInSync(
                    running.votersWith(committedAtLastLook), running.membersWithout(committedAtLastLook));
            if (!found.equals(membersInSync)) {
                membersInSync = found;
                owner.tell(found);
            }
            committedAtLastLook = running.isLeaderIn(running.term()) ? running.commitIndex() : 0;
            lookAgainMillis = now + LOOK_EVERY_MILLIS;
        }
    }

    private Effect<TermAndVote, TermAndVote> onPeerMessage(RaftCore running, CachedLog open, PeerMessage received) {
        String own = context.clusterId().get();
        Message message = received.message();
        if (!own.isEmpty() && !received.clusterId().isEmpty() && !own.equals(received.clusterId())) {
            if (!warnedOfForeignCluster) {
                warnedOfForeignCluster = true;
                actor.getLog()
                        .error(
                                "Broker {} belongs to cluster {}, this one to {}: its messages are ignored",
                                message.from(),
                                received.clusterId(),
                                own);
            }
            return Effect().none();
        }
        peers.heard(message.from(), received.sender());
        return isBeyondRoom(message)
                ? Effect().none()
                : step(running, open, new Input.Received(asMuchAsFits(open, message)));
    }

    /** Who would refuse records for want of room does not take over leadership: whoever offers it tries another next time. */
    private boolean isBeyondRoom(Message message) {
        return message instanceof Message.TimeoutNow
                && !id.isOfMetadata()
                && !context.disk().space().leadersTakeRecords();
    }

    /**
     * Of what a leader sends to a member that has no room for entries, only the news that it leads: the heartbeat that it
     * might have sent with the very first entry. The rest counts as lost on the way. So the leader's window fills and stays
     * full, and the leader neither misses this member nor sends it the same again and again.
     */
    private Message asMuchAsFits(CachedLog open, Message message) {
        boolean fits = id.isOfMetadata() || context.disk().space().followersTakeRecords();
        return !fits && message instanceof Message.AppendRequest request
                ? new Message.AppendRequest(
                        request.from(), request.to(), request.term(), open.start(), List.of(), request.commitIndex())
                : message;
    }

    private Effect<TermAndVote, TermAndVote> onLogEvent(RaftCore running, CachedLog open, LogWriter.Event event) {
        if (event instanceof LogWriter.Durable durable) {
            if (durable.epoch() == running.logEpoch()) { // otherwise it may speak of entries that were cut off since
                boolean wasBehind = open.isBehind();
                open.forced(durable.position().index());
                if (wasBehind && !open.isBehind()) {
                    owner.tell(new RaftEvent.CaughtUp());
                }
            }
            return step(running, open, new Input.Durable(durable.epoch(), durable.position()));
        } else if (event instanceof LogWriter.Trimmed trimmed) {
            trimming = false;
            return step(running, open, new Input.Trimmed(trimmed.start()));
        } else if (event instanceof LogWriter.Failed failed) {
            return fail(failed);
        }
        return Effect().unhandled();
    }

    private Effect<TermAndVote, TermAndVote> onPropose(RaftCore running, CachedLog open, RaftCommand.Propose propose) {
        if (running.isTransferring()) {
            held.add(propose);
        } else {
            propose(running, open, propose);
        }
        return Effect().none();
    }

    /** Changes no term and no vote. */
    private void propose(RaftCore running, CachedLog open, RaftCommand.Propose propose) {
        if (!running.mayPropose(propose.term())) {
            owner.tell(new RaftEvent.ProposalRefused(propose.proposalId()));
            return;
        }
        Output out = running.step(
                nowMillis(), new Input.Propose(propose.term(), propose.type(), List.of(propose.payload())));
        owner.tell(new RaftEvent.ProposalAppended(
                propose.proposalId(), out.append().get(out.append().size() - 1).index()));
        performRest(running, open, out);
    }

    private Effect<TermAndVote, TermAndVote> onEntriesRead(RaftCore running, CachedLog open, EntriesRead read) {
        if (read.failure() != null) {
            actor.getLog()
                    .warn(
                            "{} cannot read entries for broker {}",
                            id,
                            read.asked().to(),
                            read.failure());
        }
        LogDamage.in(read.failure()).ifPresent(problem -> actor.getSelf().tell(new RaftCommand.Damaged(problem)));
        Input.Sent sent = send(running, read.asked(), read.entries());
        return step(running, open, sent);
    }

    private Effect<TermAndVote, TermAndVote> onSnapshotRead(RaftCore running, CachedLog open, SnapshotRead read) {
        Output.SendSnapshot asked = read.asked();
        Payload snapshot = read.snapshot();
        boolean sends = snapshot != null && running.isLeaderIn(asked.term());
        int sizeBytes = 0;
        if (snapshot != null && sends) {
            Message.InstallSnapshot message = running.installSnapshot(asked, snapshot);
            sizeBytes = message.piece().sizeBytes();
            peers.send(message);
        }
        sentBytes(running, asked.to(), sizeBytes);
        LogDamage.in(read.failure()).ifPresent(problem -> actor.getSelf().tell(new RaftCommand.Damaged(problem)));
        return step(running, open, new Input.SnapshotSent(asked.to(), asked.term(), sends));
    }

    /** What stands for the entries is made beside the writing; only its last step is the writer's. */
    private void trim(CachedLog open, long index) {
        if (open.isInGrowingSegment(index)) {
            writer.tell(LogWriter.Roll.INSTANCE); // so that the next trim finds it full, if nothing is added any more
        }
        LogPosition position = open.trimmableTo(index);
        if (trimming || position.index() <= open.start().index()) {
            return;
        }
        trimming = true;
        actor.pipeToSelf(open.fold(position, Configuration.founding(membership), stateMachines.get()), Folded::new);
    }

    private Effect<TermAndVote, TermAndVote> onFolded(Folded folded) {
        Snapshot snapshot = folded.snapshot();
        if (snapshot != null) {
            writer.tell(new LogWriter.Trim(snapshot));
        } else {
            trimming = false;
            actor.getLog().warn("{} cannot trim its log", id, folded.failure());
            LogDamage.in(folded.failure()).ifPresent(problem -> actor.getSelf().tell(new RaftCommand.Damaged(problem)));
        }
        return Effect().none();
    }

    private Effect<TermAndVote, TermAndVote> fail(LogWriter.Failed failed) {
        owner.tell(new RaftEvent.Failed(failed.problem(), failed.outOfSpace()));
        return Effect().stop();
    }

    // ---------------------------------------------------------------------------------------------------- performing

    private Effect<TermAndVote, TermAndVote> step(RaftCore running, CachedLog open, Input input) {
        return perform(running, open, running.step(nowMillis(), input));
    }

    private Effect<TermAndVote, TermAndVote> ask(
            RaftCore running, CachedLog open, Input question, Consumer<Answer> asker) {
        Output out = running.step(nowMillis(), question);
        out.answer().ifPresent(asker);
        return perform(running, open, out);
    }

    /** What was held is proposed or refused in the order in which it came: between two proposals nothing may be missing. */
    private void endTransfer(RaftCore running, CachedLog open) {
        RaftCommand.TransferLeadership asked = transfer;
        if (asked != null) {
            transfer = null;
            boolean leads = running.isLeaderIn(running.term());
            asked.replyTo().tell(leads ? new TransferOutcome.TimedOut() : new TransferOutcome.HandedOver());
        }
        proposeHeld(running, open);
    }

    private void proposeHeld(RaftCore running, CachedLog open) {
        while (!held.isEmpty()) {
            propose(running, open, held.removeFirst());
        }
    }

    /** The order matters: see {@link Output}. */
    private Effect<TermAndVote, TermAndVote> perform(RaftCore running, CachedLog open, Output out) {
        if (out.hardState().isPresent()) {
            return Effect()
                    .persist(TermAndVote.of(out.hardState().get()))
                    .thenRun(persisted -> performRest(running, open, out));
        }
        performRest(running, open, out);
        return Effect().none();
    }

    private void performRest(RaftCore running, CachedLog open, Output first) {
        if (!running.isLeaderIn(running.term())) {
            proposeHeld(running, open); // refused, before the owner hears why: surely not done is better than unknown
        }
        ArrayDeque<Output> todo = new ArrayDeque<>();
        todo.add(first);
        while (!todo.isEmpty()) {
            Output out = todo.removeFirst();
            changeLog(running, open, out);
            tellOwner(running, out);
            out.messages().forEach(peers::send);
            for (Output.Replicate asked : out.replicate()) {
                if (!mustWait(running, asked.to(), new SendEntries(asked))) {
                    readAndSend(running, open, asked, todo);
                }
            }
            for (Output.SendSnapshot asked : out.sendSnapshot()) {
                if (!mustWait(running, asked.to(), new SendPiece(asked))) {
                    readAndSend(open, asked);
                }
            }
            out.trimTo().ifPresent(index -> trim(open, index));
            schedule(out.deadlineMillis());
        }
        endTurnIfOver(running);
        letVotersGo(running);
        if (running.mustBeginAnew() && !ended) {
            setLogAside();
            return;
        }
        tellMembership(running);
        watch(running.watched(), running.awaited());
        tellWhetherAsleep(running.isAsleep() && !damaged);
        boolean wasTransferring = transferring;
        transferring = running.isTransferring();
        if (transferring && !wasTransferring && transfer == null) {
            actor.getLog().warn("{} hands leadership over: its own disk lags, or is in no state to lead", id);
        } else if (!transferring && wasTransferring) {
            endTransfer(running, open);
        }
    }

    /** The group has taken this member's vote, and gives it everything again when it is back. */
    private void setLogAside() {
        actor.getLog().warn("{} sets its damaged log aside, and is rebuilt from the other replicas", id);
        ended = true;
        setAside = true;
        context.openLogs().closed(id);
        writer.tell(LogWriter.SetAside.INSTANCE);
    }

    private void tellWhetherAsleep(boolean now) {
        if (asleep != now) {
            asleep = now;
            context.metrics().asleep(id, now);
        }
    }

    private void tellMembership(RaftCore running) {
        Membership present = running.membership();
        if (running.isMembershipSettled() && !toldMembership.equals(Optional.of(present))) {
            toldMembership = Optional.of(present);
            owner.tell(new RaftEvent.MembershipSettled(present));
        }
    }

    private void watch(Set<NodeId> present, Set<NodeId> absent) {
        if (!present.equals(watched) || !absent.equals(awaited)) {
            watched = present;
            awaited = absent;
            context.watch().watch(actor.getSelf(), brokers(present), brokers(absent));
        }
    }

    private static Set<Integer> brokers(Set<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).collect(Collectors.toUnmodifiableSet());
    }

    private void changeLog(RaftCore running, CachedLog open, Output out) {
        out.install().ifPresent(snapshot -> {
            actor.getLog()
                    .info(
                            "{} goes on from a snapshot at entry {}",
                            id,
                            snapshot.position().index());
            open.restartedAfter(snapshot);
            writer.tell(new LogWriter.Reset(running.logEpoch(), snapshot));
            owner.tell(new RaftEvent.SnapshotInstalled(snapshot));
        });
        if (out.truncateFrom().isEmpty() && out.append().isEmpty()) {
            return;
        }
        out.truncateFrom().ifPresent(index -> {
            open.truncatedFrom(index);
            owner.tell(new RaftEvent.Truncated(index));
        });
        open.appended(out.append());
        writer.tell(new LogWriter.Write(running.logEpoch(), out.truncateFrom(), out.append()));
        owner.tell(new RaftEvent.Appended(out.append()));
    }

    private void tellOwner(RaftCore running, Output out) {
        out.roleChange().ifPresent(change -> {
            OptionalInt leader =
                    change.leader().map(NodeId::value).map(OptionalInt::of).orElse(OptionalInt.empty());
            // Who leads is worth a line; on the way there are several for each partition of a broker that dies.
            actor.getLog()
                    .atLevel(leader.isPresent() ? Level.INFO : Level.DEBUG)
                    .addKeyValue("term", change.term())
                    .log(
                            "{} is {} in term {}, {}",
                            id,
                            change.role(),
                            change.term(),
                            leader.isPresent() ? "led by broker " + leader.getAsInt() : "no leader known");
            if (change.role() == Role.LEADER) {
                context.metrics().elected();
            } else if (change.role() == Role.CANDIDATE) {
                context.metrics().campaigned();
            }
            owner.tell(new RaftEvent.RoleChanged(change.role(), change.term(), leader, change.lastIndex()));
            if (change.role() == Role.LEADER) {
                committedAtLastLook = 0;
                lookAgainMillis = Long.MIN_VALUE;
                lookWhoIsBehind(running);
            }
        });
        out.committed().ifPresent(index -> owner.tell(new RaftEvent.Committed(index)));
        out.reads().forEach(read -> owner.tell(new RaftEvent.ReadIndexAnswered(read.readId(), read.outcome())));
    }

    /** Those that do not vote catch up, and are slowed down as all of them on this broker together may take so much. */
    private boolean isThrottled(RaftCore running, NodeId to) {
        return !id.isOfMetadata() && !running.membership().isVoter(to);
    }

    private boolean mustWait(RaftCore running, NodeId to, RaftCommand later) {
        long millis = isThrottled(running, to)
                ? context.throttle().take(context.raft().appendBytesMax(), nowMillis())
                : 0;
        if (millis > 0) {
            throttled.put(to, later);
            timers.startSingleTimer(to, later, Duration.ofMillis(millis));
            context.metrics().throttled(millis);
        }
        return millis > 0;
    }

    /** Whoever votes is not held back, whatever it was when it began to wait. */
    private void letVotersGo(RaftCore running) {
        throttled.forEach((to, later) -> {
            if (!isThrottled(running, to)) {
                timers.cancel(to);
                actor.getSelf().tell(later);
            }
        });
    }

    private Effect<TermAndVote, TermAndVote> onUnthrottled(
            NodeId to, RaftCommand later, Consumer<ArrayDeque<Output>> send, RaftCore running, CachedLog open) {
        if (throttled.remove(to, later)) { // else it had its turn
            ArrayDeque<Output> todo = new ArrayDeque<>();
            send.accept(todo);
            todo.forEach(out -> performRest(running, open, out));
        }
        return Effect().none();
    }

    /** What was taken for it was as much as there can be. */
    private void sentBytes(RaftCore running, NodeId to, int sizeBytes) {
        if (isThrottled(running, to)) {
            context.throttle().giveBack(context.raft().appendBytesMax() - sizeBytes);
            context.metrics().caughtUpBy(sizeBytes);
        }
    }

    private void readAndSend(CachedLog open, Output.SendSnapshot asked) {
        actor.pipeToSelf(
                open.encodedSnapshot(asked.position()),
                (snapshot, failure) -> new SnapshotRead(asked, snapshot, failure));
    }

    private void readAndSend(RaftCore running, CachedLog open, Output.Replicate asked, ArrayDeque<Output> todo) {
        CompletableFuture<List<Entry>> entries = open.read(asked.firstIndex(), asked.lastIndex(), asked.maxBytes())
                .toCompletableFuture();
        if (entries.isDone() && !entries.isCompletedExceptionally()) {
            todo.add(running.step(nowMillis(), send(running, asked, entries.join())));
        } else {
            actor.pipeToSelf(
                    entries, (read, failure) -> new EntriesRead(asked, read == null ? List.of() : read, failure));
        }
    }

    private Input.Sent send(RaftCore running, Output.Replicate asked, List<Entry> entries) {
        if (entries.isEmpty() || !running.isLeaderIn(asked.term())) {
            sentBytes(running, asked.to(), 0);
            return new Input.Sent(asked.to(), asked.term(), asked.firstIndex(), asked.firstIndex() - 1, 0);
        }
        peers.send(running.appendRequest(asked, entries));
        int sizeBytes = 0;
        for (Entry entry : entries) {
            sizeBytes += entry.payload().sizeBytes();
        }
        context.metrics().replicated(sizeBytes);
        sentBytes(running, asked.to(), sizeBytes);
        return new Input.Sent(
                asked.to(),
                asked.term(),
                asked.firstIndex(),
                entries.get(entries.size() - 1).index(),
                sizeBytes);
    }

    /** One timer, moved only when something is due earlier than it: most deadlines move on before they come. */
    private void schedule(long deadlineMillis) {
        if (deadlineMillis < scheduledMillis) {
            scheduledMillis = deadlineMillis;
            long delay = Math.max(0, deadlineMillis - nowMillis());
            timers.startSingleTimer(Deadline.REACHED, Duration.ofMillis(delay));
        }
    }

    private long nowMillis() {
        return context.monotonicMillis().getAsLong();
    }
}
