package io.millrace.partition.sim;

/** What must hold. The first group is what users rely on; the second is what the proofs rest on, and found sooner. */
enum Property {
    /** At most one leader a term, in all of history. */
    ELECTION_SAFETY,
    /** Two logs with an entry of the same index and term agree on it and on everything before it. */
    LOG_MATCHING,
    /** A new leader has every entry that was committed in an earlier term. */
    LEADER_COMPLETENESS,
    /** Committed entries never change, and none is committed twice. */
    COMMITTED_STAYS,
    /** Whoever applied up to an index has applied the same. */
    STATE_MACHINE_SAFETY,
    /** A value that was acknowledged is in the committed sequence at its index. */
    ACKNOWLEDGED_STAYS,
    /** After the faults end, a leader emerges, proposals are committed and all logs become equal, in bounded time. */
    LIVENESS,

    /** The term on disk never goes back. */
    TERM_RISES,
    /** Nobody votes for two candidates in one term, crashes or not. */
    ONE_VOTE_A_TERM,
    /** What is committed is on the disks of a majority of voters. */
    MAJORITY_DURABLE,
    /** No disk loses or cuts off an entry that is committed. */
    COMMITTED_IS_NOT_CUT,
    /** A message says nothing that is not on its sender's disk. */
    MESSAGES_ARE_TRUE,
    /** No member finds its own rules broken. */
    OWN_INVARIANTS
}
