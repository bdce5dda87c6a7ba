package io.millrace.partition.state;

import java.util.ArrayDeque;
import java.util.OptionalLong;

/**
 * Where a partition's offsets stand, in terms of its log: which offset follows each entry that may still be cut off, and up
 * to where records are committed.
 *
 * <p>It remembers the entries from the last commit it resolved on. What lies before – after a restart the log is found with
 * an unknown part of it committed – it does not know, and says so: the caller then asks the log and tells
 * ({@link #base}).
 */
public final class PartitionOffsets {
    /** After entry {@code index} comes offset {@code nextOffset}. */
    private record Mark(long index, long nextOffset) {}

    /** Rising by index, without gaps but perhaps one after the first; the last stands for the end of the log. */
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();

    private long commitIndex;
    private long highWatermark;

    /**
     * @param lastIndex the end of the log as it was found
     * @param nextOffset that follows it
     * @param startOffset of the log: so much was committed at least
     */
    public PartitionOffsets(long lastIndex, long nextOffset, long startOffset) {
        marks.add(new Mark(lastIndex, nextOffset));
        highWatermark = startOffset;
    }

    /** The offset after the last record of the log, committed or not. */
    public long logEndOffset() {
        return marks.getLast().nextOffset();
    }

    /** The offset after the last record known to be committed. */
    public long highWatermark() {
        return highWatermark;
    }

    /** The last entry whose commit was resolved; everything below the high watermark is at or before it. */
    public long commitIndex() {
        return commitIndex;
    }

    public void appended(long index, long nextOffset) {
        Mark last = marks.getLast();
        if (index <= last.index() || nextOffset < last.nextOffset()) {
            throw new IllegalStateException(
                    "broken invariant: entry " + index + " up to offset " + nextOffset + " after " + last);
        }
        marks.add(new Mark(index, nextOffset));
    }

    /**
     * Forgets this entry and all after it.
     *
     * @return whether the end of the log is known now; if not, {@link #base} must be told what follows entry
     *     {@code fromIndex - 1}
     */
    public boolean truncated(long fromIndex) {
        if (fromIndex <= commitIndex) {
            throw new IllegalStateException(
                    "broken invariant: cut at " + fromIndex + " although " + commitIndex + " is committed");
        }
        while (!marks.isEmpty() && marks.getLast().index() >= fromIndex) {
            marks.removeLast();
        }
        return !marks.isEmpty() && marks.getLast().index() == fromIndex - 1;
    }

    /**
     * Everything up to this entry is committed.
     *
     * @return the new high watermark; empty if it is not known what follows this entry: tell {@link #base}, then
     *     again
     */
    public OptionalLong committed(long index) {
        while (marks.size() > 1 && second().index() <= index) {
            marks.removeFirst();
        }
        Mark at = marks.getFirst();
        if (index > commitIndex && at.index() != index) {
            return OptionalLong.empty();
        }
        if (index > commitIndex) {
            commitIndex = index;
            highWatermark = Math.max(highWatermark, at.nextOffset());
        }
        return OptionalLong.of(highWatermark);
    }

    /** The log says: after entry {@code index}, which {@link #committed} or {@link #truncated} asked for, comes this. */
    public void base(long index, long nextOffset) {
        Mark found = new Mark(index, nextOffset);
        if (marks.isEmpty() || index > marks.getLast().index()) {
            marks.addLast(found);
        } else {
            if (marks.getFirst().index() < index) {
                marks.removeFirst(); // committed long ago: what lies between it and this entry was never known
            }
            marks.addFirst(found);
        }
    }

    private Mark second() {
        var iterator = marks.iterator();
        iterator.next();
        return iterator.next();
    }
}
