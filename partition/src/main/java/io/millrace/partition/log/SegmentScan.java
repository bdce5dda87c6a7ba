package io.millrace.partition.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * Goes over the frames of a segment that memory knows nothing of yet, adds the good ones to the {@link Segment}, and
 * stops at the first place where the expected frame is not.
 */
final class SegmentScan {
    static final int CHUNK_BYTES = 256 * 1024;

    private final StorageFile file;
    private final Segment segment;
    private final long limit;

    private long provenDurable;
    private boolean foundAnything;
    private boolean onMark;
    private String problem = "";

    private SegmentScan(StorageFile file, Segment segment, long limit) {
        this.file = file;
        this.segment = segment;
        this.limit = limit;
    }

    /**
     * Adds all good frames from the segment's end on.
     *
     * @param stopBefore the index of the first entry to leave alone
     * @param limit the size of the file
     */
    static SegmentScan run(
            StorageFile file,
            Segment segment,
            SparseIndex sparse,
            long stopBefore,
            long limit,
            LogSettings settings,
            OffsetReader offsets)
            throws IOException {
        SegmentScan scan = new SegmentScan(file, segment, limit);
        FrameReader frames = new FrameReader(
                file, segment.header(), segment.end(), segment.last().index() + 1, limit, CHUNK_BYTES);
        while (frames.index() < stopBefore && !frames.atEnd()) {
            if (!frames.header() || !frames.body()) {
                scan.problem = frames.problem();
                break;
            }
            scan.foundAnything = true;
            scan.provenDurable = Math.max(scan.provenDurable, frames.durableIndex());
            if (frames.isMark()) {
                scan.onMark = true;
                scan.problem = "a mark that everything before is durable";
                break;
            }
            segment.add(
                    frames.index(),
                    frames.term(),
                    frames.nextOffset(),
                    frames.maxTimestamp(offsets),
                    frames.frameBytes(),
                    sparse,
                    settings.indexIntervalBytes());
            frames.advance();
        }
        return scan;
    }

    /** The latest entry of which a good frame says that it had been forced when that frame was written. */
    long provenDurable() {
        return provenDurable;
    }

    /** Whether there was a good frame or mark at all. */
    boolean foundAnything() {
        return foundAnything;
    }

    boolean endedOnMark() {
        return onMark;
    }

    /** Why the scan ended before the limit. */
    String problem() {
        return problem;
    }

    /** What lies behind the place where a scan ended. */
    record Tail(boolean isZero, OptionalLong proofPosition) {}

    /**
     * Looks for a good frame behind the end whose writer knew that the entry expected at the end was durable. Frames
     * between two forces reach the disk in any order, so a good frame alone proves nothing: it may have been written
     * together with the one that is missing.
     */
    Tail examineTail() throws IOException {
        long from = segment.end() + (onMark ? EntryFrame.HEADER_BYTES : 0);
        long expected = segment.last().index() + 1;
        boolean zero = true;
        byte[] chunk = new byte[(int) Math.max(0, Math.min(CHUNK_BYTES, limit - from))];
        ByteBuffer bytes = ByteBuffer.wrap(chunk);
        for (long start = from; start < limit; ) {
            int read = file.read(bytes.clear(), start);
            int heads = Math.max(0, read - EntryFrame.HEADER_BYTES + 1);
            for (int at = 0; at < read && zero; at++) {
                zero = chunk[at] == 0;
            }
            for (int at = 0; at < heads && !zero; at++) {
                if (mayProve(bytes, at, start + at, expected)
                        && isGood(start + at, bytes.getLong(at + EntryFrame.INDEX))) {
                    return new Tail(false, OptionalLong.of(start + at));
                }
            }
            if (heads == 0) {
                break;
            }
            start += heads; // a header across two chunks is looked at in the second
        }
        return new Tail(zero, OptionalLong.empty());
    }

    /** Cheap enough for every byte of a segment; almost nothing but a frame passes. */
    private boolean mayProve(ByteBuffer bytes, int at, long position, long expected) {
        long index = bytes.getLong(at + EntryFrame.INDEX);
        long durable = bytes.getLong(at + EntryFrame.DURABLE);
        int length = bytes.getInt(at + EntryFrame.LENGTH);
        return index > expected
                && durable >= expected
                && durable < index
                && length >= 0
                && length <= limit - position - EntryFrame.HEADER_BYTES;
    }

    private boolean isGood(long position, long index) throws IOException {
        FrameReader frame = new FrameReader(file, segment.header(), position, index, limit, EntryFrame.HEADER_BYTES);
        return frame.header() && frame.body();
    }
}
