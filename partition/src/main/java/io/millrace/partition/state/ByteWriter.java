package io.millrace.partition.state;

/** Writes numbers, big endian, into an array that is just large enough. */
final class ByteWriter {
    private final byte[] bytes;
    private int at;

    ByteWriter(int size) {
        this.bytes = new byte[size];
    }

    void put(long value, int size) {
        for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
            bytes[at++] = (byte) (value >> shift);
        }
    }

    void put(byte[] all) {
        System.arraycopy(all, 0, bytes, at, all.length);
        at += all.length;
    }

    byte[] bytes() {
        return bytes;
    }
}
