package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.TermStart;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known in memory about one segment. Only the log's writer changes it; readers use the header, the sparse index
 * and {@link #end()}, and bound themselves by what the log has published.
 */
final class Segment {
    private final SegmentHeader header;
    private final String fileName;
    private final List<TermStart> termStarts = new ArrayList<>(1);

    private volatile long end = SegmentHeader.BYTES;
    private volatile long maxTimestamp = OffsetReader.NO_TIMESTAMP;
    private volatile LogPosition last;
    private volatile long nextOffset;

    /** Strong while the segment grows; a sealed segment's can be had again from its file. */
    private volatile @Nullable SparseIndex growing = new SparseIndex();

    private volatile SoftReference<SparseIndex> sealed = new SoftReference<>(null);

    Segment(SegmentHeader header) {
        this.header = header;
        this.fileName = header.fileName();
        this.last = header.previous();
        this.nextOffset = header.baseOffset();
    }

    /** The frame that begins at {@link #end()} is now part of the segment. */
    void add(
            long index,
            long term,
            long nextOffsetAfter,
            long timestamp,
            int frameBytes,
            SparseIndex sparse,
            int intervalBytes) {
        long position = end;
        int slots = sparse.count();
        if (slots == 0 || position - sparse.slot(slots - 1).position() >= intervalBytes) {
            sparse.add(index, nextOffset, maxTimestamp, position);
        }
        if (termStarts.isEmpty() || termStarts.get(termStarts.size() - 1).term() != term) {
            termStarts.add(new TermStart(term, index));
        }
        last = new LogPosition(index, term);
        nextOffset = nextOffsetAfter;
        maxTimestamp = Math.max(maxTimestamp, timestamp);
        end = position + frameBytes;
    }

    /** Takes over what an index says about the segment up to some position. */
    void restore(SegmentIndex index) {
        termStarts.clear();
        termStarts.addAll(index.termStarts());
        last = index.last();
        nextOffset = index.nextOffset();
        maxTimestamp = index.maxTimestamp();
        end = index.end();
        growing = index.sparse();
    }

    /** The state before the frame at a slot of {@code sparse}: what a scan continues from. */
    Segment restartedAt(int slotNumber, SparseIndex sparse) {
        Segment cut = new Segment(header);
        if (slotNumber < 0) {
            return cut;
        }
        SparseIndex.Slot slot = sparse.slot(slotNumber);
        for (TermStart start : termStarts) {
            if (start.firstIndex() < slot.index()) {
                cut.termStarts.add(start);
                cut.last = new LogPosition(slot.index() - 1, start.term());
            }
        }
        cut.nextOffset = slot.offsetBefore();
        cut.maxTimestamp = slot.maxTimestampBefore();
        cut.end = slot.position();
        cut.growing = sparse.prefix(slotNumber);
        return cut;
    }

    SegmentIndex toIndex(SparseIndex sparse) {
        return new SegmentIndex(header.salt(), end, last, nextOffset, maxTimestamp, List.copyOf(termStarts), sparse);
    }

    void seal() {
        SparseIndex sparse = sparseIfInMemory();
        growing = null;
        if (sparse != null) {
            remember(sparse);
        }
    }

    void remember(SparseIndex sparse) {
        sealed = new SoftReference<>(sparse);
    }

    /** The sparse index of a segment that was not sealed. */
    SparseIndex growingSparse() {
        SparseIndex sparse = growing;
        if (sparse == null) {
            throw new IllegalStateException(fileName + " is sealed");
        }
        return sparse;
    }

    @Nullable SparseIndex sparseIfInMemory() {
        SparseIndex sparse = growing;
        return sparse == null ? sealed.get() : sparse;
    }

    SegmentHeader header() {
        return header;
    }

    String fileName() {
        return fileName;
    }

    long firstIndex() {
        return header.firstIndex();
    }

    /** Where the next frame goes. */
    long end() {
        return end;
    }

    LogPosition last() {
        return last;
    }

    boolean isEmpty() {
        return end == SegmentHeader.BYTES;
    }

    long nextOffset() {
        return nextOffset;
    }

    long maxTimestamp() {
        return maxTimestamp;
    }

    /** Where each term begins in this segment; the first entry always counts as a beginning. */
    List<TermStart> termStarts() {
        return termStarts;
    }

    SegmentSummary summary() {
        return new SegmentSummary(firstIndex(), last.index(), header.baseOffset(), nextOffset, end, maxTimestamp);
    }
}
