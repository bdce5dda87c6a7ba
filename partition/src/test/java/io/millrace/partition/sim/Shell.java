package io.millrace.partition.sim;

import io.millrace.partition.log.EntriesUnavailableException;
import io.millrace.partition.log.LogCorruptedException;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftCore;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.TermHistory;
import io.millrace.partition.replica.RaftEvent;
import io.millrace.partition.replica.SimulatedReplicaLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One life of a member, from start to crash: what {@code RaftActor} does around a {@link RaftCore}. Takes one mail after
 * another; while a hard state is on its way to the journal, mail waits, as Akka Persistence stashes commands; while the
 * process is paused, everything does.
 */
final class Shell implements LogWriter.Listener {
    private sealed interface Mail {
        record Step(Input input) implements Mail {}

        record Propose(long term, long id, Payload payload) implements Mail {}

        record ReadIndex(long id) implements Mail {}

        record EntriesRead(Output.Replicate asked, List<Entry> entries) implements Mail {}

        record SnapshotRead(Output.SendSnapshot asked, Optional<Payload> snapshot) implements Mail {}

        record Folded(Optional<Snapshot> snapshot) implements Mail {}
    }

    private static final long NO_TIMER = Long.MAX_VALUE;

    final Member member;
    private final int life;
    private final World world;
    private final SplittableRandom random;
    private final RaftCore core;
    private final LogWriter writer;
    private final SimulatedReplicaLog log;
    private final Partition partition;
    /** The log as the core has it, on disk or not, with what it begins after. */
    private final ArrayList<Entry> view;

    private final ArrayDeque<Mail> inbox = new ArrayDeque<>();
    /** Proposals that came during a transfer of leadership. */
    private final ArrayDeque<Mail> held = new ArrayDeque<>();

    private final ArrayDeque<Message> unread = new ArrayDeque<>();

    private Role role = Role.FOLLOWER;
    private boolean stopped;
    private boolean paused;
    private boolean trimming;
    private boolean taking;
    private boolean persisting;
    private @Nullable Output persisted;
    private long timerMillis = NO_TIMER;
    private long timersArmed;
    private long journalMicrosMax = 4_000;
    private Set<NodeId> watched = Set.of();

    /** @param start what the log begins with, if it does not with its first entry */
    Shell(
            Member member,
            int life,
            World world,
            SegmentedLog opened,
            Optional<Snapshot> start,
            SplittableRandom random) {
        this.member = member;
        this.life = life;
        this.world = world;
        this.random = random;
        this.writer = new LogWriter(world, random.split(), member.disk, this);
        this.log = new SimulatedReplicaLog(
                opened,
                OffsetReader.recordBatches(),
                world.scenario.cacheBytesMax(),
                world.scenario.behindBytes(),
                this::readFiles);
        this.view = new ArrayList<>(member.disk.synced());
        this.partition = new Partition(
                this,
                world,
                random.split(),
                log,
                opened.lastPosition().index(),
                opened.nextOffset(),
                start,
                world.stateMachines.get());
        this.core = world.conduct.core(
                member.id,
                start.map(Snapshot::configuration).orElse(Configuration.founding(world.founding())),
                world.scenario.settings(),
                world.conduct.recovered(member.journal.durable()),
                new TermHistory(
                        opened.start(),
                        opened.termStarts(),
                        opened.lastPosition().index()),
                new Random(random.nextLong()),
                member.clock.nowMillis());
    }

    void begin() {
        world.checks.hasConfigurationOfItsLog(this);
        setTimer(core.deadlineMillis());
        if (!world.target().isEmpty()) {
            deliver(new Input.Target(world.target()));
        }
    }

    // -------------------------------------------------------------------------------------------------- what comes in

    void deliver(Input input) {
        take(new Mail.Step(input));
    }

    /** What arrives at a process that is stopped lies in its sockets, and is read some time after what it had taken already. */
    void receive(Message message) {
        if (paused || !unread.isEmpty()) {
            unread.add(message);
        } else {
            deliver(new Input.Received(message));
        }
    }

    private void readSockets() {
        while (isRunning() && !unread.isEmpty()) {
            deliver(new Input.Received(unread.remove()));
        }
    }

    void propose(long term, long id, Payload payload) {
        take(new Mail.Propose(term, id, payload));
    }

    void readIndex(long id) {
        take(new Mail.ReadIndex(id));
    }

    @Override
    public void durable(Input.Durable durable) {
        deliver(durable);
    }

    @Override
    public void trimmed(LogPosition start) {
        trimming = false;
        world.counts.count(Fault.TRIMMED);
        deliver(new Input.Trimmed(start));
    }

    /** The owner needs what is before no more. */
    void trim(long index) {
        deliver(new Input.Trim(index));
    }

    /** Storage failed: the replica stops here and says so; or that was the end of a machine whose power went. */
    @Override
    public void failed(Exception failure) {
        member.diskFailed(failure);
    }

    @Override
    public void powerFails() {
        world.counts.count(Fault.POWER_FAILURE_AFTER_CUT);
        member.crash(true);
    }

    void pause(long micros, boolean clockToo) {
        paused = true;
        world.trace.lane(id(), Trace.Lane.PAUSED);
        world.trace.befell(id(), "pauses for " + micros + " µs" + (clockToo ? ", its clock too" : ""));
        member.clock.stand(clockToo || !world.conduct.clockCountsPauses());
        world.timeline.after(micros, this::resume);
    }

    void resume() {
        if (!stopped && paused) {
            paused = false;
            world.trace.lane(id(), Trace.Lane.UP);
            world.trace.befell(id(), "goes on");
            member.clock.stand(false);
            arm();
            takeAll();
            partition.takeAll();
            world.timeline.after(random.nextLong(20_000), this::readSockets);
        }
    }

    void stop() {
        stopped = true;
        writer.stop();
    }

    boolean isRunning() {
        return !stopped && !paused;
    }

    void disksTakeUpTo(long micros) {
        journalMicrosMax = micros;
        writer.syncTakesUpTo(micros);
    }

    private void take(Mail mail) {
        if (stopped) {
            return;
        }
        inbox.add(mail);
        takeAll();
    }

    private void takeAll() {
        if (taking) {
            return;
        }
        taking = true;
        while (!stopped && !paused) {
            if (persisted != null) {
                Output rest = persisted;
                persisted = null;
                persisting = false;
                perform(rest);
            } else if (!persisting && !inbox.isEmpty()) {
                handle(inbox.remove());
            } else {
                break;
            }
        }
        taking = false;
    }

    private void handle(Mail mail) {
        if (mail instanceof Mail.Step step) {
            step(step.input());
        } else if (mail instanceof Mail.EntriesRead read) {
            send(read.asked(), read.entries());
        } else if (mail instanceof Mail.SnapshotRead read) {
            sendSnapshot(read.asked(), read.snapshot());
        } else if (mail instanceof Mail.Folded folded) {
            trimming = folded.snapshot().isPresent();
            folded.snapshot().ifPresent(snapshot -> {
                world.checks.snapshotTaken(member.id, snapshot);
                writer.trim(snapshot);
            });
        } else if (mail instanceof Mail.Propose propose) {
            onPropose(propose);
        } else if (mail instanceof Mail.ReadIndex read) {
            onReadIndex(read.id());
        }
    }

    private void onReadIndex(long id) {
        if (core.isLeaderIn(core.term()) && !world.conduct.confirmsLeadership()) {
            partition.tell(new RaftEvent.ReadIndexAnswered(id, new ReadOutcome.Ready(core.commitIndex())));
        } else {
            step(new Input.ReadIndex(id));
        }
    }

    private void onPropose(Mail.Propose propose) {
        if (core.isTransferring()) {
            held.add(propose);
            return;
        }
        if (!core.mayPropose(propose.term())) {
            partition.tell(new RaftEvent.ProposalRefused(propose.id()));
            return;
        }
        Input.Propose input = new Input.Propose(propose.term(), List.of(propose.payload()));
        Output output = core.step(member.clock.nowMillis(), input);
        long index = output.append().get(output.append().size() - 1).index();
        partition.tell(new RaftEvent.ProposalAppended(propose.id(), index));
        perform(input, output);
    }

    private void step(Input input) {
        if (input instanceof Input.ChangeMembership asked && !world.membershipChanges.mayBegin(asked.change())) {
            return;
        }
        Input taken = input;
        if (input instanceof Input.Received received) {
            taken = new Input.Received(world.conduct.incoming(this, received.message()));
        } else if (input instanceof Input.Durable durable) {
            Input.Durable reported = world.conduct.reported(this, durable);
            onDurable(reported);
            taken = reported;
        }
        perform(taken, core.step(member.clock.nowMillis(), taken));
    }

    private void onDurable(Input.Durable durable) {
        if (durable.logEpoch() == core.logEpoch()) {
            boolean wasBehind = log.isBehind();
            log.forced(durable.position().index());
            if (wasBehind && !log.isBehind()) {
                partition.tell(new RaftEvent.CaughtUp());
            }
        }
    }

    private void perform(Input input, Output output) {
        output.roleChange().ifPresent(change -> role = change.role());
        if (!watched.equals(core.watched())) {
            watched = core.watched();
            world.failureDetector.watch(this, watched);
        }
        world.trace.at(member.id, input, standing());
        if (core.isLeaderIn(core.term())
                && output.append().stream().anyMatch(entry -> entry.type() == EntryType.CONFIGURATION)) {
            world.counts.count(Fault.MEMBERSHIP_CHANGED);
            world.checks.changeBegun(this, output.append());
        }
        if (output.messages().stream().anyMatch(message -> message instanceof Message.TimeoutNow)) {
            world.counts.count(Fault.HANDED_OVER);
            world.leaderChecks.handedOver();
        }
        world.leaderChecks.stepped(this, input);
        if (output.hardState().isEmpty()) {
            perform(output);
        } else {
            persist(output.hardState().get(), output);
        }
    }

    private void persist(HardState state, Output output) {
        member.journal.write(state);
        boolean waits = world.conduct.waitsForHardState();
        persisting = waits;
        world.timeline.after(100 + random.nextLong(journalMicrosMax), () -> {
            if (!stopped) {
                member.journal.written();
                world.checks.hardStateDurable(member.id, member.journal.durable());
                if (waits) {
                    persisted = output;
                    takeAll();
                }
            }
        });
        if (!waits) {
            perform(output);
        }
    }

    // ---------------------------------------------------------------------------------------------- what is to be done

    /** All of an output but the hard state, which is durable by now. The member may crash between any two stages. */
    private void perform(Output output) {
        output.install().ifPresent(this::install);
        if (!output.append().isEmpty()) {
            changeLog(output.truncateFrom(), output.append());
        }
        world.checks.hasConfigurationOfItsLog(this);
        if (crashesHere()) {
            return;
        }
        output.roleChange().ifPresent(change -> {
            world.checks.roleChanged(member.id, life, change);
            world.leaderChecks.roleChanged(member.id, change);
            partition.tell(new RaftEvent.RoleChanged(
                    change.role(),
                    change.term(),
                    change.leader().map(id -> OptionalInt.of(id.value())).orElse(OptionalInt.empty()),
                    change.lastIndex()));
        });
        output.committed().ifPresent(index -> {
            world.checks.committed(this, index);
            partition.tell(new RaftEvent.Committed(index));
        });
        output.reads().forEach(read -> partition.tell(new RaftEvent.ReadIndexAnswered(read.readId(), read.outcome())));
        if (crashesHere()) {
            return;
        }
        for (Message message : output.messages()) {
            send(message);
        }
        if (crashesHere()) {
            return;
        }
        for (Output.Replicate asked : output.replicate()) {
            read(asked);
        }
        output.sendSnapshot().forEach(this::readSnapshot);
        output.trimTo().ifPresent(this::foldUpTo);
        setTimer(output.deadlineMillis());
        if (!core.isTransferring() && !held.isEmpty()) {
            while (!held.isEmpty()) {
                inbox.addFirst(held.removeLast());
            }
        }
        if (core.mustBeginAnew()) {
            member.beginAnew();
        }
    }

    private boolean crashesHere() {
        if (!stopped && random.nextDouble() < world.faults.crashPoint()) {
            world.counts.count(Fault.CRASH_BETWEEN_STAGES);
            member.crash(random.nextBoolean());
        }
        return stopped;
    }

    private void changeLog(OptionalLong truncateFrom, List<Entry> append) {
        truncateFrom.ifPresent(index -> {
            world.checks.cut(member.id, index);
            view.subList((int) index - 1, view.size()).clear();
            log.truncatedFrom(index);
            partition.tell(new RaftEvent.Truncated(index));
        });
        world.checks.appended(member.id, append);
        view.addAll(append);
        log.appended(append);
        writer.write(truncateFrom, append, core.logEpoch());
        partition.tell(new RaftEvent.Appended(append));
    }

    private void install(Snapshot snapshot) {
        world.counts.count(Fault.SNAPSHOT_INSTALLED);
        world.checks.installs(member.id, snapshot);
        view.clear();
        view.addAll(world.checks.committedUpTo(snapshot.position().index()));
        log.restartedAfter(snapshot);
        writer.reset(snapshot, core.logEpoch());
        partition.tell(new RaftEvent.SnapshotInstalled(snapshot));
    }

    private void foldUpTo(long index) {
        LogPosition position = log.trimmableTo(index);
        if (trimming || position.index() <= core.status().logStart().index()) {
            return;
        }
        trimming = true;
        log.fold(position, Configuration.founding(world.founding()), world.stateMachines.get())
                .whenComplete((snapshot, failure) -> {
                    if (failure != null) {
                        unavailable(failure);
                    }
                    take(new Mail.Folded(Optional.ofNullable(snapshot)));
                });
    }

    private void readSnapshot(Output.SendSnapshot asked) {
        log.encodedSnapshot(asked.position()).whenComplete((snapshot, failure) -> {
            if (failure != null) {
                unavailable(failure);
            }
            take(new Mail.SnapshotRead(asked, Optional.ofNullable(snapshot)));
        });
    }

    private void sendSnapshot(Output.SendSnapshot asked, Optional<Payload> snapshot) {
        boolean sends = snapshot.isPresent() && core.isLeaderIn(asked.term());
        if (sends) {
            Message.InstallSnapshot message = core.installSnapshot(asked, snapshot.get());
            world.counts.count(message.offset() == 0 ? Fault.SNAPSHOT_BEGUN : Fault.SNAPSHOT_CONTINUED);
            send(message);
        }
        inbox.addFirst(new Mail.Step(new Input.SnapshotSent(asked.to(), asked.term(), sends)));
    }

    /** The log was trimmed or replaced meanwhile: whoever asked will see. Anything else is none of that. */
    private void unavailable(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        if (!(cause instanceof EntriesUnavailableException)) {
            readFailed(failure);
        }
    }

    /** What is in memory is sent at once; files are read meanwhile. */
    private void read(Output.Replicate asked) {
        CompletionStage<List<Entry>> reading = log.read(asked.firstIndex(), asked.lastIndex(), asked.maxBytes());
        CompletableFuture<List<Entry>> result = reading.toCompletableFuture();
        if (result.isDone() && !result.isCompletedExceptionally()) {
            send(asked, result.join());
            return;
        }
        reading.whenComplete((entries, failure) -> {
            boolean fails = world.stalls(random);
            if (failure != null) {
                unavailable(failure);
            }
            if (failure != null || fails) {
                world.counts.count(Fault.FAILED_READ);
            }
            take(new Mail.EntriesRead(asked, entries == null || fails ? List.of() : entries));
        });
    }

    /** The dispatcher for blocking I/O. */
    private void readFiles(Runnable reading) {
        boolean stalls = world.stalls(random);
        if (stalls) {
            world.counts.count(Fault.STALLED_READ);
        }
        world.timeline.after(random.nextLong(stalls ? Faults.STALL_MICROS : 5_000), () -> {
            if (!stopped) {
                reading.run();
            }
        });
    }

    /** Damage is for the core to know; anything else is for who reads to try again. */
    void readFailed(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        if (cause instanceof LogCorruptedException damage) {
            member.foundDamage(damage);
            deliver(new Input.Damaged());
        } else if (!stopped) {
            throw new IllegalStateException("cannot read", failure);
        }
    }

    private void send(Output.Replicate asked, List<Entry> entries) {
        int sizeBytes = 0;
        long lastIndex = asked.firstIndex() - 1;
        if (!entries.isEmpty() && world.conduct.maySend(core.isLeaderIn(asked.term()))) {
            entries.forEach(entry -> world.checks.read(member.id, entry));
            send(core.appendRequest(asked, entries));
            sizeBytes = entries.stream()
                    .mapToInt(entry -> entry.payload().sizeBytes())
                    .sum();
            lastIndex = asked.firstIndex() + entries.size() - 1;
        }
        inbox.addFirst(
                new Mail.Step(new Input.Sent(asked.to(), asked.term(), asked.firstIndex(), lastIndex, sizeBytes)));
    }

    private void send(Message message) {
        world.checks.sent(this, message);
        if (world.conduct.sends(message)) {
            world.network.send(world.conduct.outgoing(this, message));
        }
    }

    // ---------------------------------------------------------------------------------------------------------- timers

    private void setTimer(long deadlineMillis) {
        if (deadlineMillis < timerMillis) {
            timerMillis = deadlineMillis;
            arm();
        }
    }

    /** Also when something has happened to the clock. */
    void arm() {
        if (timerMillis != NO_TIMER) {
            long armed = ++timersArmed;
            world.timeline.at(member.clock.worldMicrosAt(timerMillis), () -> timerFired(armed));
        }
    }

    private void timerFired(long armed) {
        if (stopped || armed != timersArmed || paused) {
            return; // an earlier one was set since, or the end of a pause will
        }
        timerMillis = NO_TIMER;
        if (member.clock.nowMillis() >= core.deadlineMillis()) {
            if (core.isLeaderIn(core.term())) {
                lookWhoCanBeReached();
            }
            deliver(new Input.TimePassed());
        } else {
            setTimer(core.deadlineMillis());
        }
    }

    private void lookWhoCanBeReached() {
        for (NodeId node : core.membership().members().keySet()) {
            boolean canBeReached = node.equals(member.id) || world.failureDetector.believesReachable(member.id, node);
            if (canBeReached == core.isUnreachable(node)) {
                deliver(canBeReached ? new Input.PeerReachable(node) : new Input.PeerUnreachable(node));
            }
        }
    }

    // --------------------------------------------------------------------------------------------- what others see

    NodeId id() {
        return member.id;
    }

    Scenario scenario() {
        return world.scenario;
    }

    boolean hasStopped() {
        return stopped;
    }

    /** The nodes that this member relies on while it sleeps: the same object as long as it does. */
    Set<NodeId> watched() {
        return watched;
    }

    boolean believesToLead() {
        return role == Role.LEADER;
    }

    RaftCore core() {
        return core;
    }

    Partition partition() {
        return partition;
    }

    Entry entryAt(long index) {
        return view.get((int) index - 1);
    }

    long lastIndex() {
        return view.size();
    }

    Trace.Standing standing() {
        return new Trace.Standing(role, core.term(), lastIndex(), member.disk.syncedCount(), core.commitIndex());
    }
}
