package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;

/** The sequence of all applied payloads, as a hash. Lost in a crash, and made again from the log. */
final class StateMachine {
    private long appliedIndex;
    private long hash;

    void apply(Entry entry) {
        if (entry.index() != appliedIndex + 1) {
            throw new IllegalStateException("applied " + entry.index() + " after " + appliedIndex);
        }
        appliedIndex = entry.index();
        if (entry.type() == EntryType.DATA) {
            hash = Hashing.mix(hash, Hashing.content(entry));
        }
    }

    long appliedIndex() {
        return appliedIndex;
    }

    long hash() {
        return hash;
    }
}
