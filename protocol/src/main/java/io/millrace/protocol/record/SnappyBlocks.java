package io.millrace.protocol.record;

import static io.millrace.protocol.record.BatchLayout.getInt;
import static io.millrace.protocol.record.BatchLayout.putInt;

import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.util.Arrays;
import org.xerial.snappy.Snappy;

/**
 * Snappy data as Kafka's clients write it, in the framing of the snappy-java library: a header of 16 bytes (0x82 "SNAPPY" 0,
 * version and compatible version as int32), then blocks, each an int32 length and so many bytes of raw snappy. Without that
 * header, all of it is one raw block, as some clients write it.
 *
 * <p>The library's own stream would allocate whatever the first bytes of a block claim it unpacks to; here that is held
 * against the bound first.
 */
final class SnappyBlocks {
    private static final byte[] MAGIC = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
    private static final int VERSION = 1;
    private static final int HEADER_SIZE = MAGIC.length + 2 * Integer.BYTES;
    private static final int BLOCK_SIZE = 32 * 1024;

    private SnappyBlocks() {}

    static Bytes compress(Bytes plain) throws IOException {
        int blocks = (plain.size() + BLOCK_SIZE - 1) / BLOCK_SIZE;
        byte[] out = new byte[HEADER_SIZE + blocks * (Integer.BYTES + Snappy.maxCompressedLength(BLOCK_SIZE))];
        System.arraycopy(MAGIC, 0, out, 0, MAGIC.length);
        putInt(out, MAGIC.length, VERSION);
        putInt(out, MAGIC.length + Integer.BYTES, VERSION);
        int at = HEADER_SIZE;
        for (int from = 0; from < plain.size(); from += BLOCK_SIZE) {
            int size = Math.min(BLOCK_SIZE, plain.size() - from);
            int length =
                    Snappy.compress(plain.unsafeArray(), plain.unsafeOffset() + from, size, out, at + Integer.BYTES);
            putInt(out, at, length);
            at += Integer.BYTES + length;
        }
        return Bytes.wrap(out, 0, at);
    }

    static Bytes decompress(Bytes compressed, int sizeMax) throws IOException {
        byte[] in = compressed.unsafeArray();
        int start = compressed.unsafeOffset();
        int end = start + compressed.size();
        Output out = new Output(Codec.initialCapacity(compressed, sizeMax), sizeMax);
        if (!startsWithHeader(in, start, end)) {
            out.unpack(in, start, compressed.size());
            return out.bytes();
        }
        int at = start + HEADER_SIZE;
        while (at < end) {
            int length = end - at < Integer.BYTES ? -1 : getInt(in, at);
            at += Integer.BYTES;
            if (length < 0 || length > end - at) {
                throw new IOException("a block of " + length + " bytes with " + (end - at) + " left");
            }
            out.unpack(in, at, length);
            at += length;
        }
        return out.bytes();
    }

    private static boolean startsWithHeader(byte[] in, int start, int end) {
        return end - start >= HEADER_SIZE && Arrays.equals(in, start, start + MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    private static final class Output {
        private final int sizeMax;
        private byte[] array;
        private int size;

        Output(int capacity, int sizeMax) {
            this.array = new byte[capacity];
            this.sizeMax = sizeMax;
        }

        void unpack(byte[] in, int from, int length) throws IOException {
            int unpacked = Snappy.uncompressedLength(in, from, length);
            if (unpacked < 0 || unpacked > sizeMax - size) {
                throw new Codec.TooLargeException(sizeMax);
            }
            if (unpacked > array.length - size) {
                long doubled = Math.min(2L * array.length, sizeMax);
                array = Arrays.copyOf(array, (int) Math.max(doubled, size + unpacked));
            }
            size += Snappy.uncompress(in, from, length, array, size);
        }

        Bytes bytes() {
            return Bytes.wrap(array, 0, size);
        }
    }
}
