package io.millrace.partition.replica;

/** Why a leader goes on although it was asked to hand over. The names are on the wire. */
public enum TransferFailure {
    /** The broker named holds no replica that may vote. */
    NOT_A_VOTER("it holds no voting replica"),
    /** The broker named leads already. */
    LEADS_ALREADY("it leads already"),
    /** The broker named cannot be reached, or its replica does not answer. */
    UNREACHABLE("it cannot be reached"),
    /** The broker named lacks committed records: they would have to be waited for, and nothing be written meanwhile. */
    BEHIND("it has not caught up"),
    /** Leadership is being handed over already. */
    BUSY("leadership is being handed over already"),
    /** It was told to take over, and has not done so within an election timeout. */
    NOT_TAKEN("it did not take over in time"),
    /** No broker was named, and there is none that could take over. */
    NOBODY("no other replica could take over"),
    /** Said by who looks for the leader: no replica leads. */
    NO_LEADER("the partition has no leader now"),
    /** Said by who looks for the leader: perhaps it has handed over. */
    NO_ANSWER("the leader has not answered in time");

    private final String text;

    TransferFailure(String text) {
        this.text = text;
    }

    /** In words, to be put after the name of the broker. */
    public String text() {
        return text;
    }
}
