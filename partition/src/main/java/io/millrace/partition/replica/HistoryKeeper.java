package io.millrace.partition.replica;

import akka.actor.typed.javadsl.ActorContext;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.state.DedupBounds;
import io.millrace.partition.state.ReplicaHistory;
import io.millrace.partition.state.WriteHistory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a replica's {@link ReplicaHistory}, with what that needs of the disk: the latest snapshot that was saved, what the log says since then,
 * and a new snapshot from time to time. Belongs to one {@link PartitionActor}, which gives the events back that this has sent to
 * it, and hears what comes of them.
 */
final class HistoryKeeper {
    private static final int READ_BYTES = 4 << 20;
    private static final int WINDOW_SHARE = 4;

    /** Something that was asked of the disk has ended. */
    sealed interface Event extends ReplicaMessage {}

    private record Loaded(int logs, HistorySnapshots.@Nullable Snapshot snapshot, @Nullable Throwable failure)
            implements Event {}

    private record Read(int logs, @Nullable HistoryInLog found, @Nullable Throwable failure) implements Event {}

    private record Saved(@Nullable Throwable failure) implements Event {}

    /** The replica. */
    interface Owner {
        /** The table says more than before: perhaps all. */
        void advanced();

        /** The log is damaged where it had to be read. */
        void damaged(String problem);

        /** The replica cannot go on. */
        void failed(String problem);
    }

    private final ActorContext<ReplicaMessage> actor;
    private final ReplicaId id;
    private final Optional<DedupBounds> bounds;
    private final Disk disk;
    private final Executor blocking;
    /** So much is read, at most, to know the history again after a start, and a little more. */
    private final long snapshotBytes;

    private final Owner owner;

    /** Both null until the log is open. */
    private @Nullable ReplicaLog log;

    private @Nullable ReplicaHistory replicaHistory;
    /** What stands for the entries before the log's first. */
    private Optional<Snapshot> logStart = Optional.empty();

    /** How many logs there have been, so to speak: what was asked about an earlier one is of no use. */
    private int logs;

    private boolean beingRead;
    private CompletableFuture<?> saving = CompletableFuture.completedFuture(null);
    private boolean beingSaved;
    private long bytesSinceSaved;

    /**
     * @param bounds of the comparison by content, if there is one
     * @param blocking where the disk is waited for
     * @param snapshotBytes of the log, from one snapshot to the next
     */
    HistoryKeeper(
            ActorContext<ReplicaMessage> actor,
            ReplicaId id,
            Optional<DedupBounds> bounds,
            Disk disk,
            Executor blocking,
            long snapshotBytes,
            Owner owner) {
        this.actor = actor;
        this.id = id;
        this.bounds = bounds;
        this.disk = disk;
        this.blocking = blocking;
        this.snapshotBytes = snapshotBytes;
        this.owner = owner;
    }

    // -------------------------------------------------------------------------------------------------- what is known

    /** Whether everything is known that the log says. */
    boolean isComplete() {
        return replicaHistory().isComplete();
    }

    /** @throws IllegalStateException unless it is complete */
    WriteHistory complete() {
        return replicaHistory().complete();
    }

    /** What was proposed here and did not arrive in the log never will. */
    void abandonProposed() {
        replicaHistory().abandonProposed();
    }

    // ------------------------------------------------------------------------------------------- what the log becomes

    void started(RaftEvent.Started started) {
        log = started.log();
        logStart = started.start();
        beginAfter(started.lastIndex());
    }

    void installed(Snapshot snapshot) {
        logs++;
        logStart = Optional.of(snapshot);
        long index = snapshot.position().index();
        replicaHistory = new ReplicaHistory(index);
        replicaHistory().restored(in(snapshot).history(), index);
        beingRead = false;
    }

    void appended(List<Entry> entries) {
        for (Entry entry : entries) {
            bytesSinceSaved += entry.payload().sizeBytes();
        }
        LoggedWrites.in(entries).forEach(replicaHistory()::appended);
    }

    void truncated(long fromIndex) {
        if (fromIndex <= replicaHistory().committedIndex()) {
            // Committed once, and lost by a majority since (decision 013): what is known of these entries is void.
            beginAfter(fromIndex - 1);
        } else {
            replicaHistory().truncated(fromIndex);
        }
    }

    void committed(long index) {
        replicaHistory().committed(index);
        readOn();
        saveIfDue();
    }

    private void beginAfter(long lastIndex) {
        logs++;
        beingRead = false;
        replicaHistory = new ReplicaHistory(lastIndex);
        load(lastIndex);
    }

    // ------------------------------------------------------------------------------------------------------- the disk

    /** One that was sent to the actor. */
    void on(Event event) {
        if (event instanceof Loaded loaded && loaded.logs() == logs) {
            onLoaded(loaded);
        } else if (event instanceof Read read && read.logs() == logs) {
            onRead(read);
        } else if (event instanceof Saved saved) {
            onSaved(saved);
        }
    }

    private void load(long lastIndex) {
        var atStart =
                logStart.map(this::in).orElseGet(() -> new HistorySnapshots.Snapshot(0, new WriteHistory(bounds)));
        int asked = logs;
        actor.pipeToSelf(
                saving.handle((done, failure) -> lastIndex)
                        .thenApplyAsync(last -> snapshots().latest(atStart, last), blocking),
                (snapshot, failure) -> new Loaded(asked, snapshot, failure));
    }

    private void onLoaded(Loaded loaded) {
        HistorySnapshots.Snapshot snapshot = loaded.snapshot();
        if (snapshot == null) {
            owner.failed("cannot open the log's directory: " + loaded.failure());
        } else if (snapshot.index() > replicaHistory().lastFound()) {
            load(replicaHistory().lastFound()); // cut off meanwhile
        } else {
            replicaHistory().restored(snapshot.history(), snapshot.index());
            readOn();
            owner.advanced();
        }
    }

    /** Reads on, if the table lacks entries that are committed; one piece at a time. */
    private void readOn() {
        Optional<ReplicaHistory.Range> range =
                beingRead ? Optional.empty() : replicaHistory().toRead();
        if (range.isPresent()) {
            beingRead = true;
            var entries = log().read(range.get().first(), range.get().last(), READ_BYTES);
            int asked = logs;
            actor.pipeToSelf(entries.thenApply(HistoryInLog::of), (found, failure) -> new Read(asked, found, failure));
        }
    }

    private void onRead(Read read) {
        HistoryInLog found = read.found();
        Optional<String> damaged = LogDamage.in(read.failure());
        if (damaged.isPresent()) {
            // It stays "being read": it cannot serve, and need not read again, until it has another log.
            owner.damaged(damaged.get());
            return;
        }
        beingRead = false;
        if (found == null) {
            owner.failed("cannot read the log: " + read.failure());
            return;
        }
        replicaHistory().read(found.writes(), found.lastIndex());
        bytesSinceSaved += found.sizeBytes();
        readOn();
        owner.advanced();
    }

    private void saveIfDue() {
        if (!beingSaved && replicaHistory().isComplete() && bytesSinceSaved >= bytesUntilSaved()) {
            beingSaved = true;
            bytesSinceSaved = 0;
            var snapshot = new HistorySnapshots.Snapshot(
                    replicaHistory().committedIndex(),
                    replicaHistory().complete().committedCopy());
            CompletableFuture<Void> written =
                    CompletableFuture.runAsync(() -> snapshots().write(snapshot), blocking);
            saving = written;
            actor.pipeToSelf(written, (done, failure) -> new Saved(failure));
        }
    }

    /** Snapshots of large windows are rare enough to be a small part of what is written. */
    private long bytesUntilSaved() {
        return Math.max(
                snapshotBytes, WINDOW_SHARE * replicaHistory().complete().windowBytes());
    }

    private void onSaved(Saved saved) {
        beingSaved = false;
        if (saved.failure() != null) {
            actor.getLog().warn("{} cannot save its history: a start will take longer", id, saved.failure());
        }
    }

    private HistorySnapshots.Snapshot in(Snapshot snapshot) {
        return new HistorySnapshots.Snapshot(
                snapshot.position().index(), PartitionStateMachine.historyIn(snapshot.state(), bounds));
    }

    /** Blocks. */
    private HistorySnapshots snapshots() {
        try {
            return new HistorySnapshots(disk.storageOf(id), bounds);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ReplicaLog log() {
        return Optional.ofNullable(log).orElseThrow(() -> new IllegalStateException("the log is not open"));
    }

    private ReplicaHistory replicaHistory() {
        return Optional.ofNullable(replicaHistory).orElseThrow(() -> new IllegalStateException("the log is not open"));
    }
}
