package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.InitProducerRequest;
import io.millrace.protocol.v1.InitProducerResponse;
import io.millrace.protocol.v1.ProduceResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What clients that number their batches meet, right or wrong. */
class IdempotentBatchesTest extends WithOneBroker {
    private static Bytes numbered(long producerId, int epoch, int baseSequence, int records) {
        RecordBatchBuilder builder = new RecordBatchBuilder(MIB).producer(producerId, (short) epoch, baseSequence);
        for (int i = 0; i < records; i++) {
            builder.tryAppend(1_000, null, Bytes.utf8("r" + (baseSequence + i)), List.of());
        }
        return builder.build();
    }

    private static long newProducer() {
        return messages.initProducer(InitProducerRequest.getDefaultInstance()).getProducerId();
    }

    @Test
    void producerIdsAreGivenOnce() {
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < 2_100; i++) { // from three blocks
            InitProducerResponse response = messages.initProducer(InitProducerRequest.getDefaultInstance());
            assertThat(ids.add(response.getProducerId())).isTrue();
            assertThat(response.getProducerEpoch()).isZero();
        }
    }

    @Test
    void aBatchThatIsSentAgainIsAnsweredWithItsOffsetsAndNotWritten() {
        String topic = newTopic(1);
        long producer = newProducer();
        ProduceResponse first = messages.produce(batches(topic, numbered(producer, 0, 0, 3)));
        ProduceResponse second = messages.produce(batches(topic, numbered(producer, 0, 3, 2)));
        ProduceResponse again = messages.produce(batches(topic, numbered(producer, 0, 0, 3)));

        assertThat(List.of(first.getBaseOffset(), second.getBaseOffset(), again.getBaseOffset()))
                .containsExactly(0L, 3L, 0L);
        assertThat(List.of(first.getDuplicate(), second.getDuplicate(), again.getDuplicate()))
                .containsExactly(false, false, true);
        assertThat(again.getRecordCount()).isEqualTo(3);
        assertThat(messages.produce(records(topic, 0, value("x"))).getBaseOffset())
                .isEqualTo(5);
    }

    @Test
    void aProducerThatThePartitionDoesNotKnowBeginsWithZero() {
        String topic = newTopic(1);
        long producer = newProducer();

        assertThat(failure(() -> messages.produce(batches(topic, numbered(producer, 0, 5, 1)))))
                .isEqualTo(new Told(
                        Status.Code.FAILED_PRECONDITION,
                        ErrorReason.UNKNOWN_PRODUCER,
                        Map.of("topic", topic, "partition", "0", "producer_id", Long.toString(producer)),
                        false));
    }

    @Test
    void aGapIsRefusedWithTheSequenceExpected() {
        String topic = newTopic(1);
        long producer = newProducer();
        messages.produce(batches(topic, numbered(producer, 0, 0, 3)));

        assertThat(failure(() -> messages.produce(batches(topic, numbered(producer, 0, 4, 1)))))
                .isEqualTo(new Told(
                        Status.Code.FAILED_PRECONDITION,
                        ErrorReason.OUT_OF_ORDER_SEQUENCE,
                        Map.of(
                                "topic", topic,
                                "partition", "0",
                                "producer_id", Long.toString(producer),
                                "sequence", "4",
                                "expected_sequence", "3"),
                        false));
        assertThat(messages.produce(batches(topic, numbered(producer, 0, 3, 1))).getBaseOffset())
                .isEqualTo(3);
    }

    @Test
    void anEarlierEpochIsRefusedWithTheCurrentOne() {
        String topic = newTopic(1);
        long producer = newProducer();
        messages.produce(batches(topic, numbered(producer, 0, 0, 3)));
        messages.produce(batches(topic, numbered(producer, 2, 0, 1)));

        assertThat(failure(() -> messages.produce(batches(topic, numbered(producer, 0, 3, 1)))))
                .isEqualTo(new Told(
                        Status.Code.FAILED_PRECONDITION,
                        ErrorReason.PRODUCER_FENCED,
                        Map.of(
                                "topic", topic,
                                "partition", "0",
                                "producer_id", Long.toString(producer),
                                "epoch", "0",
                                "current_epoch", "2"),
                        false));
    }

    @Test
    void aRepetitionFromLongAgoIsRefusedSinceItsOffsetIsForgotten() {
        String topic = newTopic(1);
        long producer = newProducer();
        for (int i = 0; i < 6; i++) {
            messages.produce(batches(topic, numbered(producer, 0, i, 1)));
        }

        assertThat(failure(() -> messages.produce(batches(topic, numbered(producer, 0, 0, 1)))))
                .isEqualTo(new Told(
                        Status.Code.ALREADY_EXISTS,
                        ErrorReason.DUPLICATE_TOO_OLD,
                        Map.of(
                                "topic",
                                topic,
                                "partition",
                                "0",
                                "producer_id",
                                Long.toString(producer),
                                "sequence",
                                "0"),
                        false));
    }

    @Test
    void aNumberedBatchTravelsAlone() {
        String topic = newTopic(1);
        long producer = newProducer();
        Bytes numbered = numbered(producer, 0, 0, 1);
        Bytes plain = batch("x");

        for (Bytes two : List.of(concat(numbered, plain), concat(plain, numbered), concat(numbered, numbered))) {
            Told told = failure(() -> messages.produce(batches(topic, two)));
            assertThat(told.reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
            assertThat(told.data()).containsEntry("field", "record_batches");
        }
        assertThat(messages.produce(batches(topic, concat(plain, plain))).getRecordCount())
                .isEqualTo(2);
    }
}
