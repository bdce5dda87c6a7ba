package io.millrace.partition.log;

import java.util.List;
import java.util.OptionalLong;

/**
 * How much of its past a partition keeps. Segments go as a whole, the oldest first, so it keeps up to a segment more.
 *
 * @param maxAgeMillis records go when all in their segment are older than this, by their timestamps; {@link #UNLIMITED}: never
 * @param maxBytes records go while those after their segment have so many bytes or more; {@link #UNLIMITED}: never
 */
public record Retention(long maxAgeMillis, long maxBytes) {
    public static final long UNLIMITED = Long.MAX_VALUE;
    public static final Retention FOREVER = new Retention(UNLIMITED, UNLIMITED);

    public Retention {
        if (maxAgeMillis < 1 || maxBytes < 0) {
            throw new IllegalArgumentException(
                    "records cannot be kept for " + maxAgeMillis + " ms, nor " + maxBytes + " bytes of them");
        }
    }

    /**
     * The last entry that may go now; empty if none may. The segment that is still growing goes for its age only, and is then to be
     * followed by another first.
     *
     * @param segments of the log, in order
     * @param commitIndex nothing after it may go
     */
    public OptionalLong due(List<SegmentSummary> segments, long commitIndex, long nowMillis) {
        long bytesLeft = segments.stream().mapToLong(SegmentSummary::sizeBytes).sum();
        OptionalLong due = OptionalLong.empty();
        for (int i = 0; i < segments.size(); i++) {
            SegmentSummary segment = segments.get(i);
            boolean grows = i == segments.size() - 1;
            bytesLeft -= segment.sizeBytes();
            boolean goes = grows
                    ? hasRecords(segment) && isOld(segment, nowMillis)
                    : !hasRecords(segment)
                            || isOld(segment, nowMillis)
                            || (maxBytes < UNLIMITED && bytesLeft >= maxBytes);
            if (!goes || segment.lastIndex() > commitIndex) {
                break;
            }
            due = OptionalLong.of(segment.lastIndex());
        }
        return due;
    }

    /**
     * The last entry of the segments that have records before an offset only; empty if none has. The growing one stays.
     *
     * @param segments of the log, in order
     * @param commitIndex nothing after it may go
     */
    public static OptionalLong dueBefore(List<SegmentSummary> segments, long commitIndex, long offset) {
        OptionalLong due = OptionalLong.empty();
        for (SegmentSummary segment : segments.subList(0, Math.max(0, segments.size() - 1))) {
            if (segment.nextOffset() > offset || segment.lastIndex() > commitIndex) {
                break;
            }
            due = OptionalLong.of(segment.lastIndex());
        }
        return due;
    }

    private static boolean hasRecords(SegmentSummary segment) {
        return segment.maxTimestamp() != OffsetReader.NO_TIMESTAMP;
    }

    private boolean isOld(SegmentSummary segment, long nowMillis) {
        return maxAgeMillis < UNLIMITED && segment.maxTimestamp() < nowMillis - maxAgeMillis;
    }
}
