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
    /** A record that was acknowledged is committed at its offset. */
    ACKNOWLEDGED_STAYS,
    /** A leader that serves has everything that was acknowledged in earlier terms within what it serves. */
    ACKNOWLEDGED_IS_READABLE,
    /** Committed records have the offsets from 0, each once, without gaps: an offset is never used again. */
    OFFSETS_ARE_DENSE,
    /** What a read of the log returns is what was written, and what a client reads is committed there. */
    READS_ARE_TRUE,
    /** A snapshot stands for the entries up to its position, which are committed, and takes the place of no log that has it. */
    SNAPSHOTS_ARE_TRUE,
    /** Appends and reads are as if each happened in one instant between its question and its answer. */
    LINEARIZABLE,
    /** After the faults end, a leader emerges, proposals are committed and all logs become equal, in bounded time. */
    LIVENESS,

    /** The term on disk never goes back. */
    TERM_RISES,
    /** Nobody votes for two candidates in one term, crashes or not. */
    ONE_VOTE_A_TERM,
    /** Who leads has the votes of a majority, and each of them is on its voter's disk. */
    ELECTED_BY_MAJORITY,
    /** Who leads and hears of no majority for two election timeouts does not lead any more. */
    LEADER_HEARS_MAJORITY,
    /** Where nothing is wrong but that disks are slow, whoever leads goes on to, unless it hands over. */
    SLOW_DISKS_DEPOSE_NOBODY,
    /** Leaders count who has an entry for entries of their own term only (Raft dissertation §3.6.2). */
    COMMITS_BY_OWN_TERM,
    /** What is committed is on the disks of a majority of voters. */
    MAJORITY_DURABLE,
    /** No disk loses or cuts off an entry that is committed. */
    COMMITTED_IS_NOT_CUT,
    /** A log that is opened again has what was forced, and nothing that was not written; damage is found, and only damage. */
    DISK_KEEPS,
    /** A message says nothing that is not on its sender's disk. */
    MESSAGES_ARE_TRUE,
    /** A leader changes the membership after an entry of its term is committed, and every change before it. */
    CHANGES_IN_TURN,
    /** A member goes by the last configuration in its log, after restarts too. */
    CONFIGURATION_OF_LOG,
    /** Nothing that queues grows without limit. */
    BOUNDED,
    /** No member finds its own rules broken. */
    OWN_INVARIANTS
}
