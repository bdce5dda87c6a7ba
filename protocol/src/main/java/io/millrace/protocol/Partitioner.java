package io.millrace.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Which partition a key belongs to, as Kafka's default partitioner decides it: a topic fed by clients of both kinds keeps
 * each key in one place.
 *
 * <p>The hash is 32-bit MurmurHash2 with Kafka's seed ({@code org.apache.kafka.common.utils.Utils#murmur2}).
 */
public final class Partitioner {
    private static final int SEED = 0x9747b28c;
    private static final int MULTIPLIER = 0x5bd1e995;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Partitioner() {}

    /**
     * The partition of this key in a topic of so many. It changes when the number of partitions does.
     *
     * @return 0 to {@code partitions - 1}
     * @throws IllegalArgumentException if there is no partition to choose
     */
    public static int forKey(Bytes key, int partitions) {
        if (partitions <= 0) {
            throw new IllegalArgumentException("a topic has at least one partition, not " + partitions);
        }
        // Kafka's toPositive: drops the sign bit. Math.abs would give another partition, and has no answer for
        // MIN_VALUE.
        return (murmur2(key) & Integer.MAX_VALUE) % partitions;
    }

    static int murmur2(Bytes key) {
        byte[] array = key.unsafeArray();
        int at = key.unsafeOffset();
        int end = at + key.size();
        int hash = SEED ^ key.size();
        for (; end - at >= Integer.BYTES; at += Integer.BYTES) {
            int word = (int) INT.get(array, at) * MULTIPLIER;
            word = (word ^ word >>> 24) * MULTIPLIER;
            hash = hash * MULTIPLIER ^ word;
        }
        if (at < end) {
            int tail = 0;
            for (int shift = 0; at < end; at++, shift += Byte.SIZE) {
                tail |= (array[at] & 0xff) << shift;
            }
            hash = (hash ^ tail) * MULTIPLIER;
        }
        hash = (hash ^ hash >>> 13) * MULTIPLIER;
        return hash ^ hash >>> 15;
    }
}
