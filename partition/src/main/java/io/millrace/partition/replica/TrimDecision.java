package io.millrace.partition.replica;

import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import java.nio.ByteBuffer;

/**
 * That the entries up to one are not kept any longer: what an entry of type {@link EntryType#TRIM} says. The leader decides, by its
 * clock, and each replica lets go of the whole segments up to there.
 *
 * <pre>
 *   version   int8    1
 *   index     int64   of the last entry that may go
 *   decided   int64   milliseconds since 1970, by the leader's clock
 * </pre>
 */
record TrimDecision(long index, long decidedMillis) {
    private static final byte VERSION = 1;
    private static final int SIZE = 1 + 2 * Long.BYTES;

    Payload encode() {
        return Payload.wrap(ByteBuffer.allocate(SIZE)
                .put(VERSION)
                .putLong(index)
                .putLong(decidedMillis)
                .array());
    }

    /** @throws IllegalArgumentException if it is of a later version, or no such decision */
    static TrimDecision decode(Payload payload) {
        ByteBuffer bytes = ByteBuffer.wrap(payload.array(), payload.arrayOffset(), payload.sizeBytes());
        if (bytes.remaining() != SIZE || bytes.get() != VERSION) {
            throw new IllegalArgumentException("no decision to trim that this version knows");
        }
        return new TrimDecision(bytes.getLong(), bytes.getLong());
    }
}
