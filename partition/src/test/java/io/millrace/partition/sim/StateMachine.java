package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;

/** What a group's entries mean. Lost in a crash, and made again from the log. */
public interface StateMachine {
    /** @throws IllegalStateException if the entry does not follow the last one */
    void apply(Entry entry);

    long appliedIndex();

    /** Of the whole state; equal states have equal hashes, in every JVM. */
    long hash();

    /** The sequence of all applied payloads, as a hash. */
    static StateMachine ofPayloads() {
        return new PayloadHash();
    }
}
