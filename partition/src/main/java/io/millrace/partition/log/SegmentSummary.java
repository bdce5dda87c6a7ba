package io.millrace.partition.log;

/**
 * What retention has to know about a segment.
 *
 * @param firstIndex of the first entry, present or to come
 * @param lastIndex of the last entry; {@code firstIndex - 1} if there is none
 * @param baseOffset of the first record, present or to come
 * @param nextOffset after the last record
 * @param sizeBytes on disk, without what is preallocated
 * @param maxTimestamp the latest of its records, in milliseconds, or {@link OffsetReader#NO_TIMESTAMP}
 */
public record SegmentSummary(
        long firstIndex, long lastIndex, long baseOffset, long nextOffset, long sizeBytes, long maxTimestamp) {}
