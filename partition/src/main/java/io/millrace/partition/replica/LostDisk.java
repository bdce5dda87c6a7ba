package io.millrace.partition.replica;

import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Tells, when a member starts, whether it still has all that it ever made durable.
 *
 * <pre>
 *   journal   log            the member
 *   empty     never begun    is new – or, if it did not found the group, has joined
 *   empty     no entries     is new: it stopped before anything happened
 *   empty     entries        has lost its journal
 *   there     never begun    has lost its log, which is begun, durably, before the journal gets anything
 *   there     damaged        has lost part of its log
 *   there     there          has everything
 * </pre>
 *
 * A journal that is lost before the log has its first entry is not noticed: what may be forgotten then is a vote.
 *
 * <p>What the member is to begin with goes to the journal before a log is begun in the place of the one that is lost: after a
 * crash in between, the log is still found to be lost.
 */
final class LostDisk {
    /** What was found in the place of the log. */
    enum LogFound {
        NEVER_BEGUN,
        THERE,
        /** Damaged, set aside, and begun anew. */
        DAMAGED
    }

    private LostDisk() {}

    /**
     * What the member is to begin with instead of what its journal says; empty if it has everything.
     *
     * @param founder whether it was there when the group was made
     * @param incarnations draws a random one
     */
    static Optional<HardState> replacement(
            HardState journal, LogFound found, LogPosition last, boolean founder, LongSupplier incarnations) {
        boolean journalIsEmpty = journal.equals(HardState.INITIAL);
        boolean isComplete =
                journalIsEmpty ? founder && found != LogFound.DAMAGED && last.index() == 0 : found == LogFound.THERE;
        if (isComplete) {
            return Optional.empty();
        }
        long term = Math.max(journal.term(), last.term());
        return Optional.of(HardState.recovering(
                term,
                term == journal.term() ? journal.vote() : Optional.empty(),
                journalIsEmpty ? incarnations.getAsLong() : HardState.nextIncarnation(journal.incarnation())));
    }
}
