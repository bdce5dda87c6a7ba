package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import java.util.List;

/**
 * What readers may see; replaced as a whole by the writer.
 *
 * @param segments in order, at least one
 * @param last the last entry that was written
 * @param nextOffset after it
 * @param history changes whenever entries are taken away from the end: a reader that finds another one after reading
 *     than before may have read entries of both
 */
record LogView(List<Segment> segments, LogPosition last, long nextOffset, long history) {
    LogPosition start() {
        return segments.get(0).header().previous();
    }

    long firstIndex() {
        return segments.get(0).firstIndex();
    }

    long logStartOffset() {
        return segments.get(0).header().baseOffset();
    }

    Segment newest() {
        return segments.get(segments.size() - 1);
    }

    /** The number of the segment that an entry is or would be in. */
    int segmentOf(long index) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).firstIndex() <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The number of the last segment that begins at or before an offset: the one that holds it, if the log does. */
    int segmentOfOffset(long offset) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).header().baseOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The last entry of a segment. */
    long lastIndexOf(int number) {
        return number + 1 < segments.size() ? segments.get(number + 1).firstIndex() - 1 : last.index();
    }
}
