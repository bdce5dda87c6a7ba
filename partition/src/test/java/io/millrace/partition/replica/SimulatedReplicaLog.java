package io.millrace.partition.replica;

import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentSummary;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.StateMachine;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** The way of the simulator, which lives in another package, to the very code that replicas read their logs with. */
public final class SimulatedReplicaLog implements ReplicaLog {
    private final CachedLog log;

    /** @param blocking runs what reads files, one after the other, at a moment of its choice */
    public SimulatedReplicaLog(
            SegmentedLog log, OffsetReader offsets, int cacheBytesMax, long behindBytes, Executor blocking) {
        this.log = new CachedLog(log, offsets, cacheBytesMax, behindBytes, blocking, new ReadAhead(2));
    }

    public void appended(List<Entry> entries) {
        log.appended(entries);
    }

    public void truncatedFrom(long index) {
        log.truncatedFrom(index);
    }

    public void restartedAfter(Snapshot snapshot) {
        log.restartedAfter(snapshot);
    }

    public LogPosition trimmableTo(long index) {
        return log.trimmableTo(index);
    }

    public CompletionStage<Snapshot> fold(LogPosition position, Configuration founding, StateMachine stateMachine) {
        return log.fold(position, founding, stateMachine);
    }

    public CompletionStage<Payload> encodedSnapshot(LogPosition position) {
        return log.encodedSnapshot(position);
    }

    public void forced(long index) {
        log.forced(index);
    }

    /** What a fetch is answered with. */
    public static Payload slice(List<Entry> entries, long offset, int maxBytes) {
        return BatchSlice.from(entries, offset, maxBytes);
    }

    @Override
    public CompletionStage<Optional<TimedOffset>> findTimestamp(long timestampMillis, long toIndex) {
        return log.findTimestamp(timestampMillis, toIndex);
    }

    @Override
    public CompletionStage<List<Entry>> read(long fromIndex, long toIndex, int maxBytes) {
        return log.read(fromIndex, toIndex, maxBytes);
    }

    @Override
    public CompletionStage<List<Entry>> readFromOffset(long offset, long toIndex, int maxBytes) {
        return log.readFromOffset(offset, toIndex, maxBytes);
    }

    @Override
    public CompletionStage<Long> nextOffsetAt(long index) {
        return log.nextOffsetAt(index);
    }

    @Override
    public boolean isBehind() {
        return log.isBehind();
    }

    @Override
    public long firstIndex() {
        return log.firstIndex();
    }

    @Override
    public long startOffset() {
        return log.startOffset();
    }

    @Override
    public long sizeBytes() {
        return log.sizeBytes();
    }

    @Override
    public List<SegmentSummary> segments() {
        return log.segments();
    }
}
