package io.millrace.partition.state;

/**
 * What time it is in a log: a leader's word, so that all replicas forget alike and no state machine needs a clock.
 *
 * <p>As bytes, big endian, since the log holds it:
 *
 * <pre>
 *  version, 1 byte: 1 │ milliseconds, 8 │ forget before, 8
 * </pre>
 *
 * @param millis since 1970, by the leader's clock
 * @param forgetBefore producers whose latest batch is older than this are forgotten
 */
public record LogTime(long millis, long forgetBefore) {
    private static final int VERSION = 1;
    private static final int SIZE = 1 + 2 * 8;

    public byte[] toBytes() {
        ByteWriter to = new ByteWriter(SIZE);
        to.put(VERSION, 1);
        to.put(millis, 8);
        to.put(forgetBefore, 8);
        return to.bytes();
    }

    /** @throws IllegalArgumentException for anything that {@link #toBytes} did not make */
    public static LogTime fromBytes(byte[] bytes) {
        ByteReader from = new ByteReader("time of a log", bytes);
        from.requireVersion(VERSION);
        LogTime time = new LogTime(from.get(8), from.get(8));
        from.requireEnd();
        return time;
    }
}
