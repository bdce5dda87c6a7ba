package io.millrace.partition.log;

import static io.millrace.partition.log.LogFixtures.following;
import static io.millrace.partition.log.LogFixtures.open;
import static io.millrace.partition.log.LogFixtures.snapshotOf;
import static io.millrace.partition.log.LogFixtures.trim;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What crashes and bad disks do to a log, and what it makes of it. */
class LogCrashTest {
    private static final String FIRST = "00000000000000000001.log";
    private static final LogSettings ONE_SEGMENT = new LogSettings(1 << 20, 300, 0);

    private static List<Entry> all(SegmentedLog log) throws IOException {
        return log.read(log.firstIndex(), Long.MAX_VALUE, Integer.MAX_VALUE);
    }

    @Test
    void anUnsyncedTailThatIsCutAtAnyByteLosesOnlyThatTail() throws IOException {
        List<Entry> synced = following(List.of(), 4, 1, 20);
        List<Entry> tail = following(synced, 4, 1, 20);
        SimulatedStorage storage = new SimulatedStorage();
        SegmentedLog log = open(storage, ONE_SEGMENT);
        log.append(synced);
        log.sync();
        int syncedEnd = (int) log.sizeBytes();
        log.append(tail);
        int end = (int) log.sizeBytes();
        List<Entry> everything = concat(synced, tail);
        for (int size = syncedEnd; size <= end; size++) {
            SimulatedStorage cut = storage.copy();
            cut.cut(FIRST, size);
            try (SegmentedLog after = open(cut, ONE_SEGMENT)) {
                List<Entry> found = all(after);
                assertThat(found).isEqualTo(everything.subList(0, found.size()));
                assertThat(found.size()).isGreaterThanOrEqualTo(synced.size());
                List<Entry> more = following(found, 3, 2, 20);
                after.append(more);
                assertThat(all(after)).isEqualTo(concat(found, more));
            }
        }
    }

    @Test
    void aSyncedLogThatBecameShorterIsNotOpened() throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        SegmentedLog log = open(storage, ONE_SEGMENT);
        log.append(following(List.of(), 8, 1, 20));
        log.close();
        int end = storage.contentOf(FIRST).length - EntryFrame.HEADER_BYTES;
        for (int size = SegmentHeader.BYTES; size < end; size++) {
            SimulatedStorage cut = storage.copy();
            cut.cut(FIRST, size);
            assertThatThrownBy(() -> open(cut, ONE_SEGMENT)).isInstanceOf(LogCorruptedException.class);
        }
    }

    @Test
    void anyFlippedBitOfASyncedLogIsFoundOutBeforeItIsReturned() throws IOException {
        List<Entry> entries = following(List.of(), 8, 1, 20);
        for (boolean indexed : List.of(false, true)) {
            SimulatedStorage storage = new SimulatedStorage();
            SegmentedLog log = open(storage, ONE_SEGMENT);
            log.append(entries.subList(0, 4));
            log.sync();
            log.append(entries.subList(4, 8));
            log.sync();
            int end = (int) log.sizeBytes();
            if (indexed) {
                log.close();
            } else {
                storage.kill();
            }
            for (int position = 0; position < end; position++) {
                SimulatedStorage flipped = storage.copy();
                flipped.flipBit(FIRST, position, position % 8);
                boolean meaningless = position >= 44 && position < SegmentHeader.BYTES;
                boolean refused = false;
                try (SegmentedLog after = open(flipped, ONE_SEGMENT)) {
                    assertThat(all(after)).isEqualTo(entries);
                } catch (LogCorruptedException e) {
                    refused = true;
                    assertThat(e.file()).isEqualTo(FIRST);
                    assertThat(e).hasMessageContaining("damaged");
                }
                assertThat(refused).as("byte %s", position).isEqualTo(!meaningless);
            }
        }
    }

    @Test
    void aFlippedBitOfASealedSegmentIsFoundOutWithAndWithoutIndex() throws IOException {
        List<Entry> entries = following(List.of(), 40, 1, 100);
        SimulatedStorage storage = new SimulatedStorage();
        try (SegmentedLog log = open(storage)) {
            log.append(entries);
        }
        int size = storage.contentOf(FIRST).length;
        for (int position = 0; position < size; position += 3) {
            for (boolean indexed : List.of(true, false)) {
                SimulatedStorage flipped = storage.copy();
                if (!indexed) {
                    flipped.delete("00000000000000000001.index");
                }
                flipped.flipBit(FIRST, position, position % 8);
                boolean meaningless = position >= 44 && position < SegmentHeader.BYTES;
                boolean refused = false;
                try (SegmentedLog after = open(flipped)) {
                    assertThat(all(after)).isEqualTo(entries);
                } catch (LogCorruptedException e) {
                    refused = true;
                }
                assertThat(refused).as("byte %s", position).isEqualTo(!meaningless);
            }
        }
    }

    @Test
    void aDamagedOrMissingIndexIsMadeAgain() throws IOException {
        List<Entry> entries = following(List.of(), 40, 1, 100);
        SimulatedStorage storage = new SimulatedStorage();
        try (SegmentedLog log = open(storage)) {
            log.append(entries);
        }
        for (String name : storage.list()) {
            if (!SegmentIndex.isFileName(name)) {
                continue;
            }
            byte[] good = storage.contentOf(name);
            for (int position = -1; position < good.length; position++) {
                SimulatedStorage flipped = storage.copy();
                if (position < 0) {
                    flipped.delete(name);
                } else if (position % 2 == 0) {
                    flipped.flipBit(name, position, position / 2 % 8);
                } else {
                    flipped.cut(name, position);
                }
                try (SegmentedLog after = open(flipped)) {
                    assertThat(all(after)).isEqualTo(entries);
                    assertThat(after.indexOfOffset(after.nextOffset() - 1)).isGreaterThan(30);
                }
                assertThat(flipped.contentOf(name)).isEqualTo(good);
            }
        }
    }

    @Test
    void aTornHeaderOfANewSegmentIsNoDamageAndOneOfAUsedSegmentIs() throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        List<Entry> entries = following(List.of(), 40, 1, 100);
        try (SegmentedLog log = open(storage)) {
            log.append(entries);
        }
        String next = SegmentHeader.fileName(41);
        for (int size = 0; size < SegmentHeader.BYTES; size++) {
            SimulatedStorage torn = storage.copy();
            StorageFile file = torn.create(next);
            file.write(java.nio.ByteBuffer.wrap(new byte[] {'M', 'L', 'O', 'G'}), 0);
            file.write(java.nio.ByteBuffer.wrap(new byte[2_000]), size);
            try (SegmentedLog after = open(torn)) {
                assertThat(all(after)).isEqualTo(entries);
                after.append(following(entries, 40, 2, 100));
                assertThat(all(after)).hasSize(80);
            }
        }
        SimulatedStorage used = storage.copy();
        used.flipBit(used.list().get(used.list().size() - 1), 9, 1);
        assertThatThrownBy(() -> open(used)).isInstanceOf(LogCorruptedException.class);
    }

    @Test
    void aMissingSegmentIsDamage() throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        try (SegmentedLog log = open(storage)) {
            log.append(following(List.of(), 60, 1, 100));
        }
        List<String> segments =
                storage.list().stream().filter(SegmentHeader::isFileName).toList();
        storage.delete(segments.get(1));
        assertThatThrownBy(() -> open(storage)).isInstanceOf(LogCorruptedException.class);
    }

    @Test
    void aFrameCopiedIntoAMessageProvesNothing() throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        SegmentedLog log = open(storage, ONE_SEGMENT);
        List<Entry> first = following(List.of(), 3, 1, 50);
        log.append(first);
        log.sync();
        // A batch whose bytes are the segment's own: what a backup of the broker through itself would be.
        byte[] copy = storage.contentOf(FIRST);
        byte[] batch = LogFixtures.batch(log.nextOffset(), 1, 0, copy.length, 1);
        System.arraycopy(copy, 0, batch, 61, copy.length);
        int end = (int) log.sizeBytes();
        log.append(List.of(new Entry(
                4, 1, io.millrace.partition.raft.EntryType.DATA, io.millrace.partition.raft.Payload.wrap(batch))));
        storage.flipBit(FIRST, end + 5, 1); // torn: the header of entry 4
        storage.kill();
        try (SegmentedLog after = open(storage, ONE_SEGMENT)) {
            assertThat(all(after)).isEqualTo(first);
        }
    }

    /**
     * A life of appends, syncs, truncations, trims and resets, and in the middle of it, at any operation on the disk, a
     * crash. The promise: what was synced and not truncated is there as it was; what was truncated is not.
     */
    @Test
    void whateverWasSyncedSurvivesACrashAtAnyOperation() throws IOException {
        for (int seed = 0; seed < 5_000; seed++) {
            Random random = new Random(seed);
            SimulatedStorage storage = new SimulatedStorage();
            List<Entry> promised = List.of();
            List<Entry> written = List.of();
            long firstIndex = 1;
            for (int life = 0; life < 4; life++) {
                Life outcome;
                try {
                    storage.haltAfter(random.nextInt(10) == 0 ? random.nextInt(6) : random.nextInt(120));
                    outcome = live(storage, random, promised, written, firstIndex);
                } catch (AssertionError | IOException | RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", life " + life, e);
                }
                promised = outcome.promised();
                written = outcome.written();
                firstIndex = outcome.firstIndex();
                if (random.nextInt(4) == 0) {
                    storage.kill();
                } else {
                    storage.crash(random);
                }
            }
        }
    }

    /**
     * What a life leaves behind.
     *
     * @param promised entries from index 1 on that must be there
     * @param written entries from index 1 on that may be there, the promised ones included
     * @param firstIndex the log must not start after this
     */
    private record Life(List<Entry> promised, List<Entry> written, long firstIndex) {}

    private static Life live(
            SimulatedStorage storage, Random random, List<Entry> promisedBefore, List<Entry> writtenBefore, long first)
            throws IOException {
        List<Entry> promised = promisedBefore;
        List<Entry> written = writtenBefore;
        long firstIndex = first;
        SegmentedLog log;
        try {
            log = open(storage);
        } catch (LogCorruptedException e) {
            throw e;
        } catch (IOException halted) {
            return new Life(promised, written, firstIndex);
        }
        long last = log.lastPosition().index();
        assertThat(last).isBetween((long) promised.size(), (long) written.size());
        assertThat(log.firstIndex()).isLessThanOrEqualTo(firstIndex);
        assertThat(all(log)).isEqualTo(written.subList((int) log.firstIndex() - 1, (int) last));
        if (log.firstIndex() > 1) {
            assertThat(log.startSnapshot()).contains(snapshotOf(written.subList(0, (int) log.firstIndex() - 1)));
        }
        List<Entry> present = new ArrayList<>(written.subList(0, (int) last));
        promised = List.copyOf(present); // opening makes everything durable
        written = promised;
        try {
            for (int step = 0; step < 40; step++) {
                int choice = random.nextInt(20);
                if (choice < 10) {
                    long term = present.isEmpty()
                            ? 1
                            : present.get(present.size() - 1).term();
                    List<Entry> more =
                            following(present, random.nextInt(6), term + random.nextInt(2), random.nextInt(400));
                    written = concat(present, more);
                    log.append(more);
                    present = new ArrayList<>(written);
                } else if (choice < 15) {
                    log.sync();
                    promised = List.copyOf(present);
                } else if (choice < 18 && present.size() >= log.firstIndex()) {
                    int cut = Math.max((int) log.firstIndex(), present.size() - random.nextInt(25));
                    promised = promised.subList(0, Math.min(promised.size(), cut - 1));
                    log.truncateFrom(cut);
                    present = new ArrayList<>(present.subList(0, cut - 1));
                    written = List.copyOf(present);
                    promised = written;
                } else if (choice == 18) {
                    int keep = Math.max(1, present.size() - random.nextInt(30));
                    firstIndex = Math.max(firstIndex, keep);
                    trim(log, keep);
                } else if (random.nextInt(3) == 0) {
                    log.close();
                    promised = List.copyOf(present);
                    log = open(storage);
                }
            }
        } catch (LogCorruptedException e) {
            throw e;
        } catch (IOException halted) {
            assertThat(halted).hasMessageContaining("halted");
        }
        return new Life(promised, written, firstIndex);
    }

    @Test
    void aResetIsDoneOrNotDoneAfterACrashAtAnyOperation() throws IOException {
        List<Entry> entries = following(List.of(), 60, 1, 100);
        for (int seed = 0; seed < 1_200; seed++) {
            Random random = new Random(seed);
            SimulatedStorage storage = new SimulatedStorage();
            SegmentedLog log = open(storage);
            log.append(entries);
            log.sync();
            if (seed % 2 == 0) {
                trim(log, 20);
            }
            LogPosition before = log.start();
            Optional<Snapshot> beginning = log.startSnapshot();
            Snapshot snapshot = snapshotOf(following(List.of(), 30 + seed % 60, 5, 10));
            storage.haltAfter(seed / 2 % 40);
            boolean done = true;
            try {
                log.reset(snapshot);
            } catch (IOException halted) {
                done = false;
            }
            storage.crash(random);
            SegmentedLog after = open(storage);
            if (done || !after.start().equals(before)) {
                assertThat(after.start()).as("seed %s", seed).isEqualTo(snapshot.position());
                assertThat(after.lastPosition()).isEqualTo(snapshot.position());
                assertThat(after.nextOffset()).isEqualTo(snapshot.nextOffset());
                assertThat(after.startSnapshot()).contains(snapshot);
            } else {
                assertThat(all(after)).isEqualTo(entries.subList((int) before.index(), 60));
                assertThat(after.startSnapshot()).isEqualTo(beginning);
            }
            assertThat(storage.list().stream().filter(name -> name.endsWith(".snapshot")))
                    .as("seed %s", seed)
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    /** Found by the simulator (seed 927 then): the note of the intention was read, acted upon, and lost. */
    @Test
    void aResetWhoseFsyncFailedIsDoneOrNotDoneAfterAKillAndACrashAtAnyOperation() throws IOException {
        List<Entry> entries = following(List.of(), 60, 1, 100);
        Snapshot snapshot = snapshotOf(following(List.of(), 80, 5, 10));
        for (int seed = 0; seed < 2_000; seed++) {
            SimulatedStorage storage = new SimulatedStorage();
            SegmentedLog log = open(storage);
            log.append(entries);
            log.sync();
            storage.failForceAfter(seed % 5);
            try {
                log.reset(snapshot);
            } catch (IOException failed) {
                assertThat(failed).hasMessageContaining("Input/output error");
            }
            storage.kill();
            storage.haltAfter(seed / 5 % 20);
            try {
                open(storage);
            } catch (IOException halted) {
                assertThat(halted).hasMessageContaining("halted");
            }
            storage.crash(new Random(seed));
            SegmentedLog after = open(storage);
            if (after.start().index() > 0) {
                assertThat(after.lastPosition()).as("seed %s", seed).isEqualTo(snapshot.position());
                assertThat(after.startSnapshot()).contains(snapshot);
            } else {
                assertThat(all(after)).as("seed %s", seed).isEqualTo(entries);
            }
        }
    }

    /** Found by the simulator: what a failed fsync leaves can be read, and is not on the disk. */
    @Test
    void noSegmentGoesForASnapshotThatCanOnlyBeRead() throws IOException {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedStorage storage = new SimulatedStorage();
            List<Entry> entries = following(List.of(), 60, 1, 100);
            SegmentedLog log = open(storage);
            log.append(entries);
            log.sync();
            storage.failForceAfter(0);
            assertThatThrownBy(() -> trim(log, 40)).isInstanceOf(IOException.class);
            storage.kill();
            SegmentedLog after = open(storage);
            long first = after.firstIndex();
            storage.crash(new Random(seed));
            assertThat(all(open(storage))).isEqualTo(entries.subList((int) first - 1, 60));
        }
    }

    @Test
    void anyFlippedBitOfWhatALogBeginsWithIsFoundOut() throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        String name;
        try (SegmentedLog log = open(storage)) {
            log.append(following(List.of(), 60, 1, 100));
            log.sync();
            trim(log, 40);
            name = SnapshotFile.nameOf(log.start());
        }
        for (int position = 0; position < storage.contentOf(name).length; position++) {
            SimulatedStorage flipped = storage.copy();
            flipped.flipBit(name, position, position % 8);
            assertThatThrownBy(() -> open(flipped))
                    .isInstanceOf(LogCorruptedException.class)
                    .hasMessageContaining(name);
        }
        SimulatedStorage without = storage.copy();
        without.delete(name);
        assertThatThrownBy(() -> open(without)).isInstanceOf(LogCorruptedException.class);
    }

    private static List<Entry> concat(List<Entry> first, List<Entry> second) {
        List<Entry> both = new ArrayList<>(first);
        both.addAll(second);
        return List.copyOf(both);
    }
}
