package io.millrace.cluster.chaos;

import io.millrace.protocol.Bytes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What one producer sent, in order: its values, which say what they are, and where each was acknowledged. */
final class Sent {
    static final int VALUE_BYTES = 1_024;

    private static final int HEADER_BYTES = 16;
    private static final long UNKNOWN = -1;

    private final int producer;
    private long[] offsets = new long[1_024];
    private int count;
    private int acknowledged;

    Sent(int producer) {
        this.producer = producer;
    }

    /** The next value to send; its number is {@link #count()} before. */
    synchronized Bytes next() {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, count * 2);
        }
        offsets[count] = UNKNOWN;
        return valueOf(producer, count++);
    }

    synchronized void acknowledged(int number, long offset) {
        offsets[number] = offset;
        acknowledged++;
    }

    synchronized int count() {
        return count;
    }

    synchronized int acknowledged() {
        return acknowledged;
    }

    /** Where a value was acknowledged; empty if it was not. */
    synchronized OptionalLong offsetOf(int number) {
        return offsets[number] == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(offsets[number]);
    }

    /** The number of a value of ours; -1 if it is not exactly what was sent. */
    int numberOf(@Nullable Bytes value) {
        int number = numberOf(producer, value);
        return number < count() ? number : -1;
    }

    /** The number of a producer's value, by what it says itself; -1 if it is no such value. */
    static int numberOf(int producer, @Nullable Bytes value) {
        if (value == null || value.size() != VALUE_BYTES) {
            return -1;
        }
        ByteBuffer header = ByteBuffer.wrap(value.toByteArray());
        long from = header.getLong();
        long number = header.getLong();
        boolean may = from == producer && number >= 0 && number <= Integer.MAX_VALUE;
        return may && valueOf(producer, (int) number).equals(value) ? (int) number : -1;
    }

    /** Different in every byte for each number, so that any mixture shows. */
    static Bytes valueOf(int producer, int number) {
        ByteBuffer value = ByteBuffer.allocate(VALUE_BYTES).putLong(producer).putLong(number);
        long state = producer * 0x9E3779B97F4A7C15L + number;
        for (int at = HEADER_BYTES; at < VALUE_BYTES; at += Long.BYTES) {
            state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            value.putLong(state);
        }
        return Bytes.wrap(value.array());
    }
}
