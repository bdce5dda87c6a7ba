package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;

/** The simplest state machine in which everything that was applied leaves a trace. */
final class PayloadHash implements StateMachine {
    private long appliedIndex;
    private long hash;

    @Override
    public void apply(Entry entry) {
        if (entry.index() != appliedIndex + 1) {
            throw new IllegalStateException("applied " + entry.index() + " after " + appliedIndex);
        }
        appliedIndex = entry.index();
        if (entry.type() == EntryType.DATA) {
            hash = Hashing.mix(hash, Hashing.content(entry));
        }
    }

    @Override
    public long appliedIndex() {
        return appliedIndex;
    }

    @Override
    public long hash() {
        return hash;
    }
}
