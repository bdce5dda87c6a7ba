package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.millrace.partition.state.SequenceVerdict.Accepted;
import io.millrace.partition.state.SequenceVerdict.Duplicate;
import io.millrace.partition.state.SequenceVerdict.DuplicateTooOld;
import io.millrace.partition.state.SequenceVerdict.Fenced;
import io.millrace.partition.state.SequenceVerdict.OutOfOrder;
import io.millrace.partition.state.SequenceVerdict.UnknownProducer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class ProducerTableTest {
    private static final int LAST_SEQUENCE = Integer.MAX_VALUE;

    private final ProducerTable table = new ProducerTable();
    private long index;
    private long offset;

    private static ProducerBatch batch(long producer, int epoch, int sequence, int records) {
        return new ProducerBatch(producer, (short) epoch, sequence, records);
    }

    private void append(ProducerBatch batch) {
        table.appended(++index, batch, offset);
        offset += batch.recordCount();
    }

    private SequenceVerdict verdict(ProducerBatch batch) {
        SequenceVerdict verdict = table.propose(batch, offset);
        table.abandonProposed();
        return verdict;
    }

    @Example
    void aSequenceBeginsWithZeroAndGoesOnWithoutGaps() {
        assertThat(verdict(batch(7, 0, 3, 1))).isEqualTo(UnknownProducer.UNKNOWN_PRODUCER);
        append(batch(7, 0, 0, 10));
        assertThat(verdict(batch(7, 0, 10, 5))).isEqualTo(Accepted.ACCEPTED);
        assertThat(verdict(batch(7, 0, 11, 5))).isEqualTo(new OutOfOrder(10));
        assertThat(verdict(batch(8, 0, 10, 5))).isEqualTo(UnknownProducer.UNKNOWN_PRODUCER);
    }

    @Example
    void anyOfTheLastFiveBatchesIsFoundAgainWithItsOffset() {
        for (int i = 0; i < 7; i++) {
            append(batch(7, 0, i * 10, 10));
        }
        assertThat(verdict(batch(7, 0, 20, 10))).isEqualTo(new Duplicate(20));
        assertThat(verdict(batch(7, 0, 60, 10))).isEqualTo(new Duplicate(60));
        assertThat(verdict(batch(7, 0, 10, 10))).isEqualTo(DuplicateTooOld.DUPLICATE_TOO_OLD);
        assertThat(verdict(batch(7, 0, 0, 10))).isEqualTo(DuplicateTooOld.DUPLICATE_TOO_OLD);
    }

    @Example
    void aRepetitionThatIsCutDifferentlyIsNotTakenForTheOriginal() {
        append(batch(7, 0, 0, 10));
        assertThat(verdict(batch(7, 0, 0, 5))).isEqualTo(DuplicateTooOld.DUPLICATE_TOO_OLD);
        assertThat(verdict(batch(7, 0, 5, 10))).isEqualTo(new OutOfOrder(10));
        assertThat(verdict(batch(7, 0, 0, 11))).isEqualTo(new OutOfOrder(10));
    }

    @Example
    void aLaterEpochBeginsAnewAndFencesTheEarlier() {
        append(batch(7, 0, 0, 10));
        assertThat(verdict(batch(7, 2, 10, 1))).isEqualTo(new OutOfOrder(0));
        append(batch(7, 2, 0, 1));
        assertThat(verdict(batch(7, 0, 10, 1))).isEqualTo(new Fenced((short) 2));
        assertThat(verdict(batch(7, 0, 0, 10))).isEqualTo(new Fenced((short) 2));
        assertThat(verdict(batch(7, 2, 0, 1))).isEqualTo(new Duplicate(10));
        assertThat(verdict(batch(7, 2, 1, 1))).isEqualTo(Accepted.ACCEPTED);
    }

    @Example
    void afterTheLastSequenceComesZero() {
        append(batch(7, 0, LAST_SEQUENCE - 4, 5));
        assertThat(verdict(batch(7, 0, 0, 2))).isEqualTo(Accepted.ACCEPTED);
        append(batch(7, 0, 0, 2));
        append(batch(7, 0, 2, LAST_SEQUENCE - 4)); // and nearly all the way around
        append(batch(7, 0, LAST_SEQUENCE - 2, 6)); // across the end
        assertThat(verdict(batch(7, 0, 3, 1))).isEqualTo(Accepted.ACCEPTED);
        assertThat(verdict(batch(7, 0, LAST_SEQUENCE - 2, 6))).isEqualTo(new Duplicate(7L + LAST_SEQUENCE - 4));
        assertThat(verdict(batch(7, 0, 4, 1))).isEqualTo(new OutOfOrder(3));
        assertThat(verdict(batch(7, 0, LAST_SEQUENCE, 1))).isEqualTo(DuplicateTooOld.DUPLICATE_TOO_OLD);
    }

    @Example
    void whatIsProposedCountsBeforeTheLogHasIt() {
        assertThat(table.propose(batch(7, 0, 0, 3), 0)).isEqualTo(Accepted.ACCEPTED);
        assertThat(table.propose(batch(7, 0, 3, 3), 3)).isEqualTo(Accepted.ACCEPTED);
        assertThat(table.propose(batch(7, 0, 0, 3), 6)).isEqualTo(new Duplicate(0));
        append(batch(7, 0, 0, 3));
        assertThat(table.propose(batch(7, 0, 3, 3), 6)).isEqualTo(new Duplicate(3));
        table.abandonProposed();
        assertThat(table.propose(batch(7, 0, 3, 3), 3)).isEqualTo(Accepted.ACCEPTED);
    }

    @Example
    void whatIsCutOffMayBeWrittenAnew() {
        append(batch(7, 0, 0, 3));
        append(batch(7, 0, 3, 3));
        append(batch(7, 1, 0, 3));
        table.truncated(2);
        assertThat(verdict(batch(7, 0, 3, 3))).isEqualTo(Accepted.ACCEPTED);
        assertThat(verdict(batch(7, 0, 0, 3))).isEqualTo(new Duplicate(0));
        table.truncated(1);
        assertThat(verdict(batch(7, 0, 3, 3))).isEqualTo(UnknownProducer.UNKNOWN_PRODUCER);
    }

    @Example
    void ofTooManyProducersTheOneThatWroteLongestAgoIsForgotten() {
        ProducerTable small = new ProducerTable(2);
        small.appended(1, batch(1, 0, 0, 1), 0);
        small.appended(2, batch(2, 0, 0, 1), 1);
        small.appended(3, batch(1, 0, 1, 1), 2);
        small.appended(4, batch(3, 0, 0, 1), 3);
        assertThat(small.propose(batch(2, 0, 1, 1), 4)).isEqualTo(UnknownProducer.UNKNOWN_PRODUCER);
        assertThat(small.propose(batch(1, 0, 1, 1), 4)).isEqualTo(new Duplicate(2));
        small.truncated(4);
        assertThat(small.propose(batch(2, 0, 1, 1), 3)).isEqualTo(Accepted.ACCEPTED);
    }

    @Example
    void whoHasNotWrittenForLongIsForgotten() {
        append(batch(7, 0, 0, 3));
        table.timed(++index, new LogTime(100, 0));
        append(batch(8, 0, 0, 3));
        table.timed(++index, new LogTime(200, 99));
        assertThat(verdict(batch(7, 0, 3, 1))).isEqualTo(Accepted.ACCEPTED);
        ProducerTable read = ProducerTable.fromBytes(table.toBytes());
        read.timed(++index, new LogTime(201, 100));
        table.timed(index, new LogTime(201, 100));
        for (ProducerTable each : List.of(table, read)) {
            assertThat(each.propose(batch(7, 0, 3, 1), offset)).isEqualTo(UnknownProducer.UNKNOWN_PRODUCER);
            assertThat(each.propose(batch(8, 0, 0, 3), offset)).isEqualTo(new Duplicate(3));
            assertThat(each.timeMillis()).isEqualTo(201);
        }
        table.truncated(index);
        assertThat(verdict(batch(7, 0, 3, 1))).isEqualTo(Accepted.ACCEPTED);
    }

    @Example
    void bytesThatAreNoTableAreRefused() {
        append(batch(7, 0, 0, 3));
        append(batch(8, 0, 0, 3));
        table.timed(++index, new LogTime(100, 0));
        byte[] good = table.toBytes();
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatIllegalArgumentException().isThrownBy(() -> ProducerTable.fromBytes(cut));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProducerTable.fromBytes(Arrays.copyOf(good, good.length + 1)));
        byte[] newer = good.clone();
        newer[0]++;
        assertThatIllegalArgumentException().isThrownBy(() -> ProducerTable.fromBytes(newer));
    }

    /** Against the plainest model: the log itself, read from its beginning each time. */
    @Property(tries = 300)
    void itKnowsWhatTheLogKnows(@ForAll long seed) {
        Random random = new Random(seed);
        int producersMax = 1 + random.nextInt(4);
        ProducerTable tried = new ProducerTable(producersMax);
        Model model = new Model(producersMax);
        long committed = 0;
        long millis = 1_000;
        for (int step = 0; step < 150; step++) {
            switch (random.nextInt(10)) {
                case 0 -> {
                    long from = committed + 1 + random.nextInt(4);
                    tried.truncated(from);
                    model.truncate(from);
                }
                case 2 -> {
                    long index = Math.max(model.lastIndex(), committed) + 1;
                    millis += random.nextInt(10) - 2; // now and then the leader is one whose clock is behind
                    LogTime time = new LogTime(millis, millis - random.nextInt(20));
                    tried.timed(index, time);
                    model.tell(index, time);
                    tried.abandonProposed();
                }
                case 1 -> {
                    committed = Math.min(model.lastIndex(), committed + random.nextInt(4));
                    tried.committed(committed);
                    Model known = model.upTo(committed);
                    ProducerTable copy =
                            ProducerTable.fromBytes(tried.committedCopy().toBytes(), producersMax);
                    for (int i = 0; i < 10; i++) {
                        ProducerBatch asked = known.anyBatch(random);
                        assertThat(copy.propose(asked, known.offset())).isEqualTo(known.verdict(asked));
                        copy.abandonProposed();
                    }
                }
                default -> {
                    ProducerBatch batch = model.anyBatch(random);
                    SequenceVerdict verdict = tried.propose(batch, model.offset());
                    assertThat(verdict).as("%s after %s", batch, model.log).isEqualTo(model.verdict(batch));
                    if (verdict != Accepted.ACCEPTED) {
                        continue;
                    }
                    if (random.nextInt(10) == 0) {
                        tried.abandonProposed();
                    } else {
                        long index = model.lastIndex() + (random.nextBoolean() || model.lastIndex() == 0 ? 1 : 0);
                        index = Math.max(index, committed + 1);
                        tried.appended(index, batch, model.offset());
                        model.append(index, batch);
                    }
                }
            }
            assertThat(tried.producerCount()).isLessThanOrEqualTo(producersMax);
        }
    }

    private static final class Model {
        record Logged(long index, ProducerBatch batch, long offset) {}

        /** @param batchesBefore in the log */
        record Told(long index, int batchesBefore, LogTime time) {}

        final List<Logged> log = new ArrayList<>();
        final List<Told> times = new ArrayList<>();
        private final int producersMax;

        Model(int producersMax) {
            this.producersMax = producersMax;
        }

        long lastIndex() {
            long told = times.isEmpty() ? 0 : times.get(times.size() - 1).index();
            return log.isEmpty() ? told : Math.max(told, last().index());
        }

        void tell(long index, LogTime time) {
            times.add(new Told(index, log.size(), time));
        }

        long offset() {
            return log.isEmpty() ? 0 : last().offset() + last().batch().recordCount();
        }

        private Logged last() {
            return log.get(log.size() - 1);
        }

        void append(long index, ProducerBatch batch) {
            log.add(new Logged(index, batch, offset()));
        }

        void truncate(long from) {
            log.removeIf(logged -> logged.index() >= from);
            times.removeIf(told -> told.index() >= from);
        }

        Model upTo(long index) {
            Model prefix = new Model(producersMax);
            log.stream().filter(logged -> logged.index() <= index).forEach(prefix.log::add);
            times.stream().filter(told -> told.index() <= index).forEach(prefix.times::add);
            return prefix;
        }

        /** Often the right one, often one that was there before, sometimes nonsense. */
        ProducerBatch anyBatch(Random random) {
            if (!log.isEmpty() && random.nextInt(3) == 0) {
                return log.get(Math.max(0, log.size() - 1 - random.nextInt(10))).batch();
            }
            long producer = random.nextInt(producersMax + 2);
            List<Logged> own = remembered().getOrDefault(producer, List.of());
            int epoch = own.isEmpty() ? 0 : own.get(0).batch().epoch();
            int next = own.isEmpty() ? 0 : own.get(own.size() - 1).batch().nextSequence();
            if (random.nextInt(8) == 0) {
                epoch = Math.max(0, epoch - 1 + random.nextInt(3));
                next = random.nextInt(3) == 0 ? next : 0;
            }
            if (random.nextInt(6) == 0) {
                next = Math.max(0, next - 2 + random.nextInt(5));
            }
            return batch(producer, epoch, next, 1 + random.nextInt(3));
        }

        SequenceVerdict verdict(ProducerBatch batch) {
            List<Logged> own = remembered().get(batch.producerId());
            if (own == null) {
                return batch.baseSequence() == 0 ? Accepted.ACCEPTED : UnknownProducer.UNKNOWN_PRODUCER;
            }
            short epoch = own.get(0).batch().epoch();
            int expected = own.get(own.size() - 1).batch().nextSequence();
            if (batch.epoch() < epoch) {
                return new Fenced(epoch);
            } else if (batch.epoch() > epoch) {
                return batch.baseSequence() == 0 ? Accepted.ACCEPTED : new OutOfOrder(0);
            } else if (batch.baseSequence() == expected) {
                return Accepted.ACCEPTED;
            }
            for (Logged logged : own.subList(Math.max(0, own.size() - 5), own.size())) {
                if (logged.batch().equals(batch)) {
                    return new Duplicate(logged.offset());
                }
            }
            return batch.nextSequence() <= expected // sequences stay small here
                    ? DuplicateTooOld.DUPLICATE_TOO_OLD
                    : new OutOfOrder(expected);
        }

        /** Of each producer that is not forgotten, its batches of the latest epoch. */
        private Map<Long, List<Logged>> remembered() {
            LinkedHashMap<Long, List<Logged>> producers = new LinkedHashMap<>();
            for (int position = 0; position <= log.size(); position++) {
                forgetOld(producers, position);
                if (position == log.size()) {
                    break;
                }
                Logged logged = log.get(position);
                List<Logged> own = producers.remove(logged.batch().producerId());
                if (own == null || own.get(0).batch().epoch() != logged.batch().epoch()) {
                    own = new ArrayList<>();
                }
                own.add(logged);
                producers.put(logged.batch().producerId(), own);
                if (producers.size() > producersMax) {
                    producers.remove(producers.keySet().iterator().next());
                }
            }
            return producers;
        }

        /** By what the log tells between the batch before this position and the one at it. */
        private void forgetOld(Map<Long, List<Logged>> producers, int position) {
            for (int i = 0; i < times.size(); i++) {
                Told told = times.get(i);
                if (told.batchesBefore() == position) {
                    long forgetBefore = told.time().forgetBefore();
                    int since = times.subList(0, i + 1).stream()
                            .filter(earlier -> latestUpTo(earlier) <= forgetBefore)
                            .mapToInt(Told::batchesBefore)
                            .max()
                            .orElse(0);
                    producers.values().removeIf(own -> log.indexOf(own.get(own.size() - 1)) < since);
                }
            }
        }

        private long latestUpTo(Told told) {
            return times.subList(0, times.indexOf(told) + 1).stream()
                    .mapToLong(each -> each.time().millis())
                    .max()
                    .orElseThrow();
        }
    }
}
