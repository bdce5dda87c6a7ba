package io.millrace.partition.raft;

/** What an entry is for. The code is what the log and the wire carry: never renumber. */
public enum EntryType {
    /** Written by every new leader at the start of its term (Raft dissertation §6.4); carries nothing. */
    NOOP(1),
    /** A command of the replicated state machine. */
    DATA(2),
    /** The group's membership from here on ({@link MembershipCodec}). */
    CONFIGURATION(3),
    /** The leader's decision on which entries before it may go; the owner of the log knows how to read it. */
    TRIM(4),
    /** What the leader notes of records that come next in the log; their owner knows how to read it. Means nothing without them. */
    DIGEST(5),
    /** What time it is, by the leader's clock; the owner of the log knows what that is for. */
    TIME(6);

    private static final EntryType LATEST = TIME;

    private final byte code;

    EntryType(int code) {
        this.code = (byte) code;
    }

    public byte code() {
        return code;
    }

    /** The largest there is. */
    public static byte codeMax() {
        return LATEST.code;
    }

    /**
     * The type that has this code.
     *
     * @throws IllegalArgumentException for a code that no type has
     */
    public static EntryType ofCode(byte code) {
        return switch (code) {
            case 1 -> NOOP;
            case 2 -> DATA;
            case 3 -> CONFIGURATION;
            case 4 -> TRIM;
            case 5 -> DIGEST;
            case 6 -> TIME;
            default -> throw new IllegalArgumentException("no entry type has code " + code);
        };
    }
}
