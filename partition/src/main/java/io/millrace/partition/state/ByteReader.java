package io.millrace.partition.state;

import java.util.Arrays;

/** The inverse of {@link ByteWriter}, for bytes that may be anything; throws IllegalArgumentException where they make no sense. */
final class ByteReader {
    private final String what;
    private final byte[] bytes;
    private int at;

    /** @param what the bytes should be, for messages */
    ByteReader(String what, byte[] bytes) {
        this.what = what;
        this.bytes = bytes;
    }

    /** Shorter numbers than 8 bytes come without a sign. */
    long get(int size) {
        require(bytes.length - at >= size, "it ends after " + bytes.length + " bytes");
        long value = 0;
        for (int i = 0; i < size; i++) {
            value = (value << 8) | (bytes[at++] & 0xff);
        }
        return value;
    }

    /** A number of things that follow, 4 bytes; what follows has room for so many of this size. */
    long count(int sizeMin) {
        long count = get(4);
        require(count <= (bytes.length - at) / sizeMin, count + " where there is no room for them");
        return count;
    }

    byte[] bytes(int size) {
        require(size >= 0 && size <= bytes.length - at, size + " bytes where there are fewer");
        at += size;
        return Arrays.copyOfRange(bytes, at - size, at);
    }

    /** @return which of them it is */
    int requireVersion(int... known) {
        int version = (int) get(1);
        require(Arrays.stream(known).anyMatch(one -> one == version), "version " + version + " is not known");
        return version;
    }

    void requireEnd() {
        require(at == bytes.length, (bytes.length - at) + " bytes too many");
    }

    void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("no " + what + ": " + otherwise);
        }
    }
}
