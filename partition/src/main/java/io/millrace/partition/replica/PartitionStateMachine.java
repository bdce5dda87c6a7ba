package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.StateMachine;
import io.millrace.partition.state.DedupBounds;
import io.millrace.partition.state.WriteHistory;
import java.util.List;
import java.util.Optional;

/** What a partition's entries come to beyond the messages that they are: who has written what last. */
public final class PartitionStateMachine implements StateMachine {
    private final Optional<DedupBounds> bounds;
    private WriteHistory history;

    /** Of a partition that does not compare records by content. */
    public PartitionStateMachine() {
        this(Optional.empty());
    }

    public PartitionStateMachine(Optional<DedupBounds> bounds) {
        this.bounds = bounds;
        this.history = new WriteHistory(bounds);
    }

    @Override
    public void apply(Entry entry) {
        LoggedWrites.in(List.of(entry)).forEach(history::appended);
        history.committed(entry.index());
    }

    @Override
    public Payload snapshot() {
        return Payload.wrap(history.toBytes());
    }

    @Override
    public void restore(Payload snapshot) {
        history = historyIn(snapshot, bounds);
    }

    static WriteHistory historyIn(Payload snapshot, Optional<DedupBounds> bounds) {
        return WriteHistory.fromBytes(snapshot.toByteArray(), bounds);
    }
}
