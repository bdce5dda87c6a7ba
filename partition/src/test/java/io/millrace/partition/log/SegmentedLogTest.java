package io.millrace.partition.log;

import static io.millrace.partition.log.LogFixtures.FOUNDING;
import static io.millrace.partition.log.LogFixtures.data;
import static io.millrace.partition.log.LogFixtures.following;
import static io.millrace.partition.log.LogFixtures.open;
import static io.millrace.partition.log.LogFixtures.snapshotOf;
import static io.millrace.partition.log.LogFixtures.trim;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.SnapshotCodec;
import io.millrace.partition.raft.StateMachine;
import io.millrace.partition.raft.TermStart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentedLogTest {
    private final SimulatedStorage storage = new SimulatedStorage();

    @Test
    void aFreshLogIsEmptyAndStaysSo() throws IOException {
        try (SegmentedLog log = open(storage)) {
            assertThat(log.start()).isEqualTo(LogPosition.ZERO);
            assertThat(log.lastPosition()).isEqualTo(LogPosition.ZERO);
            assertThat(log.termStarts()).isEmpty();
            assertThat(log.read(1, 10, 100)).isEmpty();
            assertThat(log.nextOffsetAt(0)).isZero();
        }
        try (SegmentedLog log = open(storage)) {
            assertThat(log.lastPosition()).isEqualTo(LogPosition.ZERO);
        }
    }

    @Test
    void findsEntriesByIndexOffsetAndTimestampAcrossSegments(@TempDir Path directory) throws IOException {
        List<Entry> entries = following(List.of(), 100, 3, 90);
        for (Storage place : List.of(storage, FileStorage.in(directory.resolve("a/b")))) {
            try (SegmentedLog log = open(place)) {
                log.append(entries);
                assertThat(log.segments()).hasSizeGreaterThan(5);
                assertFinds(log, entries);
            }
            try (SegmentedLog log = open(place)) {
                assertFinds(log, entries);
                assertThat(log.termStarts()).containsExactly(new TermStart(3, 1));
            }
        }
    }

    private static void assertFinds(SegmentedLog log, List<Entry> entries) throws IOException {
        assertThat(log.read(1, 1_000, 1 << 20)).isEqualTo(entries);
        long offset = 0;
        for (Entry entry : entries) {
            assertThat(log.read(entry.index(), entry.index(), 1)).containsExactly(entry);
            assertThat(log.nextOffsetAt(entry.index() - 1)).isEqualTo(offset);
            long next = LogFixtures.nextOffset(entry, offset);
            for (; offset < next; offset++) {
                assertThat(log.indexOfOffset(offset)).isEqualTo(entry.index());
            }
            if (entry.payload().sizeBytes() > 0) {
                assertThat(log.indexOfTimestamp(1_000 * entry.index())).isEqualTo(OptionalLong.of(entry.index()));
            }
        }
        long end = offset;
        assertThat(log.nextOffset()).isEqualTo(end);
        assertThat(log.indexOfTimestamp(Long.MAX_VALUE)).isEmpty();
        assertThatThrownBy(() -> log.indexOfOffset(end)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aReadIsBoundedButNeverEmptyHanded() throws IOException {
        SegmentedLog log = open(storage, LogSettings.DEFAULT);
        List<Entry> entries = List.of(data(1, 1, 0, 1, 39), data(2, 1, 1, 1, 39), data(3, 1, 2, 1, 5_000_000));
        log.append(entries);
        assertThat(log.read(1, 3, 0)).isEqualTo(entries.subList(0, 1));
        assertThat(log.read(1, 3, 199)).isEqualTo(entries.subList(0, 1));
        assertThat(log.read(1, 3, 200)).isEqualTo(entries.subList(0, 2));
        assertThat(log.read(3, 3, 200)).isEqualTo(entries.subList(2, 3));
        assertThat(log.read(1, 2, Integer.MAX_VALUE)).isEqualTo(entries.subList(0, 2));
    }

    @Test
    void refusesWhatDoesNotFollowAndGoesOn() throws IOException {
        SegmentedLog log = open(storage);
        log.append(List.of(data(1, 5, 0, 2, 10)));
        for (Entry bad : List.of(data(3, 5, 2, 1, 1), data(2, 4, 2, 1, 1), data(2, 5, 3, 1, 1), data(1, 5, 2, 1, 1))) {
            assertThatThrownBy(() -> log.append(List.of(bad))).isInstanceOf(IllegalArgumentException.class);
        }
        log.append(List.of(data(2, 5, 2, 1, 1)));
        assertThat(log.sync()).isEqualTo(new LogPosition(2, 5));
    }

    @Test
    void groupsWritesAndForcesOnlyWhatIsNew() throws IOException {
        SegmentedLog log = open(storage, LogSettings.DEFAULT);
        log.append(List.of(data(1, 1, 0, 1, 10))); // preallocates
        int writes = storage.writes();
        log.append(following(log.read(1, 1, 0), 100, 1, 100));
        assertThat(storage.writes() - writes).isEqualTo(1);
        int forces = storage.forces();
        log.sync();
        log.sync();
        assertThat(storage.forces() - forces).isEqualTo(1);
    }

    @Test
    void truncationReachesBackOverSegmentsAndIsDurable() throws IOException {
        List<Entry> entries = new ArrayList<>(following(List.of(), 60, 1, 100));
        entries.addAll(following(entries, 20, 2, 100));
        for (int from = 1; from <= 80; from++) {
            SimulatedStorage place = new SimulatedStorage();
            SegmentedLog log = open(place);
            log.append(entries);
            log.truncateFrom(from);
            List<Entry> kept = entries.subList(0, from - 1);
            place.crash(new java.util.Random(from));
            try (SegmentedLog after = open(place)) {
                assertThat(after.read(1, 100, 1 << 20)).isEqualTo(kept);
                List<Entry> more = following(kept, 30, 9, 50);
                after.append(more);
                assertThat(after.read(from, 1_000, 1 << 20)).isEqualTo(more);
                assertThat(after.termStarts()).contains(new TermStart(9, from));
            }
        }
    }

    @Test
    void trimsWholeSegmentsAndSaysWhereItStarts() throws IOException {
        List<Entry> entries = following(List.of(), 60, 1, 100);
        SegmentedLog log = open(storage);
        log.append(entries);
        log.sync();
        trim(log, 30);
        long first = log.firstIndex();
        assertThat(first).isBetween(10L, 30L);
        assertThat(log.start()).isEqualTo(new LogPosition(first - 1, 1));
        assertThat(log.termStarts()).containsExactly(new TermStart(1, first));
        assertThat(log.indexOfOffset(log.logStartOffset())).isGreaterThanOrEqualTo(first);
        assertThatThrownBy(() -> log.read(first - 1, 60, 100)).isInstanceOf(EntriesUnavailableException.class);
        assertThatThrownBy(() -> log.indexOfOffset(log.logStartOffset() - 1))
                .isInstanceOf(EntriesUnavailableException.class);
        storage.crash(new java.util.Random(1));
        try (SegmentedLog after = open(storage)) {
            assertThat(after.firstIndex()).isEqualTo(first);
            assertThat(after.read(first, 60, 1 << 20)).isEqualTo(entries.subList((int) first - 1, 60));
            trim(after, Long.MAX_VALUE);
            assertThat(after.segments()).hasSize(1);
        }
    }

    @Test
    void whatIsTrimmedIsFoldedIntoWhatTheLogBeginsWith() throws IOException {
        List<Entry> entries = following(List.of(), 200, 1, 100);
        SegmentedLog log = open(storage);
        log.append(entries);
        log.sync();
        assertThat(log.startSnapshot()).isEmpty();
        trim(log, 40);
        trim(log, 90);
        assertThat(log.startSnapshot())
                .contains(snapshotOf(entries.subList(0, (int) log.start().index())));
        assertThat(storage.list().stream().filter(name -> name.endsWith(".snapshot")))
                .hasSize(1);
        LogPosition start = log.start();
        assertThat(SnapshotCodec.decode(log.encodedSnapshot(start)).position()).isEqualTo(start);
        assertThatThrownBy(() -> log.encodedSnapshot(new LogPosition(1, 1)))
                .isInstanceOf(EntriesUnavailableException.class);
    }

    @Test
    void aSnapshotOfWhatWasReplacedSinceTrimsNothing() throws IOException {
        List<Entry> entries = following(List.of(), 60, 1, 100);
        SegmentedLog log = open(storage);
        log.append(entries);
        Snapshot late = SnapshotFold.of(log, log.trimmableTo(30), FOUNDING, new NoState());
        Snapshot further = snapshotOf(following(List.of(), 500, 2, 10));
        log.reset(further);
        log.trimPrefix(late);
        assertThat(log.start()).isEqualTo(further.position());
        assertThat(log.startSnapshot()).contains(further);
    }

    private static final class NoState implements StateMachine {
        @Override
        public void apply(Entry entry) {}

        @Override
        public Payload snapshot() {
            return Payload.EMPTY;
        }

        @Override
        public void restore(Payload snapshot) {}
    }

    @Test
    void resetBeginsAnewElsewhere() throws IOException {
        SegmentedLog log = open(storage);
        log.append(following(List.of(), 60, 1, 100));
        log.reset(new Snapshot(new LogPosition(500, 7), 1_234, FOUNDING, Payload.EMPTY));
        assertThat(log.read(501, 600, 100)).isEmpty();
        log.append(List.of(data(501, 7, 1_234, 3, 10)));
        log.sync();
        storage.crash(new java.util.Random(3));
        try (SegmentedLog after = open(storage)) {
            assertThat(after.start()).isEqualTo(new LogPosition(500, 7));
            assertThat(after.lastPosition()).isEqualTo(new LogPosition(501, 7));
            assertThat(after.nextOffset()).isEqualTo(1_237);
            assertThat(after.termStarts()).containsExactly(new TermStart(7, 501));
        }
    }

    @Test
    void aFailedWriteOrForceIsForGood() throws IOException {
        for (boolean force : List.of(true, false)) {
            SimulatedStorage place = new SimulatedStorage();
            SegmentedLog log = open(place);
            log.append(List.of(data(1, 1, 0, 1, 10)));
            log.sync();
            if (force) {
                place.failForceAfter(0);
                log.append(List.of(data(2, 1, 1, 1, 10)));
                assertThatThrownBy(log::sync).isInstanceOf(IOException.class).hasMessageContaining("Input/output");
            } else {
                place.failWriteAfter(0);
                assertThatThrownBy(() -> log.append(List.of(data(2, 1, 1, 1, 10))))
                        .isInstanceOf(IOException.class);
            }
            assertThatThrownBy(log::sync).isInstanceOf(LogFailedException.class);
            assertThatThrownBy(() -> log.append(List.of())).isInstanceOf(LogFailedException.class);
            assertThat(log.read(1, 1, 100)).hasSize(1);
            log.close();
            // The operating system still shows what the failed force left in its cache: opening makes it durable.
            LogPosition last = open(place).lastPosition();
            assertThat(last.index()).isGreaterThanOrEqualTo(force ? 2 : 1);
            place.crash(new java.util.Random(5));
            assertThat(open(place).lastPosition()).isEqualTo(last);
        }
    }

    @Test
    void aFullDiskLosesNothingThatWasSynced() throws IOException {
        SegmentedLog log = open(storage);
        List<Entry> entries = following(List.of(), 20, 1, 100);
        log.append(entries);
        log.sync();
        storage.limitTo(6_000);
        assertThatThrownBy(() -> log.append(following(entries, 100, 1, 100))).isInstanceOf(IOException.class);
        log.close();
        storage.kill();
        try (SegmentedLog after = open(storage)) {
            assertThat(after.read(1, 20, 1 << 20)).isEqualTo(entries);
        }
    }

    @Test
    void whereverTheDiskIsFullInASegmentOrBetweenTwoAllThatWasSyncedIsThereWhenThereIsRoomAgain() throws IOException {
        LogSettings ahead = new LogSettings(2_000, 500, 1_000);
        for (LogSettings small : List.of(ahead, ahead.withPreallocateBytesMax(0))) {
            for (int capacity = 64; capacity < 9_000; capacity += 7) {
                for (boolean crash : List.of(false, true)) {
                    SimulatedStorage place = new SimulatedStorage();
                    SegmentedLog log = open(place, small);
                    place.limitTo(capacity);
                    List<Entry> entries = following(List.of(), 100, 1, 150);
                    int synced = 0;
                    try {
                        for (Entry entry : entries) {
                            log.append(List.of(entry));
                            log.sync();
                            synced++;
                        }
                    } catch (IOException full) {
                        assertThat(full).hasMessageContaining("No space left on device");
                    }
                    assertThat(synced).isLessThan(entries.size());
                    if (crash) {
                        place.crash(new java.util.Random(capacity));
                    } else {
                        log.close();
                        place.limitTo(Long.MAX_VALUE);
                    }
                    try (SegmentedLog after = open(place, small)) {
                        assertThat(after.lastPosition().index()).isGreaterThanOrEqualTo(synced);
                        assertThat(after.read(1, synced, 1 << 20)).isEqualTo(entries.subList(0, synced));
                        after.append(entries.subList((int) after.lastPosition().index(), entries.size()));
                        after.sync();
                        assertThat(after.read(1, entries.size(), 1 << 20)).isEqualTo(entries);
                    }
                }
            }
        }
    }

    @Test
    void deleteLeavesNothing(@TempDir Path directory) throws IOException {
        Path place = directory.resolve("replica");
        SegmentedLog log = open(FileStorage.in(place));
        log.append(following(List.of(), 100, 1, 100));
        log.delete();
        assertThat(place).doesNotExist();
    }

    @Test
    void aReaderThatIsOvertakenByAChangeIsTold() throws IOException {
        interface Change {
            void of(SegmentedLog log, List<Entry> entries) throws IOException;
        }
        Change truncation = (log, entries) -> {
            log.truncateFrom(20);
            log.append(following(entries.subList(0, 19), 41, 2, 100)); // the same places, other entries
        };
        Change reset = (log, entries) -> {
            List<Entry> before = following(List.of(), 5, 2, 100);
            log.reset(snapshotOf(before));
            log.append(following(before, 55, 2, 100));
        };
        Change trim = (log, entries) -> trim(log, 59);
        for (Change change : List.of(truncation, reset, trim)) {
            SimulatedStorage place = new SimulatedStorage();
            SegmentedLog log = open(place);
            List<Entry> entries = following(List.of(), 60, 1, 100);
            log.append(entries);
            place.beforeNextRead(() -> {
                try {
                    change.of(log, entries);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThatThrownBy(() -> log.read(10, 60, 1 << 20)).isInstanceOf(EntriesUnavailableException.class);
            long first = log.firstIndex();
            assertThat(log.read(first, 60, 1 << 20)).hasSize((int) (61 - first));
        }
    }

    @Test
    void readersSeeRightEntriesOrAClearExceptionWhileTheLogChanges(@TempDir Path directory) throws Exception {
        SegmentedLog log = open(FileStorage.in(directory), new LogSettings(20_000, 500, 4_096));
        AtomicLong published = new AtomicLong();
        AtomicLong reads = new AtomicLong();
        List<CompletableFuture<Void>> readers = new ArrayList<>();
        for (int reader = 0; reader < 3; reader++) {
            java.util.Random random = new java.util.Random(reader);
            readers.add(CompletableFuture.runAsync(() -> readUntil(log, published, reads, random)));
        }
        List<Entry> model = new ArrayList<>();
        java.util.Random random = new java.util.Random(99);
        for (int round = 1; round <= 600 || (reads.get() == 0 && noneHasEnded(readers)); round++) {
            if (random.nextInt(10) == 0 && model.size() > log.firstIndex() + 3) {
                int cut = Math.max((int) log.firstIndex(), model.size() - random.nextInt(300));
                published.set(cut - 1);
                log.truncateFrom(cut);
                model = new ArrayList<>(model.subList(0, cut - 1));
            }
            List<Entry> more = following(model, 1 + random.nextInt(20), round, random.nextInt(200));
            log.append(more);
            model.addAll(more);
            published.set(model.size());
            if (random.nextInt(20) == 0) {
                trim(log, model.size() - 400);
            }
        }
        published.set(-1);
        for (CompletableFuture<Void> reader : readers) {
            reader.get();
        }
        assertThat(reads.get()).isPositive();
        assertThat(log.read(log.firstIndex(), model.size(), 1 << 24))
                .isEqualTo(model.subList((int) log.firstIndex() - 1, model.size()));
        log.close();
    }

    private static boolean noneHasEnded(List<CompletableFuture<Void>> readers) {
        return readers.stream().noneMatch(CompletableFuture::isDone);
    }

    private static void readUntil(SegmentedLog log, AtomicLong published, AtomicLong reads, java.util.Random random) {
        for (long last = 0; last >= 0; last = published.get()) {
            if (last < 2) {
                continue;
            }
            long from = Math.max(1, last - random.nextInt(500));
            try {
                List<Entry> found = log.read(from, last, 1 + random.nextInt(10_000));
                for (int i = 0; i < found.size(); i++) {
                    Entry entry = found.get(i);
                    assertThat(entry.index()).isEqualTo(from + i);
                    assertThat(i == 0 || found.get(i - 1).term() <= entry.term())
                            .isTrue();
                    if (entry.payload().sizeBytes() > 0) { // each term writes its own bytes
                        long base = java.nio.ByteBuffer.wrap(entry.payload().toByteArray())
                                .getLong();
                        Entry expected = data(
                                entry.index(),
                                entry.term(),
                                base,
                                (int) (1 + entry.index() % 3),
                                entry.payload().sizeBytes() - 61);
                        assertThat(entry).isEqualTo(expected);
                    }
                }
                reads.incrementAndGet();
            } catch (EntriesUnavailableException gone) {
                assertThat(gone).hasMessageContaining("log");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
