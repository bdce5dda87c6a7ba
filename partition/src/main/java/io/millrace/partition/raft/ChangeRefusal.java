package io.millrace.partition.raft;

/** Why a change of the membership was not begun. */
public enum ChangeRefusal {
    NOT_LEADER,
    /** The leader has not committed an entry of its term yet: soon it has. */
    NOTHING_COMMITTED_IN_TERM,
    /** The one before is not committed yet. */
    CHANGE_IN_PROGRESS,
    /** Leadership is being handed over: ask the next leader. */
    TRANSFERRING,
    /** A learner whose log is still too far behind to be of use as a voter. */
    NOT_CAUGHT_UP,
    NOT_A_MEMBER,
    /** Nobody could vote any more. */
    LAST_VOTER,
    /** It is so already. */
    UNCHANGED
}
