package io.millrace.partition.log;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.SnapshotCodec;
import io.millrace.partition.raft.TermStart;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one replica on disk. The package description has the format and what a crash can and cannot do.
 *
 * <p><b>Threads.</b> One at a time may call what changes the log ({@link #append}, {@link #truncateFrom}, {@link #sync},
 * {@link #trimPrefix}, {@link #reset}, {@link #close}, {@link #delete}); a second one gets an {@link
 * IllegalStateException}. Any number may read at the same time, and wait for nobody. A reader that races with a
 * truncation or a trim gets right entries or an {@link EntriesUnavailableException}.
 *
 * <p><b>Failure.</b> After an {@link IOException} of a call that changes the log, every later one throws {@link
 * LogFailedException}: open the log anew. Arguments are checked before anything is written; an {@link
 * IllegalArgumentException} leaves the log as it was.
 */
public final class SegmentedLog implements Closeable {
    private static final SecureRandom SALTS = new SecureRandom();

    private final Storage storage;
    private final LogSettings settings;
    private final OffsetReader offsets;
    private final LogRecovery recovery;
    private final LogReader reader;
    private final AtomicBoolean changing = new AtomicBoolean();

    private volatile LogView view;
    private volatile boolean closed;
    private volatile @Nullable Throwable failure;

    private SegmentWriter writer;
    private long durableIndex;
    /** Up to where the newest segment's index file, if there is one, describes it. */
    private long indexedEnd;

    private SegmentedLog(Storage storage, LogSettings settings, OffsetReader offsets, LongSupplier salts)
            throws IOException {
        this.storage = storage;
        this.settings = settings;
        this.offsets = offsets;
        this.recovery = new LogRecovery(storage, settings, offsets, salts);
        LogRecovery.Recovered recovered = recovery.recover();
        this.writer = recovered.writer();
        this.view = viewOf(recovered, 0);
        this.durableIndex = view.last().index();
        this.indexedEnd = recovered.indexedEnd();
        this.reader = new LogReader(storage, settings, offsets, () -> this.view);
    }

    /**
     * Opens the log in a directory, or begins one. All its entries are durable then.
     *
     * @throws LogCorruptedException if something that was durable is damaged
     */
    public static SegmentedLog open(Storage storage, LogSettings settings, OffsetReader offsets) throws IOException {
        return open(storage, settings, offsets, SALTS::nextLong);
    }

    /** With the salts of new segments handed in, so that a simulation is the same each time. */
    static SegmentedLog open(Storage storage, LogSettings settings, OffsetReader offsets, LongSupplier salts)
            throws IOException {
        return new SegmentedLog(storage, settings, offsets, salts);
    }

    /** Whether a log was ever begun in a directory, as far as that can be seen. */
    public static boolean isIn(Storage storage) throws IOException {
        return LogReset.interrupted(storage).isPresent()
                || storage.list().stream().anyMatch(SegmentHeader::isFileName);
    }

    /** Deletes the log in a directory, whatever its state, and the directory. Nobody may have it open. */
    public static void delete(Storage storage) throws IOException {
        new LogReset(LogPosition.ZERO, 0).makeDurable(storage);
        LogReset.removeFiles(storage);
        LogReset.end(storage);
        for (String other : storage.list()) {
            storage.delete(other); // what others keep beside a log means nothing without it
        }
        storage.deleteDirectory();
    }

    /** The position before the first entry; {@link LogPosition#ZERO} in a log that was never trimmed or reset. */
    public LogPosition start() {
        return view.start();
    }

    /** The index of the first entry, present or to come. */
    public long firstIndex() {
        return view.firstIndex();
    }

    /** The last entry that was appended, durable or not; {@link #start()} if there is none. */
    public LogPosition lastPosition() {
        return view.last();
    }

    /** The offset of the first record, present or to come. */
    public long logStartOffset() {
        return view.logStartOffset();
    }

    /** The offset of the next record to be appended. */
    public long nextOffset() {
        return view.nextOffset();
    }

    /** On disk, without indexes and what is preallocated. */
    public long sizeBytes() {
        long sum = 0;
        for (Segment segment : view.segments()) {
            sum += segment.end();
        }
        return sum;
    }

    /** The segments in order, for whoever decides about retention. The last one is still growing. */
    public List<SegmentSummary> segments() {
        return view.segments().stream().map(Segment::summary).toList();
    }

    /** Where each term begins; the first entry of the log counts as a beginning. For the thread that changes the log. */
    public List<TermStart> termStarts() {
        List<TermStart> all = new ArrayList<>();
        for (Segment segment : view.segments()) {
            for (TermStart start : segment.termStarts()) {
                if (all.isEmpty() || all.get(all.size() - 1).term() != start.term()) {
                    all.add(start);
                }
            }
        }
        return List.copyOf(all);
    }

    /**
     * Writes entries behind the last one. They are readable when this returns, and durable after {@link #sync}.
     *
     * @throws IllegalArgumentException if they do not follow the last entry, or their offsets do not
     */
    public void append(List<Entry> entries) throws IOException {
        changeAfter(() -> nextOffsetsOf(entries), nextOffsets -> appendChecked(entries, nextOffsets));
    }

    /**
     * Makes all entries durable.
     *
     * @return the last of them
     */
    public LogPosition sync() throws IOException {
        LogView now = view;
        change(this::syncNow);
        return now.last();
    }

    /**
     * Takes away all entries from an index on, durably. Does nothing if there are none.
     *
     * @throws IllegalArgumentException if that is before the first entry
     */
    public void truncateFrom(long index) throws IOException {
        if (index < view.firstIndex()) {
            throw new IllegalArgumentException(
                    "entry " + index + " cannot be truncated in a log that starts with " + view.firstIndex());
        }
        change(() -> truncate(index));
    }

    /** Begins a new segment, unless the newest one is empty: of segments that are full, a log may lose the first. */
    public void roll() throws IOException {
        change(() -> {
            if (!writer.segment().isEmpty()) {
                rollNow();
            }
        });
    }

    /**
     * Where the log may begin if the entries up to an index are not needed any more: it loses whole segments, and never the
     * newest. {@link #start()} if there is nothing to lose.
     */
    public LogPosition trimmableTo(long index) {
        LogView now = view;
        int kept = 0;
        while (kept + 1 < now.segments().size() && now.lastIndexOf(kept) <= index) {
            kept++;
        }
        return now.segments().get(kept).header().previous();
    }

    /**
     * Deletes the segments for whose entries a snapshot stands, durably. After a crash the log begins as before or as after.
     *
     * @param snapshot of a position that {@link #trimmableTo} gave. If the log does not have that any more, because a
     *     snapshot that goes further has replaced it, nothing happens
     */
    public void trimPrefix(Snapshot snapshot) throws IOException {
        change(() -> trim(snapshot));
    }

    /** What stands for the entries before {@link #start()}; empty if there never were any. */
    public Optional<Snapshot> startSnapshot() throws IOException {
        LogPosition start = view.start();
        return start.index() == 0
                ? Optional.empty()
                : Optional.of(SnapshotCodec.decode(SnapshotFile.read(storage, SnapshotFile.nameOf(start))));
    }

    /**
     * The bytes of {@link #startSnapshot()}, as {@link SnapshotCodec} writes them.
     *
     * @throws EntriesUnavailableException if the log does not start at this position any more, or not yet
     */
    public Payload encodedSnapshot(LogPosition position) throws IOException {
        checkOpen();
        if (!position.equals(view.start())) {
            throw new EntriesUnavailableException("The log in " + storage + " does not start at " + position);
        }
        try {
            return SnapshotFile.read(storage, SnapshotFile.nameOf(position));
        } catch (NoSuchFileException trimmedMeanwhile) {
            throw new EntriesUnavailableException(
                    "The log in " + storage + " does not start at " + position + " any more");
        }
    }

    /**
     * Drops all entries and begins anew after a snapshot, durably: what a replica does that needs entries that its peers do
     * not have any more. After a crash the log is either as before or as after.
     */
    public void reset(Snapshot snapshot) throws IOException {
        LogPosition start = snapshot.position();
        change(() -> {
            // Before any file goes, readers see a log without entries.
            Segment empty = new Segment(new SegmentHeader(start, snapshot.nextOffset(), 0));
            view = new LogView(List.of(empty), start, snapshot.nextOffset(), view.history() + 1);
            writer.close();
            SnapshotFile.write(storage, snapshot);
            LogReset reset = new LogReset(start, snapshot.nextOffset());
            reset.makeDurable(storage);
            LogRecovery.Recovered fresh = recovery.finish(reset);
            writer = fresh.writer();
            view = viewOf(fresh, view.history());
            durableIndex = start.index();
            indexedEnd = 0;
            reader.forgetFiles();
        });
    }

    /**
     * The entries of a range, as far as they are there and their payloads fit into {@code maxBytes}; at least one if
     * there is one, however large.
     *
     * @throws EntriesUnavailableException if {@code from} was trimmed, or entries were truncated during the call
     * @throws LogCorruptedException if what is on disk is not what was written
     */
    public List<Entry> read(long from, long toInclusive, int maxBytes) throws IOException {
        checkOpen();
        return reader.read(from, toInclusive, maxBytes);
    }

    /** The offset after the last record of all entries up to an index, from {@code start().index()} on. */
    public long nextOffsetAt(long index) throws IOException {
        checkOpen();
        return reader.nextOffsetAt(index);
    }

    /**
     * The index of the entry that holds the record with an offset.
     *
     * @throws EntriesUnavailableException if it was trimmed
     * @throws IllegalArgumentException if it is not there yet
     */
    public long indexOfOffset(long offset) throws IOException {
        checkOpen();
        return reader.indexOfOffset(offset);
    }

    /** The first entry that has a record with this timestamp or a later one. */
    public OptionalLong indexOfTimestamp(long timestampMillis) throws IOException {
        checkOpen();
        return reader.indexOfTimestamp(timestampMillis);
    }

    /** Closes what only readers have open; who reads again opens it again. From any thread. */
    public void closeReadFiles() throws IOException {
        reader.forgetFiles();
    }

    /** Makes everything durable, gives back what was preallocated, and closes the files. A failed log is only closed. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        try {
            if (failure == null) {
                change(this::settle);
            }
        } finally {
            closed = true;
            writer.close();
            reader.forgetFiles();
        }
    }

    /** Closes the log and deletes it, and its directory, durably. */
    public void delete() throws IOException {
        closed = true;
        writer.close();
        reader.forgetFiles();
        delete(storage);
    }

    private interface Change<T> {
        void run(T checked) throws IOException;
    }

    private interface PlainChange {
        void run() throws IOException;
    }

    private void change(PlainChange change) throws IOException {
        changeAfter(() -> Boolean.TRUE, checked -> change.run());
    }

    /** The check may refuse with an exception without any harm; once the change began, an exception is a failure. */
    private <T> void changeAfter(Supplier<T> check, Change<T> change) throws IOException {
        if (!changing.compareAndSet(false, true)) {
            throw new IllegalStateException("two threads change the log in " + storage + " at the same time");
        }
        try {
            checkOpen();
            Throwable earlier = failure;
            if (earlier != null) {
                throw new LogFailedException(storage, earlier);
            }
            T checked = check.get();
            try {
                change.run(checked);
            } catch (IOException | RuntimeException | Error e) {
                failure = e;
                writer.abandon();
                throw e;
            }
        } finally {
            changing.set(false);
        }
    }

    private void checkOpen() throws EntriesUnavailableException {
        if (closed) {
            throw new EntriesUnavailableException("The log in " + storage + " is closed");
        }
    }

    /** The offset after each entry. */
    private long[] nextOffsetsOf(List<Entry> entries) {
        LogPosition previous = view.last();
        long[] nextOffsets = new long[entries.size()];
        long next = view.nextOffset();
        for (int i = 0; i < nextOffsets.length; i++) {
            Entry entry = entries.get(i);
            if (entry.index() != previous.index() + 1 || entry.term() < previous.term()) {
                throw new IllegalArgumentException("entry " + entry.position() + " does not follow " + previous);
            }
            if (entry.type() == EntryType.DATA) {
                next = offsets.nextOffset(entry.payload(), next);
            }
            nextOffsets[i] = next;
            previous = entry.position();
        }
        return nextOffsets;
    }

    private void appendChecked(List<Entry> entries, long[] nextOffsets) throws IOException {
        for (int i = 0; i < nextOffsets.length; i++) {
            Entry entry = entries.get(i);
            int frameBytes = EntryFrame.frameBytes(entry.payload());
            Segment newest = writer.segment();
            if (!newest.isEmpty() && newest.end() + frameBytes > settings.segmentBytes()) {
                writer.flush(settings);
                rollNow();
                newest = writer.segment();
            }
            writer.put(entry.type().code(), entry.index(), entry.term(), durableIndex, nextOffsets[i], entry.payload());
            newest.add(
                    entry.index(),
                    entry.term(),
                    nextOffsets[i],
                    entry.type() == EntryType.DATA ? offsets.maxTimestamp(entry.payload()) : OffsetReader.NO_TIMESTAMP,
                    frameBytes,
                    newest.growingSparse(),
                    settings.indexIntervalBytes());
        }
        writer.flush(settings);
        publish(view.segments());
    }

    private void publish(List<Segment> segments) {
        Segment newest = writer.segment();
        view = new LogView(segments, newest.last(), newest.nextOffset(), view.history());
    }

    /** The full segment is durable before its successor exists, and that before it gets frames. */
    private void rollNow() throws IOException {
        Segment full = writer.segment();
        writer.cutAtEnd();
        writer.force();
        durableIndex = full.last().index();
        writeIndex(full);
        writer.close();
        writer = recovery.createSegment(full.last(), full.nextOffset());
        full.seal();
        indexedEnd = 0;
        List<Segment> segments = new ArrayList<>(view.segments());
        segments.add(writer.segment());
        publish(List.copyOf(segments));
    }

    private void writeIndex(Segment segment) throws IOException {
        segment.toIndex(segment.growingSparse()).write(storage, segment.firstIndex());
        indexedEnd = segment.end();
    }

    private void syncNow() throws IOException {
        long last = view.last().index();
        if (last > durableIndex) {
            writer.force();
            durableIndex = last;
            writer.mark();
        }
    }

    private void truncate(long index) throws IOException {
        LogView before = view;
        if (index > before.last().index()) {
            return;
        }
        int number = before.segmentOf(index);
        Segment shortened;
        Segment old = before.segments().get(number);
        StorageFile file = storage.open(old.fileName());
        SegmentWriter successor;
        try {
            SparseIndex sparse = reader.sparseOf(old, file);
            shortened = old.restartedAt(sparse.floorOfIndex(index), sparse);
            SegmentScan scan =
                    SegmentScan.run(file, shortened, shortened.growingSparse(), index, old.end(), settings, offsets);
            if (shortened.last().index() != index - 1) {
                throw new LogCorruptedException(
                        storage,
                        old.fileName(),
                        shortened.end(),
                        shortened.last().index() + 1,
                        scan.problem());
            }
            successor = new SegmentWriter(file, shortened, file.size());
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        // Readers from now on do not go past the cut; those under way find another history when they are done.
        List<Segment> kept = new ArrayList<>(before.segments().subList(0, number));
        kept.add(shortened);
        writer.close();
        writer = successor;
        view = new LogView(List.copyOf(kept), shortened.last(), shortened.nextOffset(), before.history() + 1);

        boolean promised = index <= durableIndex; // otherwise the cut is what a crash might have done
        if (promised) {
            LogTruncation truncation = new LogTruncation(index);
            truncation.makeDurable(storage);
            truncation.removeFiles(storage);
            indexedEnd = 0;
        }
        writer.cutAtEnd();
        writer.force();
        if (promised) {
            LogTruncation.end(storage);
        }
        durableIndex = index - 1;
        writer.mark();
        reader.forgetFiles();
    }

    private void deleteSegment(Segment segment) throws IOException {
        storage.delete(segment.fileName());
        storage.delete(SegmentIndex.fileName(segment.firstIndex()));
        storage.syncDirectory();
    }

    private void trim(Snapshot snapshot) throws IOException {
        LogView before = view;
        int dropped = 1;
        while (dropped < before.segments().size()
                && !before.segments().get(dropped).header().previous().equals(snapshot.position())) {
            dropped++;
        }
        if (dropped == before.segments().size()) {
            return;
        }
        SnapshotFile.write(storage, snapshot);
        publish(List.copyOf(before.segments().subList(dropped, before.segments().size())));
        // From the beginning, one after the other: never a hole.
        for (int i = 0; i < dropped; i++) {
            deleteSegment(before.segments().get(i));
        }
        SnapshotFile.deleteAllBut(storage, SnapshotFile.nameOf(snapshot.position()));
        reader.forgetFiles();
    }

    private void settle() throws IOException {
        syncNow();
        Segment newest = writer.segment();
        if (indexedEnd < newest.end() && !newest.isEmpty()) {
            writer.cutAtEnd();
            writer.mark();
            writer.force();
            writeIndex(newest);
        }
    }

    private static LogView viewOf(LogRecovery.Recovered recovered, long history) {
        Segment newest = recovered.writer().segment();
        return new LogView(recovered.segments(), newest.last(), newest.nextOffset(), history);
    }
}
