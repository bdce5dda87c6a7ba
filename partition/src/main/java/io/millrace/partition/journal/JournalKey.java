package io.millrace.partition.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Where the events of one persistence id lie, in order of their sequence numbers, apart from those of any other:
 *
 * <pre>
 *  length of the id, 2 │ id, UTF-8 │ sequence number, 8
 * </pre>
 *
 * Sequence numbers begin with 1; at 0 stands up to which number events were deleted.
 */
final class JournalKey {
    private final byte[] prefix;

    JournalKey(String persistenceId) {
        byte[] id = persistenceId.getBytes(StandardCharsets.UTF_8);
        if (id.length > Short.MAX_VALUE) {
            throw new IllegalArgumentException("a persistence id of " + id.length + " bytes");
        }
        this.prefix = ByteBuffer.allocate(Short.BYTES + id.length)
                .putShort((short) id.length)
                .put(id)
                .array();
    }

    byte[] at(long sequenceNr) {
        return ByteBuffer.allocate(prefix.length + Long.BYTES)
                .put(prefix)
                .putLong(sequenceNr)
                .array();
    }

    byte[] deletedUpTo() {
        return at(0);
    }

    boolean isOf(byte[] key) {
        return key.length == prefix.length + Long.BYTES
                && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    long sequenceNrOf(byte[] key) {
        return ByteBuffer.wrap(key).getLong(prefix.length);
    }
}
