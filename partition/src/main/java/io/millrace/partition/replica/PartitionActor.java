package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Terminated;
import akka.actor.typed.eventstream.EventStream;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.Retention;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.replica.PartitionCommand.AbandonFetch;
import io.millrace.partition.replica.PartitionCommand.Fetch;
import io.millrace.partition.replica.PartitionCommand.GetOffsets;
import io.millrace.partition.replica.PartitionCommand.GetStatus;
import io.millrace.partition.replica.PartitionCommand.Produce;
import io.millrace.partition.state.PartitionOffsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One partition's replica: the meaning of messages around a Raft log. Requests are merged into proposals, records get
 * their offsets, committed ones are read; {@link RaftActor}, its child, does the rest.
 *
 * <p>It takes requests as a leader only once its own first entry is committed: until then it cannot know which of its
 * predecessor's records are (§6.4 of the Raft dissertation).
 */
public final class PartitionActor extends AbstractBehavior<ReplicaMessage> {

    private static final int PRODUCER_SNAPSHOTS_PER_SEGMENT = 4;

    private record Raft(RaftEvent event) implements ReplicaMessage {}

    private record Status(RaftStatus raft) implements ReplicaMessage {}

    private enum LookForRoom implements ReplicaMessage {
        INSTANCE
    }

    private record BaseFound(int logsReplaced, long index, long nextOffset, @Nullable Throwable failure)
            implements ReplicaMessage {}

    private final TimerScheduler<ReplicaMessage> timers;
    private final Supplier<ReplicaSpec> latestSpec;
    private final ReplicaSupervisor.Life life;
    private final Disk disk;
    private final ActorRef<LeaderObserved> observer;
    private final ActorRef<RaftCommand> raft;
    private final OffsetReader offsetReader = OffsetReader.recordBatches();

    private ReplicaSpec spec;
    private final HistoryKeeper history;
    private final Writes writes;
    private final Trims trims = new Trims();
    private final Reads reads;
    private final HandOver handOver;
    private final LedPartitions led;
    private final LoadMeter load = new LoadMeter();
    private final StatusRequests statusRequests;

    /** Raft events to take up: more than one only while the log is asked what follows an entry. */
    private final ArrayDeque<RaftEvent> deferred = new ArrayDeque<>();

    private boolean baseAsked;
    /** By snapshots. What was read of an earlier one is of no use. */
    private int logsReplaced;

    /** Both null until the log is open. */
    private @Nullable ReplicaLog log;

    private @Nullable PartitionOffsets offsets;

    private @Nullable String problem;
    /** The first that was found in the log. */
    private @Nullable String damage;

    /** The problem is that there was no room, and nothing else. */
    private boolean outOfSpace;

    /** Who is to hold the partition, if its members were ever to change. */
    private ReplicaMessage.@Nullable Relocate relocate;

    private long toldRelocation = Long.MIN_VALUE;
    /** Known to be committed. */
    private @Nullable Membership membership;

    private boolean deleting;
    /** Another takes its place when its Raft member has ended. */
    private boolean beginsAnew;

    private boolean raftStopped;

    private Role role = Role.FOLLOWER;
    private long term;
    private OptionalInt leader = OptionalInt.empty();
    private long ownFirstIndex;
    private boolean serving;

    /**
     * A replica that is started again whenever it has to begin anew.
     *
     * @param spec what there is to know at the moment; asked at each start, and when it is told to look
     * @param settings as they are at the moment; asked at each start, and each time for what can be changed while it runs
     * @param observer of this broker: hears who leads
     */
    public static Behavior<ReplicaMessage> create(
            Supplier<ReplicaSpec> spec,
            Supplier<PartitionSettings> settings,
            ReplicaContext context,
            ActorRef<LeaderObserved> observer) {
        return ReplicaSupervisor.create(
                context.monotonicMillis(),
                life -> Behaviors.setup(actor -> Behaviors.withTimers(
                        timers -> new PartitionActor(actor, timers, spec, settings, life, context, observer))));
    }

    private PartitionActor(
            ActorContext<ReplicaMessage> actor,
            TimerScheduler<ReplicaMessage> timers,
            Supplier<ReplicaSpec> latestSpec,
            Supplier<PartitionSettings> latestSettings,
            ReplicaSupervisor.Life life,
            ReplicaContext context,
            ActorRef<LeaderObserved> observer) {
        super(actor);
        this.timers = timers;
        this.latestSpec = latestSpec;
        this.spec = latestSpec.get();
        PartitionSettings settings = latestSettings.get();
        this.life = life;
        this.disk = context.disk();
        this.led = context.led();
        this.history = new HistoryKeeper(
                actor,
                spec.id(),
                spec.dedup(),
                disk,
                actor.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER)),
                Math.max(1, context.log().segmentBytes() / PRODUCER_SNAPSHOTS_PER_SEGMENT),
                new HistoryOwner());
        this.observer = observer;
        AsItStands replica = new AsItStands();
        this.reads =
                new Reads(actor, timers, context.monotonicMillis(), spec.id(), settings, offsetReader, replica, load);
        Membership founding = Membership.ofVoters(
                spec.founders().stream().map(NodeId::new).collect(Collectors.toCollection(TreeSet::new)));
        this.raft = actor.spawn(
                RaftActor.create(
                        new RaftGroup(
                                spec.id(),
                                founding,
                                spec.isFounder(),
                                spec.othersHold(),
                                offsetReader,
                                () -> new PartitionStateMachine(spec.dedup())),
                        context.withLog(context.log().withFlush(spec.flush())),
                        actor.messageAdapter(RaftEvent.class, Raft::new)),
                "raft");
        actor.watch(raft);
        this.statusRequests = new StatusRequests(raft, actor.messageAdapter(RaftStatus.class, Status::new));
        this.writes = new Writes(
                replica,
                settings,
                timers,
                raft,
                new Admission(
                        spec.dedup().isPresent(),
                        () -> latestSettings.get().producerExpiryMillis(),
                        history::complete,
                        context.wallClockMillis()),
                disk,
                context.metrics(),
                load);
        this.handOver = new HandOver(actor, spec.id().partition(), raft, context.peers()::isReachable);
        if (!spec.retention().equals(Retention.FOREVER)) {
            awaitRetentionRounds();
        }
    }

    /** Of no use to a replica that keeps everything. */
    private void awaitRetentionRounds() {
        ActorRef<ReplicaMessage.ApplyRetention> self = getContext().getSelf().narrow();
        getContext()
                .getSystem()
                .eventStream()
                .tell(
                        spec.retention().equals(Retention.FOREVER)
                                ? new EventStream.Unsubscribe<>(self)
                                : new EventStream.Subscribe<>(ReplicaMessage.ApplyRetention.class, self));
    }

    @Override
    public Receive<ReplicaMessage> createReceive() {
        return newReceiveBuilder()
                .onMessage(Raft.class, this::onRaftEvent)
                .onMessage(ReplicaMessage.PeerMessage.class, this::onPeerMessage)
                .onMessage(Produce.class, this::onProduce)
                .onMessage(PartitionCommand.ProduceInTerm.class, this::onProduceInTerm)
                .onMessage(PartitionCommand.Coordinate.class, this::onCoordinate)
                .onMessage(PartitionCommand.TrimBefore.class, this::onTrimBefore)
                .onMessage(Fetch.class, this::onFetch)
                .onMessage(AbandonFetch.class, this::onAbandonFetch)
                .onMessage(GetOffsets.class, this::onGetOffsets)
                .onMessage(Reads.Internal.class, this::onReads)
                .onMessage(PartitionCommand.TransferLeadership.class, this::onTransferLeadership)
                .onMessage(HandOver.Internal.class, this::onHandOver)
                .onMessage(GetStatus.class, this::onGetStatus)
                .onMessage(Status.class, this::onStatus)
                .onMessage(BaseFound.class, this::onBaseFound)
                .onMessage(HistoryKeeper.Event.class, this::onHistoryEvent)
                .onMessageEquals(LookForRoom.INSTANCE, this::onLookForRoom)
                .onMessageEquals(Writes.EarlyRoundOver.INSTANCE, this::onEarlyRoundOver)
                .onMessage(ReplicaMessage.ApplyRetention.class, this::onApplyRetention)
                .onMessageEquals(ReplicaMessage.Reconfigure.INSTANCE, this::onReconfigure)
                .onMessage(ReplicaMessage.Relocate.class, this::onRelocate)
                .onMessageEquals(ReplicaMessage.Open.INSTANCE, () -> this)
                .onMessageEquals(ReplicaMessage.Delete.INSTANCE, this::onDelete)
                .onMessageEquals(ReplicaMessage.End.INSTANCE, Behaviors::stopped)
                .onSignal(ChildFailed.class, this::onRaftFailed)
                .onSignal(Terminated.class, stopped -> onRaftStopped("stopped"))
                .build();
    }

    private Behavior<ReplicaMessage> onPeerMessage(ReplicaMessage.PeerMessage message) {
        if (!raftStopped) {
            raft.tell(new RaftCommand.Deliver(message));
        }
        return this;
    }

    // ------------------------------------------------------------------------------------------------- what Raft says

    private Behavior<ReplicaMessage> onRaftEvent(Raft wrapped) {
        if (wrapped.event() instanceof RaftEvent.SnapshotInstalled) {
            // Nothing that was said of the log before concerns the one that there is now.
            deferred.removeIf(event -> event instanceof RaftEvent.Appended
                    || event instanceof RaftEvent.Truncated
                    || event instanceof RaftEvent.Committed);
            baseAsked = false;
            logsReplaced++;
        }
        deferred.add(wrapped.event());
        takeUp();
        return this;
    }

    private void takeUp() {
        while (!baseAsked && problem == null && !deferred.isEmpty()) {
            orFail(() -> take(deferred.removeFirst()));
        }
        writes.tellQueued();
    }

    private void orFail(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            // Were it thrown, sharding would start the replica anew with the next message, and nobody would see it.
            getContext().getLog().error("{} stops", spec.id(), e);
            fail(String.valueOf(e.getMessage()));
        }
    }

    private void take(RaftEvent event) {
        if (event instanceof RaftEvent.Committed committed) {
            onCommitted(committed);
        } else if (event instanceof RaftEvent.Appended appended) {
            onAppended(appended.entries());
        } else if (event instanceof RaftEvent.ProposalAppended accepted) {
            writes.appended(accepted);
        } else if (event instanceof RaftEvent.ProposalRefused refused) {
            writes.refused(refused);
        } else if (event instanceof RaftEvent.RoleChanged change) {
            onRoleChanged(change);
        } else if (event instanceof RaftEvent.Truncated truncated) {
            onTruncated(truncated.fromIndex());
        } else if (event instanceof RaftEvent.Started started) {
            onStarted(started);
        } else if (event instanceof RaftEvent.SnapshotInstalled installed) {
            onSnapshotInstalled(installed.snapshot());
        } else if (event instanceof RaftEvent.ReadIndexAnswered read) {
            reads.indexAnswered(read.readId(), read.outcome());
        } else if (event instanceof RaftEvent.MembershipSettled settled) {
            membership = settled.membership();
            tellIfRelocated();
        } else if (event instanceof RaftEvent.CaughtUp) {
            writes.propose();
        } else if (event instanceof RaftEvent.MembersInSync members) {
            writes.membersInSync(members.voters());
            load.membersBehind(members.behind());
        } else if (event instanceof RaftEvent.Damaged damaged) {
            onDamage(damaged.problem());
        } else if (event instanceof RaftEvent.SetAside) {
            beginsAnew = true;
            end("its damaged log is set aside, and it begins anew");
        } else if (event instanceof RaftEvent.Failed failed) {
            outOfSpace = failed.outOfSpace();
            fail(failed.problem());
        }
    }

    private void onTruncated(long fromIndex) {
        trims.truncated(fromIndex);
        history.truncated(fromIndex);
        if (!offsets().truncated(fromIndex)) {
            askBase(fromIndex - 1);
        }
    }

    private void onStarted(RaftEvent.Started started) {
        log = started.log();
        load.of(started.log());
        offsets = new PartitionOffsets(
                started.lastIndex(), started.nextOffset(), started.log().startOffset());
        history.started(started);
        boolean isNew = started.lastIndex() == 0;
        if (isNew && spec.isFounder() && spec.founders().get(0) == spec.id().brokerId()) {
            raft.tell(RaftCommand.Campaign.INSTANCE); // the preferred leader of a new partition need not wait
        }
    }

    private void onSnapshotInstalled(Snapshot snapshot) {
        long index = snapshot.position().index();
        offsets = new PartitionOffsets(index, snapshot.nextOffset(), snapshot.nextOffset());
        offsets().committed(index);
        history.installed(snapshot);
        trims.clear();
        reads.committed();
    }

    private void onAppended(List<Entry> entries) {
        PartitionOffsets known = offsets();
        for (Entry entry : entries) {
            long before = known.logEndOffset();
            known.appended(
                    entry.index(),
                    entry.type() == EntryType.DATA ? offsetReader.nextOffset(entry.payload(), before) : before);
            trims.appended(entry);
        }
        history.appended(entries);
    }

    private void onCommitted(RaftEvent.Committed committed) {
        PartitionOffsets known = offsets();
        OptionalLong highWatermark = known.committed(committed.index());
        if (highWatermark.isEmpty()) {
            deferred.addFirst(committed);
            askBase(committed.index());
            return;
        }
        history.committed(committed.index());
        writes.committed(committed.index());
        trims.committed(committed.index()).ifPresent(index -> raft.tell(new RaftCommand.Trim(index)));
        serveIfReady();
        writes.propose();
        reads.committed();
        tellIfRelocated();
    }

    /** By the time that its own first entry is committed, a leader can know what is in the log, and who wrote it. */
    private void serveIfReady() {
        if (role == Role.LEADER && !serving && offsets().commitIndex() >= ownFirstIndex && history.isComplete()) {
            serving = true;
            writes.serves(offsets().logEndOffset());
            led.leads(spec.id(), load);
            tellObserver();
        }
    }

    private void onRoleChanged(RaftEvent.RoleChanged change) {
        role = change.role();
        term = change.term();
        leader = change.leader();
        ownFirstIndex = change.lastIndex();
        toldRelocation = Long.MIN_VALUE;
        serving = false;
        led.leadsNoMore(spec.id());
        history.abandonProposed();
        writes.roleChanged();
        reads.servesNoMore();
        tellObserver();
    }

    private Behavior<ReplicaMessage> onRelocate(ReplicaMessage.Relocate message) {
        if (relocate == null || relocate.index() < message.index()) {
            relocate = message;
            if (!raftStopped) {
                raft.tell(new RaftCommand.SetTarget(
                        message.brokers().stream().map(NodeId::new).collect(Collectors.toUnmodifiableSet())));
            }
            tellIfRelocated();
        }
        return this;
    }

    /** A leader knows who the members are when it knows what is committed. */
    private void tellIfRelocated() {
        if (relocate != null
                && relocate.index() != toldRelocation
                && role == Role.LEADER
                && offsets != null
                && offsets.commitIndex() >= ownFirstIndex
                && isRelocated(relocate.brokers())) {
            toldRelocation = relocate.index();
            relocate.replyTo().tell(new ReplicaMessage.Relocated(spec.id(), toldRelocation));
        }
    }

    private boolean isRelocated(Set<Integer> brokers) {
        return membership != null
                && membership.learners().isEmpty()
                && membership.voters().size() == brokers.size()
                && membership.voters().stream().allMatch(node -> brokers.contains(node.value()));
    }

    private void tellObserver() {
        Optional<ActorRef<PartitionCommand>> ref =
                serving ? Optional.of(getContext().getSelf().narrow()) : Optional.empty();
        observer.tell(new LeaderObserved(spec.id(), term, leader, ref));
    }

    /** Asks the log which offset follows an entry; Raft's events wait meanwhile. Only after a restart, and rarely. */
    private void askBase(long index) {
        baseAsked = true;
        int asked = logsReplaced;
        getContext()
                .pipeToSelf(
                        log().nextOffsetAt(index),
                        (found, failure) -> new BaseFound(asked, index, found == null ? 0 : found, failure));
    }

    private Behavior<ReplicaMessage> onBaseFound(BaseFound found) {
        if (problem != null || found.logsReplaced() != logsReplaced) {
            return this;
        }
        if (found.failure() != null) {
            fail("cannot read the log: " + found.failure().getMessage());
            return this;
        }
        offsets().base(found.index(), found.nextOffset());
        baseAsked = false;
        takeUp();
        return this;
    }

    // -------------------------------------------------------------------------------------------------------- history

    private Behavior<ReplicaMessage> onHistoryEvent(HistoryKeeper.Event event) {
        if (problem == null) {
            orFail(() -> history.on(event));
        }
        return this;
    }

    private final class HistoryOwner implements HistoryKeeper.Owner {
        @Override
        public void advanced() {
            serveIfReady();
        }

        @Override
        public void damaged(String found) {
            raft.tell(new RaftCommand.Damaged(found));
        }

        @Override
        public void failed(String why) {
            fail(why);
        }
    }

    // -------------------------------------------------------------------------------------------------------- writing

    private Behavior<ReplicaMessage> onProduce(Produce produce) {
        writes.write(produce);
        return this;
    }

    private Behavior<ReplicaMessage> onProduceInTerm(PartitionCommand.ProduceInTerm message) {
        writes.write(message);
        return this;
    }

    private Behavior<ReplicaMessage> onEarlyRoundOver() {
        writes.onEarlyRoundOver();
        return this;
    }

    /** Whoever takes these stands before this replica, or is not there yet. */
    private Behavior<ReplicaMessage> onCoordinate(PartitionCommand.Coordinate request) {
        request.replyTo().tell(new PartitionReply.NotLeader(request.requestId(), leader));
        return this;
    }

    // ------------------------------------------------------------------------------------------------------ retention

    private Behavior<ReplicaMessage> onApplyRetention(ReplicaMessage.ApplyRetention round) {
        if (serving) {
            spec.retention()
                    .due(log().segments(), offsets().commitIndex(), round.nowMillis())
                    .ifPresent(index -> proposeTrim(index, round.nowMillis()));
        }
        return this;
    }

    private Behavior<ReplicaMessage> onTrimBefore(PartitionCommand.TrimBefore message) {
        if (serving && term == message.term()) {
            Retention.dueBefore(log().segments(), offsets().commitIndex(), message.offset())
                    .ifPresent(index -> proposeTrim(index, message.nowMillis()));
        }
        return this;
    }

    private void proposeTrim(long index, long nowMillis) {
        if (trims.isEmpty()) {
            raft.tell(new RaftCommand.Propose(
                    term, Writes.NO_PROPOSAL, EntryType.TRIM, new TrimDecision(index, nowMillis).encode()));
        }
    }

    // -------------------------------------------------------------------------------------------------------- reading

    private Behavior<ReplicaMessage> onFetch(Fetch fetch) {
        reads.read(fetch);
        return this;
    }

    private Behavior<ReplicaMessage> onAbandonFetch(AbandonFetch abandoned) {
        reads.abandon(abandoned);
        return this;
    }

    private Behavior<ReplicaMessage> onGetOffsets(GetOffsets get) {
        reads.read(get);
        return this;
    }

    private Behavior<ReplicaMessage> onReads(Reads.Internal event) {
        reads.on(event);
        return this;
    }

    /** Said once: every reader meets the same damage. */
    private void onDamage(String found) {
        if (damage == null) {
            damage = found;
            getContext().getLog().error("{} goes on with a damaged log: {}", spec.id(), found);
        }
    }

    // ------------------------------------------------------------------------------------------------------ leadership

    private Behavior<ReplicaMessage> onTransferLeadership(PartitionCommand.TransferLeadership request) {
        handOver.begin(request, role == Role.LEADER, leader);
        return this;
    }

    private Behavior<ReplicaMessage> onHandOver(HandOver.Internal event) {
        handOver.on(event);
        return this;
    }

    // --------------------------------------------------------------------------------------------------------- status

    private Behavior<ReplicaMessage> onGetStatus(GetStatus get) {
        statusWithoutRaft()
                .ifPresentOrElse(status -> StatusRequests.answer(get, status), () -> statusRequests.add(get));
        return this;
    }

    private Behavior<ReplicaMessage> onStatus(Status status) {
        statusRequests.answer(statusWithoutRaft()
                .orElseGet(() -> PartitionStatus.running(
                        spec.id(), status.raft(), offsets(), log(), damage, writes.counters())));
        return this;
    }

    /** Of a replica that does not run, or does not know where its log ends; empty if its Raft member has to be asked. */
    private Optional<PartitionStatus> statusWithoutRaft() {
        if (problem != null) {
            return Optional.of(PartitionStatus.notRunning(spec.id(), "FAILED", problem, term));
        }
        return log == null || baseAsked
                ? Optional.of(PartitionStatus.notRunning(spec.id(), "RECOVERING", null, term))
                : Optional.empty();
    }

    // ------------------------------------------------------------------------------------------------------- settings

    private Behavior<ReplicaMessage> onReconfigure() {
        ReplicaSpec before = spec;
        ReplicaSpec now = latestSpec.get();
        if (problem != null || now.equals(before)) {
            return this; // whoever begins anew looks at them then
        }
        spec = now;
        getContext().getLog().info("{} has other settings now", spec.id());
        if (!now.dedup().equals(before.dedup())) {
            // What it knows of the log by content is a matter of these bounds from the log's first entry on.
            beginsAnew = true;
            end("it begins anew with other settings");
            getContext().stop(raft);
            return this;
        }
        if (!now.flush().equals(before.flush())) {
            raft.tell(new RaftCommand.SetFlush(now.flush()));
        }
        awaitRetentionRounds();
        return this;
    }

    // ------------------------------------------------------------------------------------------------------- the end

    private Behavior<ReplicaMessage> onDelete() {
        if (raftStopped) {
            return Behaviors.stopped(); // failed before; the next start of this broker deletes the files
        }
        if (!deleting) {
            deleting = true;
            getContext().getLog().info("{} is deleted", spec.id());
            end("it is deleted");
            raft.tell(RaftCommand.Delete.INSTANCE);
        }
        return this;
    }

    private Behavior<ReplicaMessage> onRaftFailed(ChildFailed failed) {
        JournalOutOfSpace.publishIfIn(failed.getCause(), getContext().getSystem());
        return onRaftStopped(String.valueOf(failed.getCause()));
    }

    private Behavior<ReplicaMessage> onRaftStopped(String why) {
        raftStopped = true;
        if (deleting) {
            return Behaviors.stopped();
        }
        if (beginsAnew) {
            return beginAnew();
        }
        fail(why);
        return this;
    }

    private Behavior<ReplicaMessage> beginAnew() {
        life.supervisor().tell(new ReplicaSupervisor.BeginAnew(getContext().getSelf()));
        return this;
    }

    /**
     * Stays, so that everybody who asks hears why. What was written last may be there or not: a restart of the broker opens the
     * log again, and nothing else – unless there was no room, and is again.
     */
    private void fail(String why) {
        if (problem == null) {
            getContext().getLog().error("{} has failed: {}", spec.id(), why);
            end(why);
            getContext().stop(raft); // it must not lead what nobody can use, nor vote
            if (outOfSpace) {
                timers.startSingleTimer(LookForRoom.INSTANCE, life.reopenAfter());
            }
        }
    }

    private Behavior<ReplicaMessage> onLookForRoom() {
        if (!raftStopped || disk.space() != DiskSpace.AMPLE) {
            timers.startSingleTimer(LookForRoom.INSTANCE, life.reopenAfter());
            return this;
        }
        getContext().getLog().info("{} is opened again: there is room on the disk", spec.id());
        return beginAnew();
    }

    private void end(String why) {
        if (problem != null) {
            return;
        }
        problem = why;
        deferred.clear();
        role = Role.FOLLOWER;
        leader = OptionalInt.empty();
        serving = false;
        led.leadsNoMore(spec.id());
        writes.ended(why);
        reads.servesNoMore();
        statusWithoutRaft().ifPresent(statusRequests::answer);
        if (!deleting) { // of a topic that is gone nobody wants to hear any more
            tellObserver();
        }
    }

    private ReplicaLog log() {
        return Optional.ofNullable(log).orElseThrow(() -> new IllegalStateException("the log is not open"));
    }

    private PartitionOffsets offsets() {
        return Optional.ofNullable(offsets).orElseThrow(() -> new IllegalStateException("the log is not open"));
    }

    /** For those who read and write. */
    private final class AsItStands implements Reads.Replica, Writes.Replica {
        @Override
        public @Nullable String problem() {
            return problem;
        }

        @Override
        public boolean isServing() {
            return serving;
        }

        @Override
        public boolean isOpen() {
            return log != null;
        }

        @Override
        public OptionalInt leader() {
            return leader;
        }

        @Override
        public ReplicaLog log() {
            return PartitionActor.this.log();
        }

        @Override
        public PartitionOffsets offsets() {
            return PartitionActor.this.offsets();
        }

        @Override
        public void damaged(String found) {
            raft.tell(new RaftCommand.Damaged(found));
        }

        @Override
        public void askReadIndex(long readId) {
            raft.tell(new RaftCommand.ReadIndex(readId));
        }

        @Override
        public boolean isOutOfSpace() {
            return outOfSpace;
        }

        @Override
        public boolean isLogBehind() {
            return PartitionActor.this.log().isBehind();
        }

        @Override
        public long term() {
            return term;
        }

        @Override
        public int minInSync() {
            return spec.minInSync();
        }
    }
}
