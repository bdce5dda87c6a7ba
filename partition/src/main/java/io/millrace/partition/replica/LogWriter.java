package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Snapshot;
import io.millrace.protocol.FlushPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a replica's log, on the dispatcher for blocking I/O.
 *
 * <p>Group commit: a write is followed by a flush that queues up behind whatever was written meanwhile, so that one force
 * serves all of it. Where the {@link FlushPolicy} does not wait for the disk, a flush after records alone is only an answer, and the force
 * comes later, if it has a time. The first failure is the last word: nothing is written after it.
 */
final class LogWriter extends AbstractBehavior<LogWriter.Command> {
    sealed interface Command {}

    /**
     * Cut from {@code truncateFrom} on, then write {@code entries}.
     *
     * @param epoch given back with {@link Durable}
     */
    record Write(long epoch, OptionalLong truncateFrom, List<Entry> entries) implements Command {}

    /**
     * Drop everything, and begin anew after the snapshot.
     *
     * @param epoch as in {@link Write}
     */
    record Reset(long epoch, Snapshot snapshot) implements Command {}

    /** Drop the entries that the snapshot stands for. */
    record Trim(Snapshot snapshot) implements Command {}

    /** Begin a new segment, unless the present one is empty. */
    enum Roll implements Command {
        INSTANCE
    }

    /** Begin a log where there is none. */
    enum Begin implements Command {
        INSTANCE
    }

    /** What is as safe as the policy has it, and no safer. */
    private static final Set<EntryType> LIKE_RECORDS = EnumSet.of(EntryType.DATA, EntryType.DIGEST, EntryType.TIME);

    private enum Flush implements Command {
        INSTANCE
    }

    /** What was written and not forced has waited long enough. */
    private enum ForceDue implements Command {
        INSTANCE
    }

    /** From now on; what was not forced until now is if the policy demands it. */
    record SetPolicy(FlushPolicy policy) implements Command {}

    /** Close the files, delete them, and stop. */
    enum Delete implements Command {
        INSTANCE
    }

    /** Close the files, put them out of the way, and stop. */
    enum SetAside implements Command {
        INSTANCE
    }

    /** What the writer tells the {@link RaftActor}. */
    sealed interface Event {}

    /**
     * @param begun whether it was not there before
     * @param start what stands for the entries before the log's first; empty if there never were any
     */
    record Opened(SegmentedLog log, boolean begun, Optional<Snapshot> start) implements Event {}

    /** There is no log; it waits for {@link Begin}, or to be stopped. */
    record Absent(LostDisk.LogFound found) implements Event {}

    /** The log is as durable as it has to be up to here, as of the last {@link Write}, which had that epoch. */
    record Durable(long epoch, LogPosition position) implements Event {}

    /** After a {@link Trim}: the log begins after this position. */
    record Trimmed(LogPosition start) implements Event {}

    /**
     * Nothing more will be written.
     *
     * @param outOfSpace for want of room, and for no other reason
     */
    record Failed(String problem, boolean outOfSpace) implements Event {}

    /** Where the log is. All of it blocks. */
    interface Place {
        /** Opens the log that is there, or tells that there is none. */
        Event open() throws IOException;

        Opened begin() throws IOException;

        /** Nobody may have it open. */
        void setAside() throws IOException;
    }

    private final TimerScheduler<Command> timers;
    private final Place place;
    private FlushPolicy policy;
    private final ActorRef<Event> listener;
    private final LongConsumer forcedNanos;
    private @Nullable SegmentedLog log;
    private boolean flushScheduled;
    /** Something was written that does not count before it is on disk. */
    private boolean mustForce;

    private long epoch;

    /** @param forcedNanos is told how long each force of records took */
    static Behavior<Command> create(
            Place place, FlushPolicy policy, ActorRef<Event> listener, LongConsumer forcedNanos) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new LogWriter(context, timers, place, policy, listener, forcedNanos)));
    }

    private LogWriter(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Place place,
            FlushPolicy policy,
            ActorRef<Event> listener,
            LongConsumer forcedNanos) {
        super(context);
        this.timers = timers;
        this.place = place;
        this.policy = policy;
        this.listener = listener;
        this.forcedNanos = forcedNanos;
        try {
            Event found = place.open();
            if (found instanceof Opened opened) {
                log = opened.log();
            }
            listener.tell(found);
        } catch (IOException | RuntimeException e) {
            fail("cannot open the log", e);
        }
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Begin.INSTANCE, this::onBegin)
                .onMessage(Write.class, this::onWrite)
                .onMessage(Reset.class, this::onReset)
                .onMessage(Trim.class, this::onTrim)
                .onMessageEquals(Roll.INSTANCE, () -> change(epoch, SegmentedLog::roll))
                .onMessage(SetPolicy.class, this::onSetPolicy)
                .onMessageEquals(Flush.INSTANCE, this::onFlush)
                .onMessageEquals(ForceDue.INSTANCE, this::onForceDue)
                .onMessageEquals(Delete.INSTANCE, this::onDelete)
                .onMessageEquals(SetAside.INSTANCE, this::onSetAside)
                .onSignal(PostStop.class, signal -> onStop())
                .onSignal(PreRestart.class, signal -> onStop())
                .build();
    }

    private Behavior<Command> onBegin() {
        try {
            Opened begun = place.begin();
            log = begun.log();
            listener.tell(begun);
        } catch (IOException | RuntimeException e) {
            fail("cannot begin a log", e);
        }
        return this;
    }

    private interface Change {
        void of(SegmentedLog log) throws IOException;
    }

    private Behavior<Command> onWrite(Write write) {
        return change(write.epoch(), open -> {
            if (write.truncateFrom().isPresent()) {
                open.truncateFrom(write.truncateFrom().getAsLong());
            }
            open.append(write.entries());
            // What is cut is gone from the disk when the cut returns.
            mustForce |= write.entries().stream().anyMatch(entry -> !LIKE_RECORDS.contains(entry.type()));
        });
    }

    private Behavior<Command> onReset(Reset reset) {
        return change(reset.epoch(), open -> open.reset(reset.snapshot()));
    }

    private Behavior<Command> onTrim(Trim trim) {
        return change(epoch, open -> {
            open.trimPrefix(trim.snapshot());
            listener.tell(new Trimmed(open.start()));
        });
    }

    private Behavior<Command> change(long newEpoch, Change change) {
        SegmentedLog open = log;
        if (open == null) {
            return this; // failed; already told
        }
        try {
            change.of(open);
            epoch = newEpoch;
        } catch (IOException | RuntimeException e) {
            fail("cannot write to the log", e);
            return this;
        }
        scheduleFlush();
        return this;
    }

    private void scheduleFlush() {
        if (!flushScheduled) {
            flushScheduled = true;
            getContext().getSelf().tell(Flush.INSTANCE);
        }
    }

    private Behavior<Command> onSetPolicy(SetPolicy change) {
        policy = change.policy();
        timers.cancel(ForceDue.INSTANCE);
        scheduleFlush();
        return this;
    }

    private Behavior<Command> onFlush() {
        flushScheduled = false;
        SegmentedLog open = log;
        if (open == null) {
            return this;
        }
        if (policy.when() == FlushPolicy.When.COMMIT || mustForce) {
            force(open).ifPresent(last -> listener.tell(new Durable(epoch, last)));
            return this;
        }
        listener.tell(new Durable(epoch, open.lastPosition()));
        if (policy.intervalMillis() > 0 && !timers.isTimerActive(ForceDue.INSTANCE)) {
            timers.startSingleTimer(ForceDue.INSTANCE, Duration.ofMillis(policy.intervalMillis()));
        }
        return this;
    }

    private Behavior<Command> onForceDue() {
        if (log != null) {
            force(log);
        }
        return this;
    }

    /** Up to where the log is on disk now; empty if that failed. */
    private Optional<LogPosition> force(SegmentedLog open) {
        try {
            long begin = System.nanoTime();
            LogPosition last = open.sync();
            forcedNanos.accept(System.nanoTime() - begin);
            mustForce = false;
            timers.cancel(ForceDue.INSTANCE);
            return Optional.of(last);
        } catch (IOException | RuntimeException e) {
            fail("cannot force the log to disk", e);
            return Optional.empty();
        }
    }

    private Behavior<Command> onDelete() {
        SegmentedLog open = log;
        log = null;
        if (open != null) {
            try {
                open.delete();
            } catch (IOException | RuntimeException e) {
                getContext().getLog().warn("Cannot delete the log's files; the next start of this broker will", e);
            }
        }
        return Behaviors.stopped();
    }

    private Behavior<Command> onSetAside() {
        close();
        try {
            place.setAside();
        } catch (IOException | RuntimeException e) {
            fail("cannot set the damaged log aside", e);
            return this;
        }
        return Behaviors.stopped();
    }

    private Behavior<Command> onStop() {
        close();
        return this;
    }

    private void fail(String what, Exception cause) {
        getContext().getLog().debug("{}", what, cause); // the replica's owner says it, once
        close();
        listener.tell(new Failed(what + ": " + cause.getMessage(), OutOfSpace.isIn(cause)));
    }

    private void close() {
        SegmentedLog open = log;
        log = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException | RuntimeException e) {
                getContext().getLog().warn("Closing the log", e);
            }
        }
    }
}
