package io.millrace.partition.log;

import io.millrace.partition.raft.Entry;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * The reading half of a {@link SegmentedLog}. Each call works on one {@link LogView} and looks, when it is done, at
 * whether that view still holds; so it needs no lock.
 */
final class LogReader {
    private static final int ATTEMPTS_MAX = 3;
    private static final int READ_AHEAD_BYTES_MAX = 1 << 20;

    private final Storage storage;
    private final LogSettings settings;
    private final OffsetReader offsets;
    private final ReadHandles handles;
    private final Supplier<LogView> current;

    LogReader(Storage storage, LogSettings settings, OffsetReader offsets, Supplier<LogView> current) {
        this.storage = storage;
        this.settings = settings;
        this.offsets = offsets;
        this.handles = new ReadHandles(storage);
        this.current = current;
    }

    private interface Reading<T> {
        T from(LogView view) throws IOException;
    }

    private interface SegmentReading<T> {
        T from(StorageFile file, SparseIndex sparse) throws IOException;
    }

    List<Entry> read(long from, long toInclusive, int maxBytes) throws IOException {
        return consistently(from, view -> {
            long to = Math.min(toInclusive, view.last().index());
            List<Entry> found = new ArrayList<>();
            long next = from;
            long budget = maxBytes;
            while (next <= to && (found.isEmpty() || budget > 0)) {
                int number = view.segmentOf(next);
                long until = Math.min(to, view.lastIndexOf(number));
                long first = next;
                long left = budget;
                budget = in(
                        view.segments().get(number),
                        (file, sparse) ->
                                collect(view.segments().get(number), file, sparse, first, until, left, found));
                long reached = from + found.size();
                if (reached <= until) {
                    break; // the budget is used up
                }
                next = reached;
            }
            return found;
        });
    }

    /** Adds the entries of one segment within the budget, of which what is left is returned. */
    private long collect(
            Segment segment, StorageFile file, SparseIndex sparse, long from, long to, long budget, List<Entry> found)
            throws IOException {
        int ahead = (int) Math.max(0, Math.min(budget, READ_AHEAD_BYTES_MAX));
        FrameReader frames = framesFor(segment, file, sparse, from, settings.indexIntervalBytes() + ahead);
        long left = budget;
        while (frames.index() <= to) {
            require(segment, frames, frames.header() && !frames.isMark());
            if (!found.isEmpty() && frames.payloadBytes() > left) {
                break;
            }
            require(segment, frames, frames.body());
            found.add(frames.entry());
            left -= frames.payloadBytes();
            frames.advance();
        }
        return left;
    }

    long nextOffsetAt(long index) throws IOException {
        return consistently(index + 1, view -> {
            if (index == view.last().index()) {
                return view.nextOffset();
            }
            if (index > view.last().index()) {
                throw new IllegalArgumentException("no entry " + index + " in a log that ends with " + view.last());
            }
            Segment following = view.segments().get(view.segmentOf(index + 1));
            if (following.firstIndex() == index + 1) {
                return following.header().baseOffset();
            }
            return in(following, (file, sparse) -> {
                FrameReader frames = framesFor(following, file, sparse, index, settings.indexIntervalBytes());
                require(following, frames, frames.header() && frames.body() && !frames.isMark());
                return frames.nextOffset();
            });
        });
    }

    long indexOfOffset(long offset) throws IOException {
        return consistently(current.get().firstIndex(), view -> {
            if (offset >= view.nextOffset()) {
                throw new IllegalArgumentException(
                        "no offset " + offset + " in a log whose next offset is " + view.nextOffset());
            }
            if (offset < view.logStartOffset()) {
                throw new EntriesUnavailableException(
                        "Offset " + offset + " was trimmed; the log starts at " + view.logStartOffset());
            }
            int number = view.segmentOfOffset(offset);
            Segment segment = view.segments().get(number);
            return in(segment, (file, sparse) -> {
                int slot = sparse.floorOfOffset(offset);
                FrameReader frames = framesAt(segment, file, sparse, slot, settings.indexIntervalBytes());
                while (frames.index() <= view.lastIndexOf(number)) {
                    require(segment, frames, frames.header() && frames.body() && !frames.isMark());
                    if (frames.nextOffset() > offset) {
                        return frames.index();
                    }
                    frames.advance();
                }
                throw damaged(segment, frames, "no entry holds offset " + offset);
            });
        });
    }

    OptionalLong indexOfTimestamp(long timestamp) throws IOException {
        return consistently(current.get().firstIndex(), view -> {
            for (int number = 0; number < view.segments().size(); number++) {
                Segment segment = view.segments().get(number);
                if (segment.maxTimestamp() < timestamp) {
                    continue;
                }
                long until = view.lastIndexOf(number);
                OptionalLong found = in(segment, (file, sparse) -> {
                    int slot = sparse.floorOfTimestamp(timestamp);
                    FrameReader frames = framesAt(segment, file, sparse, slot, settings.indexIntervalBytes());
                    while (frames.index() <= until) {
                        require(segment, frames, frames.header() && frames.body() && !frames.isMark());
                        if (frames.maxTimestamp(offsets) >= timestamp) {
                            return OptionalLong.of(frames.index());
                        }
                        frames.advance();
                    }
                    return OptionalLong.empty();
                });
                if (found.isPresent()) {
                    return found;
                }
            }
            return OptionalLong.empty();
        });
    }

    /** What readers have open is of the past; reads under way may finish. */
    void forgetFiles() throws IOException {
        handles.retireAll();
    }

    /** The sparse index of a segment: from memory, from its file, or, if that is no good, from the frames. */
    SparseIndex sparseOf(Segment segment, StorageFile file) throws IOException {
        SparseIndex sparse = segment.sparseIfInMemory();
        if (sparse != null) {
            return sparse;
        }
        SegmentIndex index = SegmentIndex.read(storage, segment.header());
        if (index == null || index.end() != segment.end()) {
            Segment scanned = new Segment(segment.header());
            SparseIndex rebuilt = new SparseIndex();
            SegmentScan scan = SegmentScan.run(
                    file, scanned, rebuilt, segment.last().index() + 1, segment.end(), settings, offsets);
            if (scanned.end() != segment.end()) {
                throw new LogCorruptedException(
                        storage,
                        segment.fileName(),
                        scanned.end(),
                        scanned.last().index() + 1,
                        scan.problem());
            }
            segment.remember(rebuilt);
            return rebuilt;
        }
        segment.remember(index.sparse());
        return index.sparse();
    }

    /** A reader that stands at an entry, whose frame and those passed on the way are not verified yet. */
    FrameReader framesFor(Segment segment, StorageFile file, SparseIndex sparse, long index, int chunkBytes)
            throws IOException {
        FrameReader frames = framesAt(segment, file, sparse, sparse.floorOfIndex(index), chunkBytes);
        while (frames.index() < index) {
            // Only lengths are used on the way: the checksum of the entry we want covers its index and position.
            require(segment, frames, frames.header());
            frames.advance();
        }
        return frames;
    }

    private static FrameReader framesAt(
            Segment segment, StorageFile file, SparseIndex sparse, int slotNumber, int chunkBytes) {
        if (slotNumber < 0) {
            return new FrameReader(
                    file, segment.header(), SegmentHeader.BYTES, segment.firstIndex(), segment.end(), chunkBytes);
        }
        SparseIndex.Slot slot = sparse.slot(slotNumber);
        return new FrameReader(file, segment.header(), slot.position(), slot.index(), segment.end(), chunkBytes);
    }

    private <T> T in(Segment segment, SegmentReading<T> reading) throws IOException {
        ReadHandles.Handle handle = handles.acquire(segment);
        try {
            return reading.from(handle.file(), sparseOf(segment, handle.file()));
        } finally {
            handles.release(handle);
        }
    }

    private <T> T consistently(long firstNeeded, Reading<T> reading) throws IOException {
        for (int attempt = 1; ; attempt++) {
            LogView view = current.get();
            checkNotTrimmed(firstNeeded, view);
            try {
                T result = reading.from(view);
                checkSameHistory(view);
                return result;
            } catch (ClosedByInterruptException interrupted) {
                handles.retireAll();
                throw interrupted;
            } catch (ClosedChannelException closedByAnother) {
                // Another reader was interrupted, or a truncation retired the file: it can be had again.
                checkSameHistory(view);
                handles.retireAll();
                if (attempt == ATTEMPTS_MAX) {
                    throw closedByAnother;
                }
            } catch (IOException | RuntimeException e) {
                // What went wrong may be that the ground moved.
                checkSameHistory(view);
                checkNotTrimmed(firstNeeded, current.get());
                throw e;
            }
        }
    }

    private void checkSameHistory(LogView view) throws EntriesUnavailableException {
        if (current.get().history() != view.history()) {
            throw new EntriesUnavailableException("The log in " + storage + " was truncated while it was being read");
        }
    }

    private void checkNotTrimmed(long index, LogView view) throws EntriesUnavailableException {
        if (index < view.firstIndex()) {
            throw new EntriesUnavailableException("Entry " + index + " is not in the log in " + storage
                    + " any more; it starts with " + view.firstIndex());
        }
    }

    private void require(Segment segment, FrameReader frames, boolean good) throws LogCorruptedException {
        if (!good) {
            throw damaged(segment, frames, frames.problem());
        }
    }

    private LogCorruptedException damaged(Segment segment, FrameReader frames, String what) {
        return new LogCorruptedException(storage, segment.fileName(), frames.position(), frames.index(), what);
    }
}
