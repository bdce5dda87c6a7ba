package io.millrace.controller.metadata;

/** Why a partition is to be on other brokers. */
public enum ReassignmentCause {
    /** Somebody asked for it. */
    REQUESTED,
    /** One of its brokers is drained. */
    DRAIN,
    /** One of its brokers has been away for too long. If it comes back before the move is done, that is undone. */
    LOSS,
    /** Brokers carried unequal shares. */
    BALANCE
}
