package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.millrace.partition.state.ReplicaHistory.Range;
import io.millrace.partition.state.WriteHistory.Logged;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class ReplicaHistoryTest {
    private static Logged logged(long index, int sequence) {
        ProducerBatch batch = new ProducerBatch(7, (short) 0, sequence, 1);
        return new Logged.Records(index, 1, index, 1, List.of(new Digest.Numbered(batch, index, 0)));
    }

    @Example
    void withAnEmptyLogItIsCompleteAtOnce() {
        ReplicaHistory history = new ReplicaHistory(0);
        assertThat(history.isComplete()).isFalse();
        history.restored(new WriteHistory(Optional.empty()), 0);
        assertThat(history.isComplete()).isTrue();
    }

    @Example
    void onlyWhatIsCommittedIsRead() {
        ReplicaHistory history = new ReplicaHistory(10);
        history.committed(4);
        assertThat(history.toRead()).isEmpty();
        history.restored(new WriteHistory(Optional.empty()), 2);
        assertThat(history.toRead()).contains(new Range(3, 4));
        history.read(List.of(logged(3, 0)), 3);
        assertThat(history.toRead()).contains(new Range(4, 4));
        history.read(List.of(), 4);
        assertThat(history.toRead()).isEmpty();
        assertThatIllegalStateException().isThrownBy(history::complete);
        history.committed(20);
        assertThat(history.toRead()).contains(new Range(5, 10));
    }

    /** Found by WrittenOnceTest: a snapshot of entry 5's table called itself that of entry 2, and 3 was applied twice. */
    @Example
    void whatASnapshotKnewToBeCommittedStaysKnown() {
        ReplicaHistory history = new ReplicaHistory(5);
        history.restored(new WriteHistory(Optional.empty()), 5);
        history.committed(2);
        assertThat(history.committedIndex()).isEqualTo(5);
    }

    @Example
    void whatWasFoundAndIsCutOffIsNotWaitedFor() {
        ReplicaHistory history = new ReplicaHistory(10);
        history.restored(new WriteHistory(Optional.empty()), 4);
        history.committed(4);
        history.appended(logged(11, 0));
        history.truncated(5);
        history.appended(logged(5, 0));
        assertThat(history.isComplete()).isTrue();
        assertThat(history.complete().producerCount()).isEqualTo(1);
    }

    /** Whatever is known, read, committed or cut off in whatever order, it ends as if it had seen the log from its start. */
    @Property(tries = 300)
    void itEndsWithTheHistoryOfTheWholeLog(@ForAll long seed) {
        Random random = new Random(seed);
        List<Logged> log = new ArrayList<>(); // log.get(i) is entry i + 1
        for (int i = random.nextInt(20); i > 0; i--) {
            log.add(logged(log.size() + 1, i));
        }
        int committedBefore = random.nextInt(log.size() + 1);
        int snapshotAt = random.nextInt(committedBefore + 1);
        List<Logged> snapshot = List.copyOf(log.subList(0, snapshotAt));
        ReplicaHistory history = new ReplicaHistory(log.size());
        int committed = committedBefore; // of which it does not hear at once
        boolean restored = false;
        for (int step = 0; step < 60; step++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    if (!restored) {
                        history.restored(historyOf(snapshot), snapshotAt);
                        restored = true;
                    }
                }
                case 1 -> {
                    log.add(logged(log.size() + 1, 100 + random.nextInt(3)));
                    history.appended(log.get(log.size() - 1));
                }
                case 2 -> {
                    committed += random.nextInt(log.size() - committed + 1);
                    history.committed(committed);
                }
                case 3 -> {
                    int from = committed + 1 + random.nextInt(5);
                    if (from <= log.size()) {
                        log.subList(from - 1, log.size()).clear();
                        history.truncated(from);
                    }
                }
                default -> readSome(history, log, random);
            }
        }
        if (!restored) {
            history.restored(historyOf(snapshot), snapshotAt);
        }
        history.committed(log.size());
        while (history.toRead().isPresent()) {
            readSome(history, log, random);
        }
        assertThat(history.complete().toBytes()).isEqualTo(historyOf(log).toBytes());
    }

    private static void readSome(ReplicaHistory history, List<Logged> log, Random random) {
        history.toRead().ifPresent(range -> {
            int last = (int) (range.first() + random.nextInt((int) (range.last() - range.first()) + 1));
            history.read(List.copyOf(log.subList((int) range.first() - 1, last)), last);
        });
    }

    private static WriteHistory historyOf(List<Logged> log) {
        WriteHistory history = new WriteHistory(Optional.empty());
        log.forEach(history::appended);
        return history;
    }
}
