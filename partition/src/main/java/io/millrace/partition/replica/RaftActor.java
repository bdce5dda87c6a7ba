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
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.Storage;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.replica.LostDisk.LogFound;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One member of a Raft group as an actor, from its journal and its log to their end; in between, {@link RaftMember} does the work.
 *
 * <p>Term and vote are its persistent state: what depends on them leaves only after the journal has them, because Akka
 * Persistence runs {@code thenRun} after the write and holds later commands back until then. The log is written by a
 * {@link LogWriter}; replication goes on meanwhile.
 */
public final class RaftActor extends EventSourcedBehavior<RaftCommand, TermAndVote, TermAndVote> {

    record FromLog(LogWriter.Event event) implements RaftCommand.Internal {}

    private enum WriterStopped implements RaftCommand.Internal {
        INSTANCE
    }

    /** With fewer, those who are left are no majority. */
    private static final int VOTERS_TO_REBUILD_FROM = 3;

    private static final SecureRandom SECURE_RANDOM = new SecureRandom();

    private final ActorContext<RaftCommand> actor;
    private final TimerScheduler<RaftCommand> timers;
    private final RaftGroup group;
    private final ReplicaContext context;
    private final ActorRef<RaftEvent> owner;
    private final ActorRef<LogWriter.Command> writer;

    /** Null until the journal is replayed and the log open. */
    private @Nullable RaftMember member;

    private boolean deleted;

    /** @param owner hears everything that its state machine must know; see {@link RaftEvent} */
    public static Behavior<RaftCommand> create(RaftGroup group, ReplicaContext context, ActorRef<RaftEvent> owner) {
        return Behaviors.setup(
                actor -> Behaviors.withTimers(timers -> new RaftActor(actor, timers, group, context, owner)));
    }

    private RaftActor(
            ActorContext<RaftCommand> actor,
            TimerScheduler<RaftCommand> timers,
            RaftGroup group,
            ReplicaContext context,
            ActorRef<RaftEvent> owner) {
        super(PersistenceId.ofUniqueId("raft|" + group.id().entityId()));
        this.actor = actor;
        this.timers = timers;
        this.group = group;
        this.context = context;
        this.owner = owner;
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
            Storage storage = context.disk().storageOf(group.id());
            if (!SegmentedLog.isIn(storage)) {
                return new LogWriter.Absent(LogFound.NEVER_BEGUN);
            }
            try {
                return open(storage, false);
            } catch (LogCorruptedException damage) {
                if (group.founding().voters().size() < VOTERS_TO_REBUILD_FROM) {
                    throw damage;
                }
                actor.getSystem()
                        .log()
                        .error(
                                "{} is damaged: it is set aside, and rebuilt from the other replicas",
                                group.id(),
                                damage);
                setAside();
                return new LogWriter.Absent(LogFound.DAMAGED);
            }
        }

        @Override
        public LogWriter.Opened begin() throws IOException {
            return open(context.disk().storageOf(group.id()), true);
        }

        private LogWriter.Opened open(Storage storage, boolean begun) throws IOException {
            SegmentedLog opened = SegmentedLog.open(storage, context.log(), group.offsets());
            return new LogWriter.Opened(opened, begun, opened.startSnapshot());
        }

        @Override
        public void setAside() throws IOException {
            context.disk().setAside(group.id());
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
                .onSignal(RecoveryCompleted.instance(), state -> actor.getLog()
                        .debug("{} recovered {}", group.id(), state))
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

    private void onStop() {
        context.openLogs().closed(group.id());
        RaftMember stopping = member;
        if (stopping != null) {
            stopping.stop();
        }
    }

    // ------------------------------------------------------------------------------------------------------ commands

    @Override
    public CommandHandler<RaftCommand, TermAndVote, TermAndVote> commandHandler() {
        return this::onCommand;
    }

    private Effect<TermAndVote, TermAndVote> onCommand(TermAndVote state, RaftCommand command) {
        RaftMember running = member;
        boolean setAside = running != null && running.isSetAside();
        try {
            if (command instanceof RaftCommand.Delete) {
                writer.tell(LogWriter.Delete.INSTANCE);
                deleted = true;
                return Effect().none();
            } else if (command instanceof WriterStopped) {
                if (setAside) {
                    owner.tell(new RaftEvent.SetAside());
                }
                return Effect().stop();
            } else if (deleted) {
                return Effect().none();
            } else if (command instanceof FromLog fromLog && fromLog.event() instanceof LogWriter.Failed failed) {
                return fail(failed);
            } else if (setAside) {
                return Effect().none();
            } else if (command instanceof RaftCommand.SetFlush change) {
                writer.tell(new LogWriter.SetPolicy(change.policy()));
                return Effect().none();
            }
            return running == null ? whileStarting(state, command) : running.on(command);
        } catch (RuntimeException e) {
            actor.getLog().error("{} stops", group.id(), e);
            owner.tell(new RaftEvent.Failed(String.valueOf(e.getMessage())));
            return Effect().stop();
        }
    }

    private Effect<TermAndVote, TermAndVote> whileStarting(TermAndVote state, RaftCommand command) {
        if (command instanceof FromLog fromLog && fromLog.event() instanceof LogWriter.Opened opened) {
            return onOpened(state, opened);
        } else if (command instanceof FromLog fromLog && fromLog.event() instanceof LogWriter.Absent absent) {
            return beginWith(state, absent.found(), LogPosition.ZERO, known -> writer.tell(LogWriter.Begin.INSTANCE));
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
        Optional<HardState> replacement = LostDisk.replacement(
                state.toHardState(), found, last, group.foundedHere(), () -> SECURE_RANDOM.nextLong() | 1);
        if (replacement.isEmpty()) {
            next.accept(state);
            return Effect().unstashAll();
        }
        if (!group.othersHold()) {
            return fail(new LogWriter.Failed(
                    "its journal or its log is gone, and there is no other replica that has what was in it", false));
        }
        if (group.founding().isVoter(group.self())) {
            actor.getLog()
                    .warn(
                            "{} has lost its journal or its log: it has no vote until the others have given it what it lacks",
                            group.id());
        }
        return Effect()
                .persist(TermAndVote.of(replacement.get()))
                .thenRun(next::accept)
                .thenUnstashAll();
    }

    private void start(TermAndVote state, LogWriter.Opened found) {
        member = new RaftMember(actor, timers, Effect(), group, context, owner, writer, state, found);
    }

    private Effect<TermAndVote, TermAndVote> fail(LogWriter.Failed failed) {
        owner.tell(new RaftEvent.Failed(failed.problem(), failed.outOfSpace()));
        return Effect().stop();
    }
}
