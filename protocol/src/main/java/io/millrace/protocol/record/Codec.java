package io.millrace.protocol.record;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.millrace.protocol.Bytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;

/**
 * Compresses the records of a batch, and decompresses them in bounded memory, in the frames that Kafka's clients write: gzip
 * (RFC 1952), snappy in blocks ({@link SnappyBlocks}), the LZ4 frame format with independent blocks, zstd (RFC 8878).
 */
final class Codec {
    /** What is allocated at first is a guess: text shrinks to a quarter or so. */
    private static final int RATIO_GUESSED = 4;

    private static final int CAPACITY_INITIAL_MIN = 1024;
    private static final int GZIP_BUFFER_BYTES = 16 * 1024;
    /**
     * Decoders of zstd must manage 8 MiB (RFC 8878, 3.1.1.1.2) and need no more for batches of ours. Without a limit, a
     * frame of a few bytes may ask for 128 MiB outside of the heap.
     */
    private static final int ZSTD_WINDOW_LOG_MAX = 23;

    private static final int ZSTD_LEVEL = 3;

    private Codec() {}

    /** The output passed its bound. */
    static final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1;

        TooLargeException(int sizeMax) {
            super("more than " + sizeMax + " bytes when decompressed");
        }
    }

    /** @param compression any but NONE */
    static Bytes compress(Compression compression, Bytes plain) {
        try {
            if (compression == Compression.SNAPPY) {
                return SnappyBlocks.compress(plain);
            }
            ByteArrayOutputStream compressed = new ByteArrayOutputStream(plain.size() / 2 + CAPACITY_INITIAL_MIN);
            try (OutputStream out = compressing(compression, compressed)) {
                out.write(plain.unsafeArray(), plain.unsafeOffset(), plain.size());
            }
            return Bytes.wrap(compressed.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory to memory
        }
    }

    private static OutputStream compressing(Compression compression, OutputStream out) throws IOException {
        return switch (compression) {
            case GZIP -> new GZIPOutputStream(out, GZIP_BUFFER_BYTES);
            case LZ4 -> new LZ4FrameOutputStream(out, BLOCKSIZE.SIZE_64KB, FLG.Bits.BLOCK_INDEPENDENCE);
            case ZSTD -> new ZstdOutputStreamNoFinalizer(out, RecyclingBufferPool.INSTANCE, ZSTD_LEVEL);
            case NONE, SNAPPY -> throw new IllegalArgumentException("no stream for " + compression);
        };
    }

    /**
     * @param compression any but NONE
     * @param sizeMax of the result; not much more is ever allocated, whatever the input claims
     * @throws TooLargeException if the result would be larger
     * @throws IOException if this is not what that codec writes
     */
    static Bytes decompress(Compression compression, Bytes compressed, int sizeMax) throws IOException {
        try {
            if (compression == Compression.SNAPPY) {
                return SnappyBlocks.decompress(compressed, sizeMax);
            }
            InputStream source =
                    new ByteArrayInputStream(compressed.unsafeArray(), compressed.unsafeOffset(), compressed.size());
            try (InputStream in = decompressing(compression, source)) {
                return readAll(in, initialCapacity(compressed, sizeMax), sizeMax);
            }
        } catch (RuntimeException e) {
            throw new IOException("not readable: " + e, e); // what a library did not expect
        }
    }

    private static InputStream decompressing(Compression compression, InputStream in) throws IOException {
        return switch (compression) {
            case GZIP -> new GZIPInputStream(in, GZIP_BUFFER_BYTES);
            case LZ4 -> new LZ4FrameInputStream(in);
            case ZSTD ->
                new ZstdInputStreamNoFinalizer(in, RecyclingBufferPool.INSTANCE).setLongMax(ZSTD_WINDOW_LOG_MAX);
            case NONE, SNAPPY -> throw new IllegalArgumentException("no stream for " + compression);
        };
    }

    static int initialCapacity(Bytes compressed, int sizeMax) {
        long guess = Math.max((long) compressed.size() * RATIO_GUESSED, CAPACITY_INITIAL_MIN);
        return (int) Math.min(guess, sizeMax);
    }

    private static Bytes readAll(InputStream in, int capacity, int sizeMax) throws IOException {
        byte[] array = new byte[capacity];
        int size = 0;
        while (true) {
            if (size == array.length) {
                int next = in.read();
                if (next < 0) {
                    return Bytes.wrap(array, 0, size);
                }
                if (size == sizeMax) {
                    throw new TooLargeException(sizeMax);
                }
                array = Arrays.copyOf(array, (int) Math.min(Math.max(2L * size, CAPACITY_INITIAL_MIN), sizeMax));
                array[size++] = (byte) next;
                continue;
            }
            int read = in.read(array, size, array.length - size);
            if (read < 0) {
                return Bytes.wrap(array, 0, size);
            }
            size += read;
        }
    }
}
