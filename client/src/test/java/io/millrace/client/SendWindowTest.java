package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Calls.Reply;
import io.millrace.client.SendWindow.Sending;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.v1.ProduceResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SendWindowTest {
    private final BatchNumbers numbers = new BatchNumbers();
    private final SendWindow window = new SendWindow(5, numbers);

    SendWindowTest() {
        numbers.begin(17);
    }

    @Test
    void asManyLeaveAsAllowedAndOneMoreWhenTheFirstIsDecided() {
        add(7);
        List<Sending> sent = sendAll();
        assertThat(sent).extracting(SendWindowTest::numbersOf).containsExactly("0/0", "0/1", "0/2", "0/3", "0/4");

        window.acknowledged(sent.get(1), reply());
        assertThat(sendAll()).isEmpty();
        assertThat(decided()).isEmpty();

        window.acknowledged(sent.get(0), reply());
        assertThat(decided()).containsExactly(sent.get(0), sent.get(1));
        assertThat(sendAll()).extracting(SendWindowTest::numbersOf).containsExactly("0/5", "0/6");
    }

    @Test
    void aBatchThatArrivesBeforeTheOneBeforeItIsSentAgainAsItWas() {
        add(3);
        List<Sending> sent = sendAll();
        window.failed(sent.get(1), failure(FailureReason.UNKNOWN_PRODUCER));
        window.failed(sent.get(2), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        assertThat(sendAll()).isEmpty();

        window.acknowledged(sent.get(0), reply());
        assertThat(decided()).containsExactly(sent.get(0));
        assertThat(sendAll()).containsExactly(sent.get(1), sent.get(2));
        assertThat(numbersOf(sent.get(1))).isEqualTo("0/1");
    }

    @Test
    void aRefusalIsNotBelievedIfTheOneBeforeWasOnItsWayThen() {
        add(2);
        List<Sending> sent = sendAll();
        window.acknowledged(sent.get(0), reply());
        decided();
        window.failed(sent.get(1), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        assertThat(decided()).isEmpty();
        assertThat(sendAll()).containsExactly(sent.get(1));

        // Now there is nothing before it that could be late.
        window.failed(sent.get(1), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        assertThat(decided()).containsExactly(sent.get(1));
    }

    @Test
    void thoseBehindABatchThatWasNotWrittenGetNewNumbersWhenAllHaveEnded() {
        add(4);
        List<Sending> sent = sendAll();
        window.failed(sent.get(0), failure(FailureReason.CORRUPT_BATCH));
        window.failed(sent.get(1), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        // It may have been sent twice, but it cannot have been written without the first.
        window.failed(sent.get(2), failure(FailureReason.OUT_OF_ORDER_SEQUENCE).afterAttempts("", true));
        assertThat(sendAll()).isEmpty();
        assertThat(decided()).isEmpty();

        window.failed(sent.get(3), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        assertThat(decided()).containsExactly(sent.get(0));
        assertThat(sendAll()).containsExactly(sent.get(1), sent.get(2), sent.get(3));
        assertThat(sent.subList(1, 4)).extracting(SendWindowTest::numbersOf).containsExactly("1/0", "1/1", "1/2");
    }

    @Test
    void behindABatchOfUnknownOutcomeOneThatMayBeThereFailsAndTheOthersGoOn() {
        add(4);
        List<Sending> sent = sendAll();
        window.failed(sent.get(0), failure(FailureReason.NO_ANSWER));
        window.failed(sent.get(1), failure(FailureReason.OUT_OF_ORDER_SEQUENCE).afterAttempts("", true));
        window.failed(sent.get(2), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        window.failed(sent.get(3), failure(FailureReason.OUT_OF_ORDER_SEQUENCE).afterAttempts("", true));

        assertThat(decided()).containsExactly(sent.get(0), sent.get(1));
        assertThat(sent.get(1).failure().isOutcomeUnknown()).isTrue();
        assertThat(sendAll()).containsExactly(sent.get(2), sent.get(3));
        assertThat(numbersOf(sent.get(2))).isEqualTo("1/0");
    }

    @Test
    void anOutcomeThatWasUnknownOnceStaysUnknown() {
        add(2);
        List<Sending> sent = sendAll();
        window.failed(sent.get(1), failure(FailureReason.OUT_OF_ORDER_SEQUENCE).afterAttempts("", true));
        window.acknowledged(sent.get(0), reply());
        decided();
        sendAll();
        window.failed(sent.get(1), failure(FailureReason.NO_LEADER));

        assertThat(decided()).containsExactly(sent.get(1));
        assertThat(sent.get(1).failure().isOutcomeUnknown()).isTrue();
    }

    @Test
    void theHalvesOfABatchTakeItsPlace() {
        window.add(batch(4));
        add(1);
        List<Sending> sent = sendAll();
        window.failed(sent.get(0), failure(FailureReason.MESSAGE_TOO_LARGE));
        window.failed(sent.get(1), failure(FailureReason.UNKNOWN_PRODUCER));

        assertThat(decided()).isEmpty();
        List<Sending> again = sendAll();
        assertThat(again).extracting(SendWindowTest::numbersOf).containsExactly("1/0", "1/2", "1/4");
        assertThat(again.get(2)).isSameAs(sent.get(1));
    }

    @Test
    void aFencedBatchGoesOutUnderAnotherIdAndOnce() {
        add(2);
        List<Sending> sent = sendAll();
        window.failed(sent.get(0), failure(FailureReason.PRODUCER_FENCED));
        window.failed(sent.get(1), failure(FailureReason.PRODUCER_FENCED));
        assertThat(numbers.needsProducerId()).isTrue();
        assertThat(numbers.exhaustedProducerId()).isEqualTo(17);
        numbers.begin(18);
        assertThat(sendAll()).containsExactlyElementsOf(sent);
        assertThat(numbersOf(sent.get(1))).isEqualTo("0/1");

        window.failed(sent.get(0), failure(FailureReason.PRODUCER_FENCED));
        window.failed(sent.get(1), failure(FailureReason.OUT_OF_ORDER_SEQUENCE));
        assertThat(decided()).containsExactly(sent.get(0));
        numbers.begin(19);
        assertThat(sendAll()).containsExactly(sent.get(1));
    }

    @Test
    void batchesWithoutNumbersFailAlone() {
        SendWindow plain = new SendWindow(3, new BatchNumbers());
        for (int i = 0; i < 3; i++) {
            plain.add(batch(1));
        }
        Sending first = Objects.requireNonNull(plain.next());
        Sending second = Objects.requireNonNull(plain.next());
        plain.failed(second, failure(FailureReason.CORRUPT_BATCH));
        assertThat(plain.takeDecided()).isNull();
        plain.acknowledged(first, reply());
        assertThat(plain.takeDecided()).isSameAs(first);
        assertThat(plain.takeDecided()).isSameAs(second);
    }

    /**
     * A partition that keeps the broker's rules, and a network that delays, loses and repeats. Whatever it does: nothing is
     * there twice, what was acknowledged is there, what surely failed is not, and what is there is in order.
     */
    @Property(tries = 2_000)
    void whateverTheNetworkDoesEachBatchIsThereOnceAndInOrder(@ForAll long seed) {
        Hostile run = new Hostile(new Random(seed), 40);
        run.toTheEnd();

        assertThat(run.log).doesNotHaveDuplicates().isSorted();
        assertThat(run.acknowledged).isSubsetOf(run.log);
        assertThat(run.surelyFailed).noneMatch(run.log::contains);
        assertThat(run.completed).isSorted().hasSize(40);
    }

    /** Batches of one record, whose timestamp is the batch's number. */
    private static final class Hostile {
        private record Attempt(Bytes bytes) {}

        final List<Long> log = new ArrayList<>();
        final Set<Long> acknowledged = new HashSet<>();
        final Set<Long> surelyFailed = new HashSet<>();
        final List<Long> completed = new ArrayList<>();
        private final Random random;
        private final BatchNumbers numbers = new BatchNumbers();
        private final SendWindow window = new SendWindow(5, numbers);
        private final List<Sending> calling = new ArrayList<>();
        private final Set<Sending> maybeApplied = new HashSet<>();
        /** May arrive at any time, or never. */
        private final List<Attempt> stale = new ArrayList<>();

        private final Map<Long, short[]> epochs = new HashMap<>();
        private final Map<Long, List<Integer>> sequences = new HashMap<>();
        private long lastProducer;

        Hostile(Random random, int batches) {
            this.random = random;
            for (int i = 0; i < batches; i++) {
                ProducerBatch batch = new ProducerBatch(1024, BatchCompression.NONE, () -> CompressionTypes.ANY, 0);
                batch.tryAppend(ProducerRecord.of("t", Bytes.EMPTY), i, 1, new CompletableFuture<>());
                window.add(batch);
            }
        }

        void toTheEnd() {
            while (completed.size() < 40) {
                for (Sending sending = window.next(); sending != null; sending = window.next()) {
                    if (!sending.batch.isNumbered()) {
                        if (numbers.needsProducerId()) {
                            numbers.begin(++lastProducer);
                        }
                        numbers.number(sending.batch);
                        maybeApplied.remove(sending);
                    }
                    calling.add(sending);
                }
                if (!stale.isEmpty() && random.nextInt(4) == 0) {
                    arrive(stale.remove(random.nextInt(stale.size())).bytes());
                }
                if (!calling.isEmpty()) {
                    attempt(calling.get(random.nextInt(calling.size())));
                }
                for (Sending done = window.takeDecided(); done != null; done = window.takeDecided()) {
                    note(done);
                }
            }
        }

        private void attempt(Sending sending) {
            Bytes bytes = sending.batch.encoded();
            switch (random.nextInt(12)) {
                case 0 -> maybeApplied.add(sending); // lost, and nobody knows
                case 1 -> {
                    maybeApplied.add(sending);
                    stale.add(new Attempt(bytes));
                }
                case 2 -> {
                    maybeApplied.add(sending);
                    arrive(bytes); // and the answer is lost
                }
                case 3 -> end(sending, failure(FailureReason.NO_LEADER)); // its time is over
                case 4 ->
                    end(sending, failure(random.nextBoolean() ? FailureReason.CORRUPT_BATCH : FailureReason.NO_ANSWER));
                default -> {
                    FailureReason refused = arrive(bytes);
                    if (refused == null) {
                        calling.remove(sending);
                        window.acknowledged(sending, reply());
                    } else {
                        end(sending, failure(refused));
                    }
                }
            }
        }

        private void end(Sending sending, MillraceException failure) {
            if (failure.reason() == FailureReason.NO_ANSWER) {
                stale.add(new Attempt(sending.batch.encoded()));
            }
            calling.remove(sending);
            window.failed(sending, failure.afterAttempts("", maybeApplied.contains(sending)));
        }

        private @Nullable FailureReason arrive(Bytes bytes) {
            RecordBatch batch = RecordBatch.at(bytes, 0);
            long id = batch.producerId();
            short epoch = batch.producerEpoch();
            List<Integer> known = sequences.computeIfAbsent(id, i -> new ArrayList<>());
            short[] current = epochs.computeIfAbsent(id, i -> new short[] {epoch});
            int sequence = batch.baseSequence();
            if (known.isEmpty() && sequence != 0) {
                return FailureReason.UNKNOWN_PRODUCER;
            } else if (epoch < current[0]) {
                return FailureReason.PRODUCER_FENCED;
            } else if (epoch == current[0] && known.contains(sequence)) {
                return known.indexOf(sequence) >= known.size() - 5 ? null : FailureReason.DUPLICATE_TOO_OLD;
            } else if (sequence != (epoch == current[0] ? known.size() : 0)) {
                return FailureReason.OUT_OF_ORDER_SEQUENCE;
            }
            if (epoch > current[0]) {
                known.clear();
                current[0] = epoch;
            }
            known.add(sequence);
            log.add(batch.baseTimestampMillis());
            return null;
        }

        private void note(Sending done) {
            long number = RecordBatch.at(done.batch.encoded(), 0).baseTimestampMillis();
            completed.add(number);
            if (done.reply() != null) {
                acknowledged.add(number);
            } else if (!done.failure().isOutcomeUnknown()) {
                surelyFailed.add(number);
            }
        }
    }

    private void add(int batches) {
        for (int i = 0; i < batches; i++) {
            window.add(batch(1));
        }
    }

    /** As the queue does. */
    private List<Sending> sendAll() {
        List<Sending> sent = new ArrayList<>();
        for (Sending sending = window.next(); sending != null; sending = window.next()) {
            if (!sending.batch.isNumbered()) {
                numbers.number(sending.batch);
            }
            sent.add(sending);
        }
        return sent;
    }

    private List<Sending> decided() {
        List<Sending> decided = new ArrayList<>();
        for (Sending sending = window.takeDecided(); sending != null; sending = window.takeDecided()) {
            decided.add(sending);
        }
        return decided;
    }

    private static ProducerBatch batch(int records) {
        ProducerBatch batch = new ProducerBatch(1024, BatchCompression.NONE, () -> CompressionTypes.ANY, 0);
        for (int i = 0; i < records; i++) {
            batch.tryAppend(ProducerRecord.of("t", Bytes.utf8("x")), 0, 1, new CompletableFuture<>());
        }
        return batch;
    }

    /** Epoch and sequence. */
    private static String numbersOf(Sending sending) {
        RecordBatch batch = RecordBatch.at(sending.batch.encoded(), 0);
        return batch.producerEpoch() + "/" + batch.baseSequence();
    }

    private static Reply<ProduceResponse> reply() {
        return new Reply<>(ProduceResponse.getDefaultInstance(), 0, false);
    }

    private static MillraceException failure(FailureReason reason) {
        return new MillraceException(reason, reason.name(), Map.of());
    }
}
