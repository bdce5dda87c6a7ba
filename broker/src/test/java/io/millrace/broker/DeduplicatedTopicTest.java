package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceResult;
import io.millrace.protocol.v1.Record;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients hear of records that their topic has already. */
class DeduplicatedTopicTest extends WithOneBroker {
    private static String newTopic() {
        return newTopicWith(Map.of("deduplication.window.ms", "3600000"));
    }

    private static ProduceResponse.Duplicate duplicate(int record, long offset) {
        return ProduceResponse.Duplicate.newBuilder()
                .setRecord(record)
                .setOffset(offset)
                .build();
    }

    private static List<String> valuesIn(String topic) {
        return messages.fetch(fetch(topic, 0, 0).setMaxBytes(MIB).build()).getRecordsList().stream()
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    private static Bytes numbered(Compression compression, int sequence, String... values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(MIB);
        for (String value : values) {
            assertThat(builder.tryAppend(42, null, Bytes.utf8(value), List.of()))
                    .isTrue();
        }
        return builder.producer(7, (short) 0, sequence).build(compression);
    }

    @Test
    void eachRecordHearsOfTheOneThatWasThereFirst() {
        String topic = newTopic();
        messages.produce(records(topic, 0, value("a")));
        ProduceResponse response = messages.produce(records(topic, 0, value("b"), value("a"), value("c"), value("b")));

        assertThat(response.getBaseOffset()).isEqualTo(1);
        assertThat(response.getRecordCount()).isEqualTo(2);
        assertThat(response.getDuplicate()).isFalse();
        assertThat(response.getDuplicatesList()).containsExactly(duplicate(1, 0), duplicate(3, 1));
        assertThat(response.getResultsList())
                .extracting(result -> result.getWritten().getOffset(), result -> result.getWritten()
                        .getDuplicate())
                .containsExactly(tuple(1L, false), tuple(0L, true), tuple(2L, false), tuple(1L, true));

        ProduceResponse nothingNew = messages.produce(records(topic, 0, value("c")));
        assertThat(nothingNew.getBaseOffset()).isEqualTo(-1);
        assertThat(nothingNew.getRecordCount()).isZero();
        assertThat(nothingNew.getResults(0).getWritten().getOffset()).isEqualTo(2);
        assertThat(valuesIn(topic)).containsExactly("a", "b", "c");
    }

    @Test
    void keyAndValueMakeTheContentAndNothingElse() {
        String topic = newTopic();
        Record plain = Record.newBuilder().setValue(utf8("v")).build();
        Record timed = plain.toBuilder().setTimestampMillis(42).build();
        Record empty = Record.newBuilder().setKey(utf8("")).setValue(utf8("v")).build();
        Record keyed = Record.newBuilder().setKey(utf8("v")).build();
        Record keyIsValue =
                Record.newBuilder().setKey(utf8("v")).setValue(utf8("")).build();

        assertThat(messages.produce(records(topic, 0, plain, timed, empty, keyed, keyIsValue))
                        .getDuplicatesList())
                .containsExactly(duplicate(1, 0));
    }

    @Test
    void aPartialRequestHasGoodBadAndDuplicateMessages() {
        String topic = newTopic();
        Record bad = Record.newBuilder().setTimestampMillis(-1).build();
        messages.produce(records(topic, 0, value("a"), value("b")));
        ProduceResponse response =
                messages.produce(records(topic, 0, bad, value("b"), bad, value("c"), value("a")).toBuilder()
                        .setMode(ProduceRequest.Mode.PARTIAL)
                        .build());

        assertThat(response.getResultsList())
                .extracting(
                        result -> result.hasError() ? -1 : result.getWritten().getOffset())
                .containsExactly(-1L, 1L, -1L, 2L, 0L);
        assertThat(response.getDuplicatesList()).containsExactly(duplicate(0, 1), duplicate(2, 0));
        assertThat(response.getRecordCount()).isEqualTo(1);
    }

    @Test
    void batchesLoseRecordsAndAreNotLost() {
        String topic = newTopic();
        messages.produce(records(topic, 0, value("a"), value("b")));
        Bytes both = concat(concat(batch("b", "a"), batch("a", "c")), batch(Compression.LZ4, "d", "d".repeat(1_000)));
        ProduceResponse response = messages.produce(batches(topic, both).toBuilder()
                .setMode(ProduceRequest.Mode.PARTIAL)
                .build());

        assertThat(response.getDuplicatesList()).containsExactly(duplicate(0, 1), duplicate(1, 0), duplicate(2, 0));
        assertThat(response.getResultsList())
                .extracting(ProduceResult::getWritten)
                .extracting(written -> written.getOffset() + " " + written.getDuplicate())
                .containsExactly("1 true", "0 false", "3 false");
        assertThat(valuesIn(topic)).containsExactly("a", "b", "c", "d", "d".repeat(1_000));
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void anIdempotentProducersBatchIsAnsweredAlikeHoweverOftenItComes(Compression compression) {
        String topic = newTopic();
        String large = "x".repeat(10_000);
        messages.produce(records(topic, 0, value("a"), value(large)));
        ProduceRequest request = batches(topic, numbered(compression, 0, "b", large, "c"));
        ProduceResponse first = messages.produce(request);
        assertThat(first.getBaseOffset()).isEqualTo(2);
        assertThat(first.getDuplicatesList()).containsExactly(duplicate(1, 1));

        assertThat(messages.produce(request))
                .isEqualTo(first.toBuilder().setDuplicate(true).build());
        ProduceRequest nothingNew = batches(topic, numbered(compression, 3, "c", "a"));
        ProduceResponse second = messages.produce(nothingNew);
        assertThat(second.getBaseOffset()).isEqualTo(-1);
        assertThat(second.getDuplicatesList()).containsExactly(duplicate(0, 3), duplicate(1, 0));
        assertThat(messages.produce(nothingNew))
                .isEqualTo(second.toBuilder().setDuplicate(true).build());
        assertThat(messages.produce(batches(topic, numbered(compression, 5, "d")))
                        .getBaseOffset())
                .isEqualTo(4);
        assertThat(valuesIn(topic)).containsExactly("a", large, "b", "c", "d");
    }

    @Test
    void theWindowIsBoundedByCount() {
        String topic = newTopicWith(Map.of("deduplication.window.records", "100"));
        Record[] many = IntStream.range(0, 101).mapToObj(i -> value("v" + i)).toArray(Record[]::new);
        messages.produce(records(topic, 0, many));

        assertThat(messages.produce(records(topic, 0, value("v1")))
                        .getResults(0)
                        .getWritten()
                        .getDuplicate())
                .isTrue();
        assertThat(messages.produce(records(topic, 0, value("v0"))).getBaseOffset())
                .isEqualTo(101);
        assertThat(topicNamed(topic).getSettingsMap())
                .containsEntry("deduplication.window.records", "100")
                .containsEntry("deduplication.window.ms", "120000");
    }
}
