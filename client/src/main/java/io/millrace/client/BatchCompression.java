package io.millrace.client;

import io.millrace.protocol.record.Compression;

/**
 * How a producer compresses its batches. One that compression does not make smaller is sent as it is. Where a topic does not take what
 * is chosen here (its setting {@code compression.types}), something that it takes is chosen instead.
 */
public enum BatchCompression {
    NONE,
    GZIP,
    SNAPPY,
    LZ4,
    ZSTD,
    /** By size: nothing below 1 KiB, LZ4 to 100 KiB, ZSTD above. */
    AUTO;

    private static final int WORTH_IT_BYTES_MIN = 1024;
    private static final int LARGE_BYTES = 100 * 1024;

    /** The codec for a batch of this size. */
    Compression forSize(int batchBytes) {
        return switch (this) {
            case NONE -> Compression.NONE;
            case GZIP -> Compression.GZIP;
            case SNAPPY -> Compression.SNAPPY;
            case LZ4 -> Compression.LZ4;
            case ZSTD -> Compression.ZSTD;
            case AUTO ->
                batchBytes < WORTH_IT_BYTES_MIN
                        ? Compression.NONE
                        : batchBytes <= LARGE_BYTES ? Compression.LZ4 : Compression.ZSTD;
        };
    }
}
