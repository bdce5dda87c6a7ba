package io.millrace.partition.log;

import io.millrace.protocol.FlushPolicy;

/**
 * How a log lies on disk. All of it may change between two openings of the same log.
 *
 * @param segmentBytes a segment that would grow past this is closed and the next one begun; a single entry larger than
 *     this has a segment of its own
 * @param indexIntervalBytes the sparse index knows about one entry in every so many bytes
 * @param preallocateBytesMax how far, at most, zeros are written ahead of the entries; 0 for not at all
 * @param flush when what is written is to be forced; up to whoever writes
 */
public record LogSettings(long segmentBytes, int indexIntervalBytes, int preallocateBytesMax, FlushPolicy flush) {
    public static final LogSettings DEFAULT = new LogSettings(64L << 20, 64 << 10, 1 << 20);

    public LogSettings(long segmentBytes, int indexIntervalBytes, int preallocateBytesMax) {
        this(segmentBytes, indexIntervalBytes, preallocateBytesMax, FlushPolicy.COMMIT);
    }

    public LogSettings {
        if (segmentBytes < 1 || indexIntervalBytes < 1 || preallocateBytesMax < 0) {
            throw new IllegalArgumentException("segment-bytes and index-interval-bytes start at 1, preallocation at 0: "
                    + segmentBytes + ", " + indexIntervalBytes + ", " + preallocateBytesMax);
        }
    }

    public LogSettings withSegmentBytes(long bytes) {
        return new LogSettings(bytes, indexIntervalBytes, preallocateBytesMax, flush);
    }

    public LogSettings withIndexIntervalBytes(int bytes) {
        return new LogSettings(segmentBytes, bytes, preallocateBytesMax, flush);
    }

    public LogSettings withPreallocateBytesMax(int bytes) {
        return new LogSettings(segmentBytes, indexIntervalBytes, bytes, flush);
    }

    public LogSettings withFlush(FlushPolicy policy) {
        return new LogSettings(segmentBytes, indexIntervalBytes, preallocateBytesMax, policy);
    }
}
