package io.millrace.partition.sim;

import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.replica.RaftEvent;
import io.millrace.partition.replica.SimulatedReplicaLog;
import io.millrace.partition.state.PartitionOffsets;
import io.millrace.protocol.record.RecordBatches;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One life of a partition around its {@link Shell}: what {@code PartitionActor} does with Raft's events, requests and
 * fetches, around the very {@link PartitionOffsets} and log; and, as the metadata's replica does, a {@link StateMachine}
 * that reads from the log what is committed. It has a mailbox of its own, so it may be behind the Raft member.
 */
final class Partition {
    /** Values that a client wants appended. */
    record Produce(long firstValue, int records, Payload batches) {}

    private static final class Proposal {
        final long id;
        final long term;
        final Produce request;
        final long baseOffset;
        long index; // 0: not appended yet

        Proposal(long id, long term, Produce request, long baseOffset) {
            this.id = id;
            this.term = term;
            this.request = request;
            this.baseOffset = baseOffset;
        }
    }

    /** What a client asks that wants to know the end of the log. */
    private static final class EndRead {
        final long floor;
        long index = Long.MAX_VALUE; // to be applied before the answer

        EndRead(long floor) {
            this.floor = floor;
        }
    }

    private static final int PROPOSALS_INFLIGHT_MAX = 4;
    static final int WAITING_MAX = 20;
    private static final int READ_BYTES_MAX = 2_000;

    private final Shell shell;
    private final World world;
    private final SplittableRandom random;
    private final SimulatedReplicaLog log;
    private PartitionOffsets offsets;
    private final StateMachine stateMachine;
    private final OffsetReader offsetReader = OffsetReader.recordBatches();

    private final ArrayDeque<Runnable> mailbox = new ArrayDeque<>();
    private boolean wakesLater;
    private boolean taking;

    private final ArrayDeque<RaftEvent> deferred = new ArrayDeque<>();
    private boolean baseAsked;
    /** By snapshots. */
    private int logsReplaced;

    private final ArrayDeque<Produce> waiting = new ArrayDeque<>();
    private final ArrayDeque<Proposal> inflight = new ArrayDeque<>();
    private long proposals;

    private Role role = Role.FOLLOWER;
    private long term;
    private long ownFirstIndex;
    private boolean serving;
    private long nextOffset;

    /** By number. */
    private final TreeMap<Long, EndRead> endReads = new TreeMap<>();

    private long endReadsAsked;
    private long endReadsAnswered;

    private long applyUpTo;
    private boolean applying;

    Partition(
            Shell shell,
            World world,
            SplittableRandom random,
            SimulatedReplicaLog log,
            long lastIndex,
            long nextOffset,
            Optional<Snapshot> start,
            StateMachine stateMachine) {
        this.shell = shell;
        this.world = world;
        this.random = random;
        this.log = log;
        this.offsets = new PartitionOffsets(lastIndex, nextOffset, log.startOffset());
        this.stateMachine = stateMachine;
        start.ifPresent(this::restore);
    }

    private void restore(Snapshot snapshot) {
        stateMachine.restore(snapshot.state());
        world.checks.applied(shell.id(), stateMachine);
    }

    // --------------------------------------------------------------------------------------------------------- mailbox

    void tell(RaftEvent event) {
        tell(() -> {
            if (event instanceof RaftEvent.SnapshotInstalled) {
                // Nothing that was said of the log before concerns the one that there is now.
                deferred.removeIf(earlier -> earlier instanceof RaftEvent.Appended
                        || earlier instanceof RaftEvent.Truncated
                        || earlier instanceof RaftEvent.Committed);
                baseAsked = false;
                applying = false;
                logsReplaced++;
            }
            deferred.add(event);
            takeUp();
        });
    }

    private void tell(Runnable mail) {
        mailbox.add(mail);
        if (!wakesLater && random.nextInt(4) == 0) {
            wakesLater = true;
            world.timeline.after(random.nextLong(300), () -> {
                wakesLater = false;
                takeAll();
            });
        }
        takeAll();
    }

    void takeAll() {
        if (taking || wakesLater) {
            return;
        }
        taking = true;
        while (shell.isRunning() && !mailbox.isEmpty()) {
            mailbox.remove().run();
        }
        taking = false;
    }

    /** Nothing is found of a log that a snapshot has replaced meanwhile. */
    private <T> void whenRead(CompletionStage<T> reading, java.util.function.Consumer<T> found) {
        whenRead(reading, () -> true, found);
    }

    private <T> void whenRead(
            CompletionStage<T> reading, BooleanSupplier isStillThere, java.util.function.Consumer<T> found) {
        int asked = logsReplaced;
        reading.whenComplete((value, failure) -> tell(() -> {
            if (asked == logsReplaced && failure != null && isStillThere.getAsBoolean()) {
                shell.readFailed(failure);
            } else if (asked == logsReplaced && failure == null) {
                found.accept(value);
            }
        }));
    }

    // ------------------------------------------------------------------------------------------------- what Raft says

    private void takeUp() {
        while (!baseAsked && !deferred.isEmpty()) {
            take(deferred.removeFirst());
        }
    }

    private void take(RaftEvent event) {
        if (event instanceof RaftEvent.Committed committed) {
            onCommitted(committed);
        } else if (event instanceof RaftEvent.Appended appended) {
            onAppended(appended.entries());
        } else if (event instanceof RaftEvent.ProposalAppended accepted) {
            onProposalAppended(accepted);
        } else if (event instanceof RaftEvent.ProposalRefused refused) {
            inflight.removeIf(proposal -> proposal.id == refused.proposalId());
        } else if (event instanceof RaftEvent.RoleChanged change) {
            onRoleChanged(change);
        } else if (event instanceof RaftEvent.Truncated truncated) {
            if (!offsets.truncated(truncated.fromIndex())) {
                askBase(truncated.fromIndex() - 1);
            }
        } else if (event instanceof RaftEvent.SnapshotInstalled installed) {
            onSnapshotInstalled(installed.snapshot());
        } else if (event instanceof RaftEvent.CaughtUp) {
            propose();
        } else if (event instanceof RaftEvent.ReadIndexAnswered answered) {
            onReadIndexAnswered(answered);
        }
    }

    private void onSnapshotInstalled(Snapshot snapshot) {
        long index = snapshot.position().index();
        offsets = new PartitionOffsets(index, snapshot.nextOffset(), snapshot.nextOffset());
        offsets.committed(index);
        world.checks.highWatermark(shell.id(), index, offsets.highWatermark());
        applyUpTo = index;
        restore(snapshot);
        answerEndReads();
    }

    private void onAppended(List<Entry> entries) {
        for (Entry entry : entries) {
            long before = offsets.logEndOffset();
            offsets.appended(
                    entry.index(),
                    entry.type() == EntryType.DATA ? offsetReader.nextOffset(entry.payload(), before) : before);
        }
    }

    private void onProposalAppended(RaftEvent.ProposalAppended accepted) {
        for (Iterator<Proposal> all = inflight.iterator(); all.hasNext(); ) {
            Proposal proposal = all.next();
            if (proposal.id == accepted.proposalId()) {
                proposal.index = accepted.index();
                if (world.conduct.acknowledgesWhenAppended()) {
                    acknowledge(proposal);
                    all.remove();
                }
            }
        }
    }

    private void onCommitted(RaftEvent.Committed committed) {
        OptionalLong highWatermark = offsets.committed(committed.index());
        if (highWatermark.isEmpty()) {
            deferred.addFirst(committed);
            askBase(committed.index());
            return;
        }
        world.checks.highWatermark(shell.id(), offsets.commitIndex(), highWatermark.getAsLong());
        while (!inflight.isEmpty()
                && inflight.peekFirst().index > 0
                && inflight.peekFirst().index <= committed.index()) {
            acknowledge(inflight.removeFirst());
        }
        applyUpTo = world.conduct.applyUpTo(committed.index(), shell.lastIndex());
        apply();
        answerEndReads();
        if (role == Role.LEADER && committed.index() >= ownFirstIndex) {
            serve();
        }
        propose();
    }

    private void serve() {
        if (!serving) {
            serving = true;
            nextOffset = world.conduct.firstOffset(offsets.logEndOffset(), offsets.highWatermark());
            world.checks.serves(shell.id(), term, offsets.highWatermark());
        }
    }

    private void onRoleChanged(RaftEvent.RoleChanged change) {
        role = change.role();
        term = change.term();
        ownFirstIndex = change.lastIndex();
        serving = false;
        if (world.conduct.abandonsWhenDeposed()) {
            inflight.removeIf(proposal -> proposal.index > 0); // their clients hear that nobody knows
        }
        waiting.clear();
        if (role == Role.LEADER && !world.conduct.servesOnlyAfterOwnEntry()) {
            serve();
        }
    }

    private void askBase(long index) {
        baseAsked = true;
        whenRead(log.nextOffsetAt(index), found -> {
            offsets.base(index, found);
            baseAsked = false;
            takeUp();
        });
    }

    // -------------------------------------------------------------------------------------------------- what clients
    // ask

    boolean isServing() {
        return serving;
    }

    /** Whether there was room. */
    void produce(Produce request) {
        tell(() -> {
            if (serving && waiting.size() < WAITING_MAX) {
                waiting.add(request);
                propose();
            }
        });
    }

    private void propose() {
        while (serving && !log.isBehind() && !waiting.isEmpty() && inflight.size() < PROPOSALS_INFLIGHT_MAX) {
            Produce request = waiting.removeFirst();
            Payload batches = request.batches();
            Proposal proposal = new Proposal(++proposals, term, request, nextOffset);
            nextOffset = RecordBatches.assignOffsets(
                    batches.array(),
                    batches.arrayOffset(),
                    batches.arrayOffset() + batches.sizeBytes(),
                    nextOffset,
                    (int) term);
            inflight.add(proposal);
            shell.propose(term, proposal.id, batches);
        }
    }

    private void acknowledge(Proposal proposal) {
        world.history.acknowledged(proposal.baseOffset, proposal.request.firstValue(), proposal.request.records());
        world.checks.acknowledgedUpTo(proposal.baseOffset + proposal.request.records(), proposal.term);
    }

    /** Reads from some offset on that exists, if this member serves. */
    void fetch() {
        tell(() -> {
            long start = log.startOffset();
            long end = offsets.highWatermark();
            if (serving && end > start) {
                long offset = random.nextBoolean()
                        ? Math.max(start, end - 1 - random.nextLong(4))
                        : start + random.nextLong(end - start);
                whenRead(
                        log.readFromOffset(offset, offsets.commitIndex(), READ_BYTES_MAX),
                        () -> offset >= log.startOffset(),
                        entries -> answer(offset, entries));
            }
        });
    }

    /** It has applied some entries, and needs them no more. */
    void trim() {
        tell(() -> {
            if (!baseAsked && stateMachine.appliedIndex() > 0) {
                shell.trim(1 + random.nextLong(stateMachine.appliedIndex()));
            }
        });
    }

    /** Asks where the log ends now, at any member; every one may answer. */
    void readEnd() {
        EndRead read = new EndRead(world.history.floor());
        tell(() -> {
            if (endReads.size() < WAITING_MAX) {
                endReads.put(++endReadsAsked, read);
                shell.readIndex(endReadsAsked);
            }
        });
    }

    private void onReadIndexAnswered(RaftEvent.ReadIndexAnswered answered) {
        EndRead read = endReads.get(answered.readId());
        if (read != null && answered.outcome() instanceof ReadOutcome.Ready ready) {
            read.index = ready.index();
            answerEndReads();
        } else {
            endReads.remove(answered.readId());
        }
    }

    private void answerEndReads() {
        endReads.values().removeIf(read -> {
            boolean ready = read.index <= offsets.commitIndex();
            if (ready) {
                world.history.endRead(read.floor, offsets.highWatermark());
                endReadsAnswered++;
            }
            return ready;
        });
    }

    private void answer(long offset, List<Entry> entries) {
        entries.forEach(entry -> world.checks.read(shell.id(), entry));
        Payload batches = SimulatedReplicaLog.slice(entries, offset, READ_BYTES_MAX);
        if (serving) {
            world.checks.check(
                    batches.sizeBytes() > 0,
                    Property.READS_ARE_TRUE,
                    "%s finds nothing at offset %s, which exists",
                    shell.id(),
                    offset);
            world.history.read(batches);
        }
    }

    // -------------------------------------------------------------------------------------------------------- applying

    private void apply() {
        if (!applying && stateMachine.appliedIndex() < applyUpTo) {
            applying = true;
            whenRead(log.read(stateMachine.appliedIndex() + 1, applyUpTo, READ_BYTES_MAX), entries -> {
                applying = false;
                world.checks.check(
                        !entries.isEmpty(), Property.READS_ARE_TRUE, "%s cannot read what is committed", shell.id());
                entries.forEach(entry -> world.checks.read(shell.id(), entry));
                for (Entry entry : world.conduct.applied(entries)) {
                    stateMachine.apply(entry);
                    world.checks.applied(shell.id(), stateMachine);
                }
                apply();
            });
        }
    }

    // ------------------------------------------------------------------------------------------------- for those who
    // watch

    long appliedIndex() {
        return stateMachine.appliedIndex();
    }

    boolean hasEndReads() {
        return !endReads.isEmpty();
    }

    long endReadsAnswered() {
        return endReadsAnswered;
    }

    boolean hasUnanswered() {
        return !inflight.isEmpty() || !waiting.isEmpty();
    }

    @Nullable String overflow() {
        int most = Math.max(endReads.size(), Math.max(waiting.size(), inflight.size()));
        return most > Math.max(WAITING_MAX, PROPOSALS_INFLIGHT_MAX) ? most + " requests wait" : null;
    }
}
