package io.millrace.partition.log;

/**
 * How a log lies on disk. All of it may change between two openings of the same log.
 *
 * @param segmentBytes a segment that would grow past this is closed and the next one begun; a single entry larger than
 *     this has a segment of its own
 * @param indexIntervalBytes the sparse index knows about one entry in every so many bytes
 * @param preallocateBytesMax how far, at most, zeros are written ahead of the entries; 0 for not at all
 */
public record LogSettings(long segmentBytes, int indexIntervalBytes, int preallocateBytesMax) {
    public static final LogSettings DEFAULT = new LogSettings(64L << 20, 64 << 10, 1 << 20);

    public LogSettings {
        if (segmentBytes < 1 || indexIntervalBytes < 1 || preallocateBytesMax < 0) {
            throw new IllegalArgumentException("segment-bytes and index-interval-bytes start at 1, preallocation at 0: "
                    + segmentBytes + ", " + indexIntervalBytes + ", " + preallocateBytesMax);
        }
    }

    public LogSettings withSegmentBytes(long bytes) {
        return new LogSettings(bytes, indexIntervalBytes, preallocateBytesMax);
    }

    public LogSettings withIndexIntervalBytes(int bytes) {
        return new LogSettings(segmentBytes, bytes, preallocateBytesMax);
    }

    public LogSettings withPreallocateBytesMax(int bytes) {
        return new LogSettings(segmentBytes, indexIntervalBytes, bytes);
    }
}
