package io.millrace.partition.sim;

/** What a group's entries mean, for those who watch. Lost in a crash, and made again from the log and what it begins with. */
public interface StateMachine extends io.millrace.partition.raft.StateMachine {
    /** 0 before the first. */
    long appliedIndex();

    /** Of the whole state; equal states have equal hashes, in every JVM. */
    long hash();

    static StateMachine ofPartition() {
        return new PartitionState();
    }
}
