package io.millrace.partition.sim;

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
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.TermHistory;
import io.millrace.partition.raft.TermStart;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One life of a member, from start to crash: what the actor around a {@link RaftCore} does. Takes one mail after another;
 * while a hard state is on its way to the journal, mail waits, as Akka Persistence stashes commands; while the process is
 * paused, everything does.
 */
final class Shell {
    private sealed interface Mail {
        record Step(Input input) implements Mail {}

        record Proposals(List<Payload> payloads) implements Mail {}

        record ReadDone(Output.Replicate asked, boolean failed) implements Mail {}
    }

    private record Proposal(long term, long index, Payload payload) {}

    private static final long NO_TIMER = Long.MAX_VALUE;

    final Member member;
    private final int life;
    private final World world;
    private final SplittableRandom random;
    private final RaftCore core;
    private final LogWriter log;
    private final StateMachine stateMachine = new StateMachine();
    private final ArrayDeque<Mail> inbox = new ArrayDeque<>();
    private final ArrayDeque<Proposal> proposals = new ArrayDeque<>();

    private Role role = Role.FOLLOWER;
    private boolean stopped;
    private boolean paused;
    private boolean taking;
    private boolean persisting;
    private @Nullable Output persisted;
    private long timerMillis = NO_TIMER;
    private long journalMicrosMax = 4_000;

    Shell(Member member, int life, World world, SplittableRandom random) {
        this.member = member;
        this.life = life;
        this.world = world;
        this.random = random;
        this.log = new LogWriter(world, random.split(), member.log, this::deliver);
        this.core = new RaftCore(
                member.id,
                Membership.ofVoters(new TreeSet<>(world.voters())).withLearners(world.learners),
                world.scenario.settings(),
                world.conduct.recovered(member.journal.durable()),
                historyOf(member.log.synced()),
                new Random(random.nextLong()),
                world.timeline.nowMillis());
    }

    private static TermHistory historyOf(List<Entry> entries) {
        List<TermStart> starts = new ArrayList<>();
        long term = 0;
        for (Entry entry : entries) {
            if (entry.term() != term) {
                term = entry.term();
                starts.add(new TermStart(term, entry.index()));
            }
        }
        return new TermHistory(LogPosition.ZERO, starts, entries.size());
    }

    void begin() {
        setTimer(core.deadlineMillis());
    }

    // -------------------------------------------------------------------------------------------------- what comes in

    void deliver(Input input) {
        take(new Mail.Step(input));
    }

    void propose(List<Payload> payloads) {
        take(new Mail.Proposals(payloads));
    }

    void pause(long micros) {
        paused = true;
        world.timeline.after(micros, this::resume);
    }

    void resume() {
        paused = false;
        takeAll();
    }

    void stop() {
        stopped = true;
        log.stop();
    }

    void disksTakeUpTo(long micros) {
        journalMicrosMax = micros;
        log.syncTakesUpTo(micros);
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
        } else if (mail instanceof Mail.ReadDone read) {
            replicate(read.asked(), read.failed());
        } else if (mail instanceof Mail.Proposals proposed && core.isLeaderIn(core.term())) {
            long index = log.lastIndex();
            for (Payload payload : proposed.payloads()) {
                proposals.add(new Proposal(core.term(), ++index, payload));
            }
            step(new Input.Propose(core.term(), proposed.payloads()));
        }
    }

    private void step(Input input) {
        Input taken = input;
        if (input instanceof Input.Received received) {
            taken = new Input.Received(world.conduct.incoming(this, received.message()));
        } else if (input instanceof Input.Durable durable) {
            taken = world.conduct.reported(this, durable);
        }
        Output output = core.step(world.timeline.nowMillis(), taken);
        output.roleChange().ifPresent(change -> role = change.role());
        world.trace.at(member.id, taken, standing());
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

    // ------------------------------------------------------------------------------------------------ what is to be
    // done

    /** All of an output but the hard state, which is durable by now. The member may crash between any two stages. */
    private void perform(Output output) {
        if (!output.append().isEmpty()) {
            writeLog(output.truncateFrom(), output.append());
        }
        if (crashesHere()) {
            return;
        }
        output.roleChange().ifPresent(change -> world.checks.roleChanged(member.id, life, change));
        output.committed().ifPresent(this::commit);
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
            if (random.nextInt(10) < 7) {
                replicate(asked, false);
            } else {
                boolean failed = random.nextInt(20) == 0;
                long takesMicrosMax = world.stalls(random) ? Faults.STALL_MICROS : 20_000;
                world.timeline.after(random.nextLong(takesMicrosMax), () -> take(new Mail.ReadDone(asked, failed)));
            }
        }
        setTimer(output.deadlineMillis());
    }

    private boolean crashesHere() {
        if (random.nextDouble() < world.faults.crashPoint()) {
            member.crash();
        }
        return stopped;
    }

    private void writeLog(OptionalLong truncateFrom, List<Entry> append) {
        truncateFrom.ifPresent(index -> world.checks.cut(member.id, index));
        world.checks.appended(member.id, append);
        log.write(truncateFrom, append, core.logEpoch());
    }

    private void commit(long index) {
        world.checks.committed(this, index);
        long upTo = world.conduct.applyUpTo(index, log.lastIndex());
        while (stateMachine.appliedIndex() < upTo) {
            stateMachine.apply(log.entryAt(stateMachine.appliedIndex() + 1));
            world.checks.applied(member.id, stateMachine);
        }
        acknowledge();
    }

    private void acknowledge() {
        while (!proposals.isEmpty()) {
            Proposal first = proposals.getFirst();
            boolean leads = core.isLeaderIn(first.term());
            boolean committed = first.index() <= core.commitIndex();
            if (world.conduct.acknowledges(committed, leads)) {
                world.checks.acknowledged(first.index(), first.payload());
            } else if (leads) {
                return;
            }
            proposals.remove();
        }
    }

    private void replicate(Output.Replicate asked, boolean failed) {
        if (!world.conduct.maySend(core.isLeaderIn(asked.term()))) {
            return;
        }
        List<Entry> entries = failed ? List.of() : log.read(asked.firstIndex(), asked.lastIndex(), asked.maxBytes());
        int sizeBytes = 0;
        if (!entries.isEmpty()) {
            send(core.appendRequest(asked, entries));
            sizeBytes = entries.stream().mapToInt(LogWriter::sizeBytes).sum();
        }
        long lastIndex = asked.firstIndex() + entries.size() - 1;
        inbox.addFirst(
                new Mail.Step(new Input.Sent(asked.to(), asked.term(), asked.firstIndex(), lastIndex, sizeBytes)));
    }

    private void send(Message message) {
        world.checks.sent(this, message);
        if (world.conduct.sends(message)) {
            world.network.send(world.conduct.outgoing(this, message));
        }
    }

    private void setTimer(long deadlineMillis) {
        if (deadlineMillis < timerMillis) {
            timerMillis = deadlineMillis;
            world.timeline.at(deadlineMillis * 1_000, () -> timerFired(deadlineMillis));
        }
    }

    private void timerFired(long setForMillis) {
        if (stopped || setForMillis != timerMillis) {
            return; // an earlier one was set since
        }
        timerMillis = NO_TIMER;
        if (world.timeline.nowMillis() >= core.deadlineMillis()) {
            deliver(new Input.TimePassed());
        } else {
            setTimer(core.deadlineMillis());
        }
    }

    // --------------------------------------------------------------------------------------------------- what others
    // see

    NodeId id() {
        return member.id;
    }

    Scenario scenario() {
        return world.scenario;
    }

    boolean believesToLead() {
        return role == Role.LEADER;
    }

    Role role() {
        return role;
    }

    RaftCore core() {
        return core;
    }

    LogWriter log() {
        return log;
    }

    long appliedIndex() {
        return stateMachine.appliedIndex();
    }

    boolean hasUnanswered() {
        return !proposals.isEmpty();
    }

    Trace.Standing standing() {
        return new Trace.Standing(
                role, core.term(), log.lastIndex(), member.log.synced().size(), core.commitIndex());
    }
}
