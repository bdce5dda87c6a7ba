package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.SimulatedStorage;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is read while the disk is behind what was appended and cut. */
class CachedLogTest {
    private static final int ALL = 1 << 20;
    private static final long BEHIND = 5_000;

    /** Durable from an earlier run: of these, Raft cuts the last two. */
    private static final List<Entry> OLD = List.of(
            noop(1, 1), data(2, 1, 0, "a"), data(3, 1, 1, "b"), data(4, 1, 2, "lost"), data(5, 1, 3, "lost too"));

    private final SimulatedStorage storage = new SimulatedStorage();
    private final SegmentedLog log;
    private final ArrayDeque<Runnable> reads = new ArrayDeque<>();
    private final ReadAhead ahead = new ReadAhead(1);

    CachedLogTest() throws IOException {
        log = SegmentedLog.open(storage, LogSettings.DEFAULT, OffsetReader.recordBatches());
        log.append(OLD);
        log.sync();
    }

    @AfterEach
    void close() throws IOException {
        log.close();
    }

    private CachedLog cached(int bytesMax) {
        return new CachedLog(log, OffsetReader.recordBatches(), bytesMax, BEHIND, reads::add, ahead);
    }

    private static Entry noop(long index, long term) {
        return new Entry(index, term, EntryType.NOOP, Payload.EMPTY);
    }

    private static Entry data(long index, long term, long offset, String value) {
        Payload payload = ReplicaGroup.batch(value);
        RecordBatches.assignOffsets(
                payload.array(), payload.arrayOffset(), payload.arrayOffset() + payload.sizeBytes(), offset, (int)
                        term);
        return new Entry(index, term, EntryType.DATA, payload);
    }

    private <T> T finish(CompletionStage<T> read) {
        while (!reads.isEmpty()) {
            reads.removeFirst().run();
        }
        return read.toCompletableFuture().join();
    }

    @Test
    void whileNothingHappensOnlyTheFileThatIsWrittenIsOpen() {
        CachedLog cached = cached(0);
        finish(cached.read(1, 5, ALL));
        assertThat(storage.openFiles()).isEqualTo(2);
        cached.rest();
        reads.removeFirst().run();
        assertThat(storage.openFiles()).isEqualTo(1);
        assertThat(finish(cached.read(1, 5, ALL))).isEqualTo(OLD);
    }

    @Test
    void whatFollowsARecordThatWasReadIsReadAhead() {
        CachedLog cached = cached(0);
        assertThat(finish(cached.readFromOffset(0, 5, 1))).containsExactly(OLD.get(1));
        CompletionStage<List<Entry>> next = cached.readFromOffset(1, 5, 1);
        assertThat(next.toCompletableFuture()).isCompletedWithValue(List.of(OLD.get(2)));
        assertThat(reads).hasSize(1); // the one after that
        assertThat(finish(cached.readFromOffset(3, 5, 1))).containsExactly(OLD.get(4));
    }

    @Test
    void nothingIsReadAheadBeyondWhatMayBeRead() {
        CachedLog cached = cached(0);
        CompletionStage<List<Entry>> first = cached.readFromOffset(0, 3, ALL);
        reads.removeFirst().run();
        assertThat(first.toCompletableFuture()).isCompletedWithValue(OLD.subList(1, 3));
        assertThat(reads).isEmpty();
    }

    @Test
    void aReaderThatDoesNotComeBackKeepsItsPlaceOnlyForAWhile() {
        CachedLog gone = cached(0);
        finish(gone.readFromOffset(0, 5, 1));
        CachedLog cached = cached(0);
        for (int i = 0; i < 3; i++) {
            assertThat(finish(cached.readFromOffset(0, 5, 1))).containsExactly(OLD.get(1));
        }
        assertThat(ahead.take(cached, 1)).isEmpty();
        finish(cached.readFromOffset(0, 5, 1));
        assertThat(ahead.take(cached, 1)).isPresent();
        assertThat(ahead.take(gone, 1)).isEmpty();
    }

    @Test
    void whatWasReplacedIsReadAsReplacedAlthoughTheDiskHasTheOldEntriesYet() {
        CachedLog cached = cached(ALL);
        cached.truncatedFrom(4);
        cached.appended(List.of(noop(4, 2)));
        assertThat(finish(cached.read(4, 4, ALL))).containsExactly(noop(4, 2));
        Entry fresh = data(5, 2, 2, "fresh");
        cached.appended(List.of(fresh));
        assertThat(finish(cached.read(4, 5, ALL))).containsExactly(noop(4, 2), fresh);
        assertThat(finish(cached.readFromOffset(2, 5, ALL))).containsExactly(fresh);
    }

    @Test
    void aReadFromTheDiskEndsWhereTheDiskIsBehind() {
        CachedLog cached = cached(ALL);
        cached.truncatedFrom(4);
        cached.appended(List.of(noop(4, 2), data(5, 2, 2, "fresh")));
        assertThat(finish(cached.read(2, 5, ALL))).containsExactlyElementsOf(OLD.subList(1, 3));
        assertThat(finish(cached.readFromOffset(0, 5, ALL))).containsExactlyElementsOf(OLD.subList(1, 3));
    }

    @Test
    void anEntryLargerThanTheCacheIsReadBeforeItIsOnDisk() throws IOException {
        CachedLog cached = cached(10);
        Entry large = data(6, 1, 4, "x".repeat(1_000));
        Entry larger = data(7, 1, 5, "x".repeat(2_000));
        cached.appended(List.of(large, larger));
        assertThat(finish(cached.read(6, 7, ALL))).containsExactly(large, larger);
        assertThat(finish(cached.readFromOffset(4, 7, ALL))).containsExactly(large, larger);

        log.append(List.of(large, larger));
        log.sync();
        cached.forced(6);
        assertThat(cached.read(7, 7, ALL).toCompletableFuture()).isCompletedWithValue(List.of(larger));
        assertThat(cached.read(6, 6, ALL).toCompletableFuture()).isNotDone();
        assertThat(finish(cached.read(6, 7, ALL))).first().isEqualTo(large);
    }

    @Test
    void aTimestampIsFoundWhereTheEntriesAreAndNotWhereOthersStillLie() throws IOException {
        CachedLog cached = cached(ALL);
        log.append(List.of(dataAt(6, 1, 4, 9_000)));
        cached.truncatedFrom(4);
        cached.appended(List.of(noop(4, 2), dataAt(5, 2, 2, 2_000), dataAt(6, 2, 3, 8_000), dataAt(7, 2, 4, 9_500)));
        assertThat(finish(cached.findTimestamp(1_000, 7))).hasValue(new TimedOffset(0, 1_000));
        assertThat(finish(cached.findTimestamp(1_001, 7))).hasValue(new TimedOffset(2, 2_000));
        assertThat(finish(cached.findTimestamp(8_500, 7))).hasValue(new TimedOffset(4, 9_500));
        assertThat(finish(cached.findTimestamp(8_500, 6))).isEmpty();
        assertThat(finish(cached.findTimestamp(9_501, 7))).isEmpty();
    }

    private static Entry dataAt(long index, long term, long offset, long timestamp) {
        RecordBatchBuilder builder = new RecordBatchBuilder(1_000);
        builder.tryAppend(timestamp, null, Bytes.utf8("x"), List.of());
        Bytes batch = builder.build();
        RecordBatches.assignOffsets(
                batch.unsafeArray(), batch.unsafeOffset(), batch.unsafeOffset() + batch.size(), offset, (int) term);
        Payload payload = Payload.wrap(batch.unsafeArray(), batch.unsafeOffset(), batch.size());
        return new Entry(index, term, EntryType.DATA, payload);
    }

    @Test
    void aReadIsNotDisturbedByACutBehindIt() {
        CachedLog cached = cached(0);
        storage.beforeNextRead(this::cutAndReplaceTheLastTwo);
        assertThat(finish(cached.nextOffsetAt(2))).isEqualTo(1);
    }

    @Test
    void committedEntriesAreReadWhileOthersBehindThemAreCut() {
        CachedLog cached = cached(0);
        storage.beforeNextRead(this::cutAndReplaceTheLastTwo);
        assertThat(finish(cached.read(1, 3, ALL))).containsExactlyElementsOf(OLD.subList(0, 3));
    }

    @Test
    void theLogIsBehindWhileMoreThanAllowedWaitsForTheDisk() {
        CachedLog cached = cached(10);
        cached.appended(List.of(data(6, 1, 4, "x".repeat(3_000))));
        assertThat(cached.isBehind()).isFalse();
        cached.appended(List.of(data(7, 1, 5, "x".repeat(3_000))));
        assertThat(cached.isBehind()).isTrue();
        cached.forced(6);
        assertThat(cached.isBehind()).isFalse();
        cached.appended(List.of(data(8, 1, 6, "x".repeat(3_000))));
        assertThat(cached.isBehind()).isTrue();
        cached.truncatedFrom(8);
        assertThat(cached.isBehind()).isFalse();
    }

    private void cutAndReplaceTheLastTwo() {
        try {
            log.truncateFrom(4);
            log.append(List.of(noop(4, 2)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
