package io.millrace.partition.replica;

/**
 * Who may answer a read, and what it must know.
 *
 * @param anyReplica also one that does not lead. It answers from what it knows to be committed, which may be less than the leader
 *     knows; what it cannot tell from that – that an offset does not exist – it leaves to the leader
 * @param linearizable only with everything that was acknowledged before the read was asked: who answers makes sure with a
 *     majority first
 */
public record ReadMode(boolean anyReplica, boolean linearizable) {
    /** By the leader, with all that it knows to be committed. */
    public static final ReadMode LEADER = new ReadMode(false, false);

    private static final int ANY_REPLICA = 1;
    private static final int LINEARIZABLE = 2;

    byte code() {
        return (byte) ((anyReplica ? ANY_REPLICA : 0) | (linearizable ? LINEARIZABLE : 0));
    }

    static ReadMode ofCode(byte code) {
        if ((code & ~(ANY_REPLICA | LINEARIZABLE)) != 0) {
            throw new IllegalArgumentException("no read mode has code " + code);
        }
        return new ReadMode((code & ANY_REPLICA) != 0, (code & LINEARIZABLE) != 0);
    }
}
