package io.millrace.partition.raft;

/**
 * What stands for the beginning of a log that is gone (§5): everything that the entries up to a position have come to.
 *
 * @param position of the last entry that it stands for; it is committed
 * @param nextOffset of the first record after it
 * @param configuration in effect there
 * @param state of the group's {@link StateMachine} there
 */
public record Snapshot(LogPosition position, long nextOffset, Configuration configuration, Payload state) {
    /** A larger state is not made a snapshot of. */
    public static final int STATE_BYTES_MAX = 64 << 20;

    /** As bytes: room for the rest as well. A larger one is not taken. */
    static final int BYTES_MAX = STATE_BYTES_MAX + (1 << 20);

    public Snapshot {
        if (position.index() < 1 || configuration.index() > position.index()) {
            throw new IllegalArgumentException("no snapshot is of " + position + " with " + configuration);
        }
    }
}
