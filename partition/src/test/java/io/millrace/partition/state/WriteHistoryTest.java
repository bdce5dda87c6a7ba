package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.millrace.partition.state.WriteHistory.Logged;
import io.millrace.partition.state.WriteVerdict.Append;
import io.millrace.partition.state.WriteVerdict.Refused;
import io.millrace.partition.state.WriteVerdict.Settled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class WriteHistoryTest {
    private static final Optional<DedupBounds> LARGE = Optional.of(new DedupBounds(1_000, 1_000));

    private final WriteHistory history = new WriteHistory(LARGE);
    private long index;
    private long end;
    private long now = 1_000_000;

    private static List<ContentHash> contents(String letters) {
        return letters.chars()
                .mapToObj(letter -> new ContentHash(letter, letter))
                .toList();
    }

    private static Optional<ProducerBatch> batch(int sequence, int records) {
        return Optional.of(new ProducerBatch(7, (short) 0, sequence, records));
    }

    private WriteVerdict propose(Optional<ProducerBatch> batch, String letters) {
        return history.propose(batch, letters.length(), contents(letters), end, now);
    }

    /** As a leader does with what it is to append. */
    private void append(Optional<ProducerBatch> batch, String written, int leftOut) {
        Digest digest = new Digest(
                now,
                end,
                contents(written),
                batch.map(numbered -> new Digest.Numbered(numbered, end, leftOut)).stream()
                        .toList());
        history.appended(new Logged.Digested(++index, 1, digest));
        if (!written.isEmpty()) {
            history.appended(records(++index, end, written.length()));
            end += written.length();
        }
    }

    private static Logged records(long index, long baseOffset, int count) {
        return new Logged.Records(index, 1, baseOffset, count, List.of());
    }

    private static DuplicateRecord at(int place, long offset) {
        return new DuplicateRecord(place, offset);
    }

    @Example
    void aContentIsWrittenOnceWhereverItComesAgain() {
        assertThat(propose(Optional.empty(), "aab")).isEqualTo(new Append(0, List.of(at(1, 0))));
        append(Optional.empty(), "ab", 1);
        assertThat(propose(Optional.empty(), "bca")).isEqualTo(new Append(2, List.of(at(0, 1), at(2, 0))));
        // Before the log has it, too.
        assertThat(history.propose(Optional.empty(), 1, contents("c"), 3, now))
                .isEqualTo(new Settled(-1, false, List.of(at(0, 2))));
        history.abandonProposed();
        assertThat(propose(Optional.empty(), "c")).isEqualTo(new Append(2, List.of()));
    }

    @Example
    void aNumberedBatchThatIsSentAgainHearsWhatItHeardAtFirst() {
        append(Optional.empty(), "ab", 0);
        assertThat(propose(batch(0, 4), "cabd")).isEqualTo(new Append(2, List.of(at(1, 0), at(2, 1))));
        append(batch(0, 4), "cd", 2);
        append(Optional.empty(), "e", 0);

        assertThat(propose(batch(0, 4), "cabd")).isEqualTo(new Settled(2, true, List.of(at(1, 0), at(2, 1))));
        assertThat(propose(batch(4, 1), "f")).isEqualTo(new Append(5, List.of()));
        assertThat(propose(batch(6, 1), "g")).isEqualTo(new Refused(new SequenceVerdict.OutOfOrder(5)));
    }

    @Example
    void aNumberedBatchOfNothingNewMovesItsProducerAllTheSame() {
        append(Optional.empty(), "ab", 0);
        assertThat(propose(batch(0, 2), "ba")).isEqualTo(new Append(-1, List.of(at(0, 1), at(1, 0))));
        append(batch(0, 2), "", 2);
        assertThat(propose(batch(0, 2), "ba")).isEqualTo(new Settled(-1, true, List.of(at(0, 1), at(1, 0))));
        append(batch(2, 1), "", 1);
        assertThat(propose(batch(3, 1), "c")).isEqualTo(new Append(2, List.of()));
    }

    @Example
    void whatWasWrittenAnewSinceIsNotTakenForTheFirstAttempts() {
        append(Optional.empty(), "a", 0);
        append(batch(0, 2), "b", 1); // a, b
        now += 2_000;
        append(Optional.empty(), "a", 0);

        assertThat(propose(batch(0, 2), "ab"))
                .isEqualTo(new Refused(SequenceVerdict.DuplicateTooOld.DUPLICATE_TOO_OLD));
    }

    @Example
    void recordsAreForgottenByTimeAndByCount() {
        append(Optional.empty(), "a", 0);
        now += 1_000;
        assertThat(propose(Optional.empty(), "a")).isInstanceOf(Settled.class);
        now += 1;
        assertThat(propose(Optional.empty(), "a")).isEqualTo(new Append(1, List.of()));

        WriteHistory few = new WriteHistory(Optional.of(new DedupBounds(1_000, 2)));
        few.appended(new Logged.Digested(1, 1, new Digest(0, 0, contents("abc"), List.of())));
        few.appended(records(2, 0, 3));
        assertThat(few.propose(Optional.empty(), 1, contents("b"), 3, 0)).isInstanceOf(Settled.class);
        assertThat(few.propose(Optional.empty(), 1, contents("a"), 3, 0)).isEqualTo(new Append(3, List.of()));
    }

    @Example
    void aDigestMeansNothingWithoutItsRecords() {
        history.appended(new Logged.Digested(1, 1, new Digest(now, 0, contents("a"), List.of())));
        history.committed(1);
        assertThat(propose(Optional.empty(), "a")).isEqualTo(new Append(0, List.of()));
        history.abandonProposed();

        // The leader was lost; the next one has other records.
        WriteHistory next = WriteHistory.fromBytes(history.committedCopy().toBytes(), LARGE);
        next.appended(new Logged.Digested(3, 1, new Digest(now, 0, contents("b"), List.of())));
        next.appended(records(4, 0, 1));
        assertThat(next.propose(Optional.empty(), 2, contents("ab"), 1, now))
                .isEqualTo(new Append(1, List.of(at(1, 0))));
    }

    @Example
    void aSnapshotBetweenADigestAndItsRecordsHasTheDigest() {
        append(Optional.empty(), "a", 0);
        history.appended(new Logged.Digested(++index, 1, new Digest(now, 1, contents("b"), List.of())));
        history.committed(index);

        WriteHistory restored = WriteHistory.fromBytes(history.committedCopy().toBytes(), LARGE);
        restored.appended(records(++index, 1, 1));
        assertThat(restored.propose(Optional.empty(), 2, contents("ab"), 2, now))
                .isEqualTo(new Settled(-1, false, List.of(at(0, 0), at(1, 1))));
    }

    @Example
    void recordsThatNobodyComparedCountAndAreNeverFound() {
        append(Optional.empty(), "a", 0);
        history.appended(records(++index, end, 2));
        end += 2;
        append(Optional.empty(), "b", 0);
        assertThat(propose(Optional.empty(), "ab")).isEqualTo(new Settled(-1, false, List.of(at(0, 0), at(1, 3))));

        WriteHistory restored = WriteHistory.fromBytes(history.toBytes(), LARGE);
        restored.appended(records(++index, end++, 1));
        assertThat(restored.propose(Optional.empty(), 2, contents("ab"), end, now))
                .isEqualTo(new Settled(-1, false, List.of(at(0, 0), at(1, 3))));
    }

    @Example
    void recordsThatNobodyComparedAndThatMayBeCutOffDoNotShowInACopy() {
        WriteHistory other = new WriteHistory(LARGE);
        for (WriteHistory each : List.of(history, other)) {
            each.appended(records(1, 0, 2));
            each.committed(1);
        }
        history.appended(records(2, 2, 2));
        assertThat(history.committedCopy().toBytes())
                .isEqualTo(other.committedCopy().toBytes());

        history.truncated(2);
        assertThat(history.committedCopy().toBytes())
                .isEqualTo(other.committedCopy().toBytes());
    }

    @Example
    void recordsThatNobodyComparedAreNotKeptWhenAllThatSomebodyDidAreTooOld() {
        WriteHistory other = new WriteHistory(LARGE);
        for (WriteHistory each : List.of(history, other)) {
            each.appended(new Logged.Digested(1, 1, new Digest(now, 0, contents("a"), List.of())));
            each.appended(records(2, 0, 1));
            each.appended(new Logged.Digested(3, 1, new Digest(now + 2_000, 1, List.of(), List.of())));
            each.committed(each == history ? 3 : 2);
            each.appended(records(4, 1, 1));
            each.committed(4);
        }
        assertThat(history.toBytes()).isEqualTo(other.toBytes());
    }

    @Example
    void recordsThatNobodyComparedAreCutOffLikeOthers() {
        history.appended(records(1, 0, 3));
        history.appended(new Logged.Digested(2, 1, new Digest(now, 3, contents("a"), List.of())));
        history.appended(records(3, 3, 1));
        history.truncated(1);
        index = 0;
        append(Optional.empty(), "b", 0);
        assertThat(propose(Optional.empty(), "ba")).isEqualTo(new Append(1, List.of(at(0, 0))));
    }

    @Example
    void aDigestIsNotOfTheRecordsOfALeaderThatDoesNotCompare() {
        ProducerBatch lost = new ProducerBatch(7, (short) 0, 0, 2);
        history.appended(
                new Logged.Digested(1, 1, new Digest(now, 0, contents("a"), List.of(new Digest.Numbered(lost, 0, 1)))));
        history.appended(new Logged.Records(3, 2, 0, 1, List.of())); // entry 2 begins term 2
        assertThat(propose(batch(0, 2), "ab")).isEqualTo(new Append(0, List.of()));
    }

    @Example
    void whoDoesNotCompareKnowsAllTheSameWhatProducersSent() {
        WriteHistory off = new WriteHistory(Optional.empty());
        ProducerBatch inPart = new ProducerBatch(7, (short) 0, 0, 3);
        off.appended(new Logged.Digested(
                1, 1, new Digest(now, 0, contents("a"), List.of(new Digest.Numbered(inPart, 0, 2)))));
        WriteHistory between = WriteHistory.fromBytes(off.toBytes(), Optional.empty());
        for (WriteHistory each : List.of(off, between)) {
            each.appended(new Logged.Records(
                    2, 1, 0, 1, List.of(new Digest.Numbered(new ProducerBatch(7, (short) 0, 0, 1), 0, 0))));
            assertThat(each.propose(batch(3, 1), 1, List.of(), 1, now)).isEqualTo(new Append(1, List.of()));
        }
    }

    @Example
    void bytesOfAHistoryWithOtherBoundsAreNotAllThatTheLogTells() {
        append(Optional.empty(), "a", 0);
        byte[] compared = history.toBytes();
        byte[] plain = new WriteHistory(Optional.empty()).toBytes();

        assertThat(WriteHistory.wholeFromBytes(compared, LARGE)).isPresent();
        assertThat(WriteHistory.wholeFromBytes(compared, Optional.empty())).isPresent();
        assertThat(WriteHistory.wholeFromBytes(plain, Optional.empty())).isPresent();
        assertThat(WriteHistory.wholeFromBytes(compared, Optional.of(new DedupBounds(1_001, 1_000))))
                .isEmpty();
        assertThat(WriteHistory.wholeFromBytes(plain, LARGE)).isEmpty();
    }

    @Example
    void bytesThatAreNoHistoryAreRefused() {
        append(Optional.empty(), "a", 0);
        append(batch(0, 2), "b", 1);
        history.appended(new Logged.Digested(++index, 1, new Digest(now, 2, contents("c"), List.of())));
        byte[] good = history.toBytes();
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatIllegalArgumentException().isThrownBy(() -> WriteHistory.fromBytes(cut, LARGE));
        }
        assertThat(WriteHistory.fromBytes(good, LARGE).toBytes()).isEqualTo(good);
    }

    /** Against the plainest model: the records themselves, looked through each time. */
    @Property(tries = 300)
    void itKnowsWhatTheLogKnows(@ForAll long seed) {
        Random random = new Random(seed);
        DedupBounds bounds = new DedupBounds(1 + random.nextInt(30), 1 + random.nextInt(20));
        WriteHistory tried = new WriteHistory(Optional.of(bounds));
        List<Kept> log = new ArrayList<>();
        long lastIndex = 0;
        long committed = 0;
        long millis = 1_000;
        for (int step = 0; step < 200; step++) {
            millis += random.nextInt(4) == 0 ? random.nextInt(20) : 0;
            switch (random.nextInt(8)) {
                case 0 -> {
                    long from = committed + 1 + random.nextInt(4);
                    tried.truncated(from);
                    log.removeIf(record -> record.index() >= from);
                    lastIndex = Math.min(lastIndex, from - 1);
                }
                case 1 -> {
                    committed += random.nextInt((int) (lastIndex - committed) + 1);
                    tried.committed(committed);
                    long upTo = committed;
                    long uncommitted =
                            log.stream().filter(record -> record.index() > upTo).count();
                    assertThat(tried.windowBytes())
                            .isLessThanOrEqualTo(24 + DedupWindow.RECORD_BYTES * (bounds.records() + uncommitted));
                    if (committed == lastIndex) {
                        tried = WriteHistory.fromBytes(tried.committedCopy().toBytes(), Optional.of(bounds));
                    }
                }
                default -> {
                    int count = 1 + random.nextInt(4);
                    List<ContentHash> hashes = random.ints(count, 0, 12)
                            .mapToObj(i -> new ContentHash(i / 3, 64L * i)) // in few buckets
                            .toList();
                    List<Kept> with = new ArrayList<>(log);
                    List<DuplicateRecord> duplicates = new ArrayList<>();
                    for (int place = 0; place < count; place++) {
                        Optional<Kept> there = there(with, hashes.get(place), millis, bounds);
                        if (there.isPresent()) {
                            duplicates.add(at(place, there.get().offset()));
                        } else {
                            with.add(new Kept(lastIndex + 2, with.size(), hashes.get(place), millis));
                        }
                    }
                    WriteVerdict expected = duplicates.size() == count
                            ? new Settled(-1, false, duplicates)
                            : new Append(log.size(), duplicates);
                    assertThat(tried.propose(Optional.empty(), count, hashes, log.size(), millis))
                            .as("seed %d, step %d: %s after %s", seed, step, hashes, log)
                            .isEqualTo(expected);
                    if (duplicates.size() < count && random.nextInt(8) > 0) {
                        List<ContentHash> written = with.subList(log.size(), with.size()).stream()
                                .map(Kept::content)
                                .toList();
                        tried.appended(new Logged.Digested(
                                lastIndex + 1, 1, new Digest(millis, log.size(), written, List.of())));
                        if (random.nextInt(8) > 0) {
                            tried.appended(records(lastIndex + 2, log.size(), written.size()));
                            log = with;
                            lastIndex++;
                        }
                        lastIndex++;
                    }
                    tried.abandonProposed();
                }
            }
        }
    }

    private record Kept(long index, long offset, ContentHash content, long millis) {}

    private static Optional<Kept> there(List<Kept> log, ContentHash content, long now, DedupBounds bounds) {
        return log.stream()
                .filter(record -> record.content().equals(content))
                .reduce((earlier, later) -> later)
                .filter(record ->
                        now - record.millis() <= bounds.millis() && log.size() - record.offset() <= bounds.records());
    }
}
