package io.millrace.partition.raft;

import java.util.Optional;

/** When a leader may begin a change of its group's membership. */
class ChangeRules {
    /**
     * Why not now; empty if it may.
     *
     * @param lastChangeIndex the entry that made the present membership
     * @param firstIndexOfTerm of the leader's term
     * @param caughtUp the member that the change is about has, or will soon have, all of the log
     */
    Optional<ChangeRefusal> refusal(
            MembershipChange change,
            Membership present,
            long lastChangeIndex,
            long firstIndexOfTerm,
            long commitIndex,
            boolean caughtUp) {
        if (!committedInTerm(firstIndexOfTerm, commitIndex)) {
            return Optional.of(ChangeRefusal.NOTHING_COMMITTED_IN_TERM);
        } else if (lastChangeIndex > commitIndex) {
            return Optional.of(ChangeRefusal.CHANGE_IN_PROGRESS); // §4.1: one server at a time
        } else if (change instanceof MembershipChange.Promote && present.contains(change.node()) && !caughtUp) {
            return change.refusal(present).or(() -> Optional.of(ChangeRefusal.NOT_CAUGHT_UP));
        }
        return change.refusal(present);
    }

    /**
     * Ongaro's correction of §4.1 (raft-dev, 10 July 2015). Without it, two leaders each with a change of their own:
     *
     * <pre>
     *   1, 2, 3, 4 vote      leader 1 of term 1 appends C = {1,2,3,4,5} to its own log only, and stops
     *                        leader 2 of term 2, elected by 2, 3, 4, appends D = {2,3,4} and commits it with 2 and 3
     *   1 leads term 3       by votes of 1, 4, 5, a majority of C, none of which knows D; it overwrites D
     * </pre>
     */
    boolean committedInTerm(long firstIndexOfTerm, long commitIndex) {
        return commitIndex >= firstIndexOfTerm;
    }
}
