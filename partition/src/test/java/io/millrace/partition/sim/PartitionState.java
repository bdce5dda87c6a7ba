package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionStateMachine;
import java.nio.ByteBuffer;

/** A partition's own state machine, and beside it a hash in which everything that was applied leaves a trace. */
final class PartitionState implements StateMachine {
    private final PartitionStateMachine producers = new PartitionStateMachine();
    private long appliedIndex;
    private long payloads;

    @Override
    public void apply(Entry entry) {
        if (entry.index() != appliedIndex + 1) {
            throw new IllegalStateException("applied " + entry.index() + " after " + appliedIndex);
        }
        appliedIndex = entry.index();
        if (entry.type() == EntryType.DATA) {
            payloads = Hashing.mix(payloads, Hashing.content(entry));
        }
        producers.apply(entry);
    }

    @Override
    public Payload snapshot() {
        Payload ofProducers = producers.snapshot();
        return Payload.wrap(ByteBuffer.allocate(2 * Long.BYTES + ofProducers.sizeBytes())
                .putLong(appliedIndex)
                .putLong(payloads)
                .put(ofProducers.toByteArray())
                .array());
    }

    @Override
    public void restore(Payload snapshot) {
        ByteBuffer bytes = ByteBuffer.wrap(snapshot.toByteArray());
        appliedIndex = bytes.getLong();
        payloads = bytes.getLong();
        producers.restore(snapshot.slice(2 * Long.BYTES, snapshot.sizeBytes() - 2 * Long.BYTES));
    }

    @Override
    public long appliedIndex() {
        return appliedIndex;
    }

    /** What producers have written is in the payloads, and compared with each snapshot. */
    @Override
    public long hash() {
        return payloads;
    }
}
