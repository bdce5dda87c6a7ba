package io.millrace.partition.raft;

/** Why leadership was not handed over. */
public enum TransferRefusal {
    NOT_LEADER,
    /** It is being handed over already, to this member or another. */
    TRANSFERRING,
    /** It could not be elected. */
    NOT_A_VOTER,
    /** It leads already. */
    UNCHANGED,
    /** It was not heard of lately. */
    SILENT
}
