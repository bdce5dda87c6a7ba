package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.SnapshotCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes a log out of what a crash, or an orderly end, left in a directory. What was never forced may be cut; anything
 * else that is not as it should be is damage. Every step leaves a state that this class can start from again.
 */
final class LogRecovery {
    private final Storage storage;
    private final LogSettings settings;
    private final OffsetReader offsets;
    private final LongSupplier salts;

    private long newestIndexedEnd;

    LogRecovery(Storage storage, LogSettings settings, OffsetReader offsets, LongSupplier salts) {
        this.storage = storage;
        this.settings = settings;
        this.offsets = offsets;
        this.salts = salts;
    }

    /**
     * A log, all of whose entries are durable.
     *
     * @param indexedEnd up to where an index file describes the newest segment; 0 if there is none
     */
    record Recovered(List<Segment> segments, SegmentWriter writer, long indexedEnd) {}

    Recovered recover() throws IOException {
        // A process that was killed leaves creations and deletions that everybody sees and a later crash takes back.
        storage.syncDirectory();
        Optional<LogReset> interrupted = LogReset.interrupted(storage);
        if (interrupted.isPresent()) {
            return finish(interrupted.get());
        }
        Optional<LogTruncation> truncation = LogTruncation.interrupted(storage);
        if (truncation.isPresent()) {
            truncation.get().removeFiles(storage);
        }
        List<SegmentHeader> headers = withoutWhatIsTrimmed(readHeaders(segmentFiles()));
        deleteOrphanedIndexes(headers);
        if (headers.isEmpty()) {
            SegmentWriter first = createSegment(LogPosition.ZERO, 0);
            return new Recovered(List.of(first.segment()), first, 0);
        }
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i + 1 < headers.size(); i++) {
            segments.add(recoverSealed(headers.get(i), headers.get(i + 1)));
        }
        SegmentWriter newest = recoverNewest(
                headers.get(headers.size() - 1),
                truncation.map(LogTruncation::index).orElse(Long.MAX_VALUE));
        segments.add(newest.segment());
        if (truncation.isPresent()) {
            LogTruncation.end(storage);
        }
        return new Recovered(List.copyOf(segments), newest, newestIndexedEnd);
    }

    /** Drops everything and begins at another position, as was durably decided. */
    Recovered finish(LogReset reset) throws IOException {
        if (reset.start().index() > 0 && !hasSnapshotAt(new SegmentHeader(reset.start(), reset.nextOffset(), 0))) {
            throw noSnapshotAt(reset.start());
        }
        LogReset.removeFiles(storage);
        SegmentWriter first = createSegment(reset.start(), reset.nextOffset());
        LogReset.end(storage);
        SnapshotFile.deleteAllBut(storage, SnapshotFile.nameOf(reset.start()));
        return new Recovered(List.of(first.segment()), first, 0);
    }

    /** A new segment, durable before it gets its first frame: so a segment without a good header has no frames. */
    SegmentWriter createSegment(LogPosition previous, long baseOffset) throws IOException {
        SegmentHeader header = new SegmentHeader(previous, baseOffset, salts.getAsLong());
        StorageFile file = storage.create(header.fileName());
        try {
            file.write(header.encode(), 0);
            file.force();
            storage.syncDirectory();
            return new SegmentWriter(file, new Segment(header), SegmentHeader.BYTES);
        } catch (IOException | RuntimeException e) {
            closeAfter(e, file);
            throw e;
        }
    }

    /**
     * A log starts at the latest snapshot that stands for its segments up to some boundary; what is before that is a trim that
     * was interrupted, and any other snapshot an older one, or that of a reset that was not begun.
     */
    private List<SegmentHeader> withoutWhatIsTrimmed(List<SegmentHeader> headers) throws IOException {
        int start = SnapshotFile.names(storage).isEmpty() ? 0 : headers.size() - 1;
        while (start > 0 && !hasSnapshotAt(headers.get(start))) {
            start--;
        }
        if (start > 0) {
            // Readable is not durable: its writer may have died, or failed, before it was forced.
            SnapshotFile.rewrite(storage, SnapshotFile.nameOf(headers.get(start).previous()));
        }
        for (SegmentHeader trimmed : headers.subList(0, Math.max(0, start))) {
            storage.delete(trimmed.fileName());
            storage.delete(SegmentIndex.fileName(trimmed.firstIndex()));
            storage.syncDirectory();
        }
        List<SegmentHeader> kept = headers.subList(Math.max(0, start), headers.size());
        LogPosition at = kept.isEmpty() ? LogPosition.ZERO : kept.get(0).previous();
        if (at.index() > 0 && !hasSnapshotAt(kept.get(0))) {
            throw noSnapshotAt(at);
        }
        SnapshotFile.deleteAllBut(storage, SnapshotFile.nameOf(at));
        return kept;
    }

    private LogCorruptedException noSnapshotAt(LogPosition start) {
        return damaged(
                SnapshotFile.nameOf(start),
                0,
                start.index(),
                "what stands for all entries before is not there as it was");
    }

    private boolean hasSnapshotAt(SegmentHeader header) throws IOException {
        String name = SnapshotFile.nameOf(header.previous());
        if (!SnapshotFile.names(storage).contains(name)) {
            return false;
        }
        try {
            Snapshot found = SnapshotCodec.decode(SnapshotFile.read(storage, name));
            return found.position().equals(header.previous()) && found.nextOffset() == header.baseOffset();
        } catch (LogCorruptedException torn) {
            return false; // one that is not whole was not acted upon
        }
    }

    private List<String> segmentFiles() throws IOException {
        return storage.list().stream()
                .filter(SegmentHeader::isFileName)
                .sorted()
                .toList();
    }

    private List<SegmentHeader> readHeaders(List<String> names) throws IOException {
        List<SegmentHeader> headers = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            boolean newest = i == names.size() - 1;
            SegmentHeader header = readHeader(name);
            long firstIndex = firstIndexIn(name);
            if (header != null && header.firstIndex() != firstIndex) {
                throw damaged(name, 0, firstIndex, "its header says that it begins with entry " + header.firstIndex());
            }
            if (header != null) {
                headers.add(header);
            } else if (newest && (i > 0 || firstIndex == 1) && nothingBehindHeader(name)) {
                storage.delete(name); // a crash while it was created: it never had a frame
                storage.syncDirectory();
            } else {
                throw damaged(name, 0, firstIndex, "its header is not readable");
            }
        }
        return headers;
    }

    private @Nullable SegmentHeader readHeader(String name) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentHeader.BYTES);
        try (StorageFile file = storage.open(name)) {
            return SegmentHeader.decode(bytes.array(), file.read(bytes, 0));
        } catch (UnsupportedOperationException e) {
            throw new IOException(name + " in " + storage + " is " + e.getMessage(), e);
        }
    }

    private long firstIndexIn(String name) throws LogCorruptedException {
        try {
            return Long.parseLong(name.substring(0, name.indexOf('.')));
        } catch (NumberFormatException tooLarge) {
            throw damaged(name, 0, Long.MAX_VALUE, "no entry has such an index");
        }
    }

    private boolean nothingBehindHeader(String name) throws IOException {
        try (StorageFile file = storage.open(name)) {
            byte[] chunk = new byte[64 * 1024];
            for (long at = SegmentHeader.BYTES; ; at += chunk.length) {
                int read = file.read(ByteBuffer.wrap(chunk), at);
                for (int i = 0; i < read; i++) {
                    if (chunk[i] != 0) {
                        return false;
                    }
                }
                if (read < chunk.length) {
                    return true;
                }
            }
        }
    }

    private void deleteOrphanedIndexes(List<SegmentHeader> headers) throws IOException {
        Set<String> expected = new HashSet<>();
        headers.forEach(header -> expected.add(SegmentIndex.fileName(header.firstIndex())));
        for (String name : storage.list()) {
            if (SegmentIndex.isFileName(name) && !expected.contains(name)) {
                storage.delete(name);
            }
        }
    }

    /** A segment that has a successor was forced before that was created: nothing in it may be missing. */
    private Segment recoverSealed(SegmentHeader header, SegmentHeader next) throws IOException {
        Segment segment = new Segment(header);
        try (StorageFile file = storage.open(header.fileName())) {
            long size = file.size();
            SegmentIndex index = SegmentIndex.read(storage, header);
            if (index != null
                    && index.end() == size
                    && index.last().equals(next.previous())
                    && index.nextOffset() == next.baseOffset()) {
                segment.restore(index);
            } else {
                SparseIndex sparse = segment.growingSparse();
                SegmentScan scan = SegmentScan.run(file, segment, sparse, next.firstIndex(), size, settings, offsets);
                if (!segment.last().equals(next.previous())
                        || segment.nextOffset() != next.baseOffset()
                        || segment.end() != size) {
                    throw damaged(
                            header.fileName(),
                            segment.end(),
                            segment.last().index() + 1,
                            "its frames end with " + segment.last() + ", but the next segment follows "
                                    + next.previous() + (scan.problem().isEmpty() ? "" : "; found " + scan.problem()));
                }
                segment.toIndex(sparse).write(storage, header.firstIndex());
            }
        }
        segment.seal();
        return segment;
    }

    private SegmentWriter recoverNewest(SegmentHeader header, long truncatedFrom) throws IOException {
        StorageFile file = storage.open(header.fileName());
        try {
            return recoverNewest(header, truncatedFrom, file);
        } catch (IOException | RuntimeException e) {
            closeAfter(e, file);
            throw e;
        }
    }

    private SegmentWriter recoverNewest(SegmentHeader header, long truncatedFrom, StorageFile file) throws IOException {
        long size = file.size();
        Segment segment = new Segment(header);
        SegmentIndex index = SegmentIndex.read(storage, header);
        if (index != null) {
            if (index.end() > size) {
                throw damaged(
                        header.fileName(),
                        size,
                        index.last().index(),
                        "the file ends here, but its index was written when it was " + index.end() + " bytes long");
            }
            segment.restore(index);
            newestIndexedEnd = index.end();
        }
        SparseIndex sparse = segment.growingSparse();
        long indexed = segment.last().index();
        SegmentScan scan = SegmentScan.run(file, segment, sparse, truncatedFrom, size, settings, offsets);
        long expected = segment.last().index() + 1;
        if (scan.provenDurable() >= expected) {
            throw damaged(header.fileName(), segment.end(), expected, "the log ends before what it says is durable");
        }
        boolean cut = expected == truncatedFrom || !isZeroBehind(scan, header, segment, expected);
        SegmentWriter writer = new SegmentWriter(file, segment, size);
        boolean changed = false;
        if (cut) {
            // Physically: a good frame behind the cut would follow some later frame as if it belonged there.
            writer.cutAtEnd();
            changed = true;
        }
        long provenDurable = Math.max(scan.provenDurable(), indexed);
        if (provenDurable < segment.last().index()) {
            rewrite(file, positionAfter(segment, sparse, file, provenDurable), segment.end());
            changed = true;
        }
        if (index == null && !scan.foundAnything()) {
            rewrite(file, 0, SegmentHeader.BYTES);
            changed = true;
        }
        if (changed) {
            file.force();
        }
        if (changed || !scan.endedOnMark()) {
            writer.mark();
        }
        return writer;
    }

    /** Whether nothing lies behind the last good frame, where, if there is something, a frame is expected and torn. */
    private boolean isZeroBehind(SegmentScan scan, SegmentHeader header, Segment segment, long expected)
            throws IOException {
        SegmentScan.Tail tail = scan.examineTail();
        if (tail.proofPosition().isPresent()) {
            throw damaged(
                    header.fileName(),
                    segment.end(),
                    expected,
                    "found " + scan.problem() + ", while the frame at byte "
                            + tail.proofPosition().getAsLong() + " says that this entry was durable");
        }
        return tail.isZero();
    }

    private static long positionAfter(Segment segment, SparseIndex sparse, StorageFile file, long index)
            throws IOException {
        int slot = sparse.floorOfIndex(index + 1);
        long position = slot < 0 ? SegmentHeader.BYTES : sparse.slot(slot).position();
        long first = slot < 0 ? segment.firstIndex() : sparse.slot(slot).index();
        FrameReader frames =
                new FrameReader(file, segment.header(), position, first, segment.end(), EntryFrame.HEADER_BYTES);
        while (frames.index() <= index && frames.header()) {
            frames.advance();
        }
        return frames.position();
    }

    /**
     * Writes what is there once more. After a failed fsync the page cache may hold bytes that the disk does not, and
     * that no later fsync writes, because the kernel took note of the failure and calls the pages clean. Bytes that
     * nothing proves durable are therefore made dirty before they are forced.
     */
    private static void rewrite(StorageFile file, long from, long until) throws IOException {
        ByteBuffer piece = BufferPool.SHARED.borrow();
        try {
            for (long at = from; at < until; ) {
                piece.clear().limit((int) Math.min(piece.capacity(), until - at));
                int read = file.read(piece, at);
                if (read == 0) {
                    throw new IOException("the file became shorter while it was recovered");
                }
                file.write(piece.flip(), at);
                at += read;
            }
        } finally {
            BufferPool.SHARED.giveBack(piece);
        }
    }

    private LogCorruptedException damaged(String file, long position, long index, String what) {
        return new LogCorruptedException(storage, file, position, index, what);
    }

    private static void closeAfter(Exception failure, StorageFile file) {
        try {
            file.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
