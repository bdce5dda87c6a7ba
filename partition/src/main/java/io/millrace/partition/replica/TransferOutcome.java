package io.millrace.partition.replica;

import io.millrace.partition.raft.TransferRefusal;

/** What became of a {@link RaftCommand.TransferLeadership}. */
public sealed interface TransferOutcome {
    /** This member leads no more; most likely the other one does, or is about to. */
    record HandedOver() implements TransferOutcome {}

    /** The other did not take over within an election timeout; this member goes on. */
    record TimedOut() implements TransferOutcome {}

    record Refused(TransferRefusal reason) implements TransferOutcome {}
}
