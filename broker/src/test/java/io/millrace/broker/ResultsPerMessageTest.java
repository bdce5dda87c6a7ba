package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceResult;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Rejection;
import io.millrace.protocol.v1.Rejections;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResultsPerMessageTest extends WithOneBroker {
    private static final Record TOO_LARGE =
            Record.newBuilder().setValue(ByteString.copyFrom(new byte[MIB])).build();
    private static final Record BEFORE_1970 =
            Record.newBuilder().setTimestampMillis(-1).build();

    @Test
    void oneBadRecordFailsAnAtomicRequestAndIsToldApartFromTheOthers() throws IOException {
        String topic = newTopic(1);
        StatusRuntimeException thrown = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> messages.produce(records(topic, 0, value("a"), TOO_LARGE, value("b"), BEFORE_1970)));

        assertThat(told(thrown).reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        Rejections rejections = rejectionsIn(thrown);
        assertThat(rejections.getCount()).isEqualTo(2);
        assertThat(rejections.getFirstList()).extracting(Rejection::getIndex).containsExactly(1, 3);
        assertThat(rejections.getFirstList())
                .extracting(rejection -> rejection.getError().getReason())
                .containsExactly(ErrorReason.MESSAGE_TOO_LARGE, ErrorReason.INVALID_REQUEST);
        assertThat(valuesIn(topic)).isEmpty();
    }

    @Test
    void aPartialRequestWritesTheGoodOnesAndTellsTheBadOnes() {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("before")));
        Record timed =
                Record.newBuilder().setValue(utf8("b")).setTimestampMillis(42).build();
        ProduceResponse response =
                messages.produce(partial(records(topic, 0, TOO_LARGE, value("a"), BEFORE_1970, timed)));

        assertThat(response.getBaseOffset()).isEqualTo(1);
        assertThat(response.getRecordCount()).isEqualTo(2);
        assertThat(reasons(response))
                .containsExactly(ErrorReason.MESSAGE_TOO_LARGE, null, ErrorReason.INVALID_REQUEST, null);
        assertThat(response.getResults(0).getError().getMetadataMap())
                .containsEntry("limit_bytes", Integer.toString(MIB));
        assertThat(response.getResults(1).getWritten().getOffset()).isEqualTo(1);
        assertThat(response.getResults(3).getWritten())
                .isEqualTo(ProduceResult.Written.newBuilder()
                        .setOffset(2)
                        .setTimestampMillis(42)
                        .build());
        assertThat(valuesIn(topic)).containsExactly("before", "a", "b");
    }

    @Test
    void aPartialRequestOfBadRecordsOnlyWritesNothing() {
        String topic = newTopic(1);
        ProduceResponse response = messages.produce(partial(records(topic, 0, TOO_LARGE, BEFORE_1970)));

        assertThat(response.getBaseOffset()).isEqualTo(-1);
        assertThat(response.getRecordCount()).isZero();
        assertThat(reasons(response)).containsExactly(ErrorReason.MESSAGE_TOO_LARGE, ErrorReason.INVALID_REQUEST);
        assertThat(valuesIn(topic)).isEmpty();
    }

    @Test
    void oneRecordAndAThousandAreAnsweredAlike() {
        String topic = newTopic(1);
        for (int count : new int[] {1, 1_000}) {
            Record[] records =
                    IntStream.range(0, count).mapToObj(i -> value("v" + i)).toArray(Record[]::new);
            for (ProduceRequest request : List.of(records(topic, 0, records), partial(records(topic, 0, records)))) {
                ProduceResponse response = messages.produce(request);
                assertThat(response.getResultsList())
                        .extracting(result -> result.getWritten().getOffset())
                        .containsExactlyElementsOf(IntStream.range(0, count)
                                .mapToObj(i -> response.getBaseOffset() + i)
                                .toList());
                assertThat(response.getResultsList())
                        .allMatch(result -> result.getWritten().getTimestampMillis() > 0);
            }
        }
    }

    @Test
    void aBatchIsOneMessage() throws IOException {
        String topic = newTopic(1);
        byte[] damaged = batch("damaged").toByteArray();
        damaged[damaged.length - 1] ^= 1;
        byte[] notLz4 = batch(Compression.LZ4, "x".repeat(1_000)).toByteArray();
        RecordBatchBuilder large = new RecordBatchBuilder(2 * MIB);
        large.tryAppend(0, null, Bytes.wrap(new byte[MIB]), List.of());
        Bytes all = concat(
                concat(batch("a", "b"), Bytes.wrap(damaged)),
                concat(large.build(), concat(Bytes.wrap(notLz4), batch("c"))));
        ProduceRequest atomic = batches(topic, all);

        Rejections rejections =
                rejectionsIn(catchThrowableOfType(StatusRuntimeException.class, () -> messages.produce(atomic)));
        assertThat(rejections.getFirstList()).extracting(Rejection::getIndex).containsExactly(1, 2);
        assertThat(valuesIn(topic)).isEmpty();

        ProduceResponse response = messages.produce(partial(atomic));
        assertThat(response.getRecordCount()).isEqualTo(4);
        assertThat(reasons(response))
                .containsExactly(null, ErrorReason.CORRUPT_BATCH, ErrorReason.MESSAGE_TOO_LARGE, null, null);
        assertThat(response.getResults(0).getWritten())
                .isEqualTo(ProduceResult.Written.newBuilder()
                        .setTimestampMillis(42)
                        .build());
        assertThat(response.getResults(4).getWritten().getOffset()).isEqualTo(3);
        assertThat(valuesIn(topic)).containsExactly("a", "b", "x".repeat(1_000), "c");
    }

    @Test
    void batchesWhoseEndsCannotBeFoundFailInBothModes() {
        String topic = newTopic(1);
        Bytes cut = concat(batch("a"), batch("b")).slice(0, batch("a").size() + 65);

        assertThat(failure(() -> messages.produce(partial(batches(topic, cut)))).reason())
                .isEqualTo(ErrorReason.CORRUPT_BATCH);
        assertThat(valuesIn(topic)).isEmpty();
    }

    @Test
    void anUnknownModeIsRefused() {
        String topic = newTopic(1);
        ProduceRequest request =
                records(topic, 0, value("x")).toBuilder().setModeValue(7).build();

        assertThat(failure(() -> messages.produce(request)).data()).containsEntry("field", "mode");
    }

    private static ProduceRequest partial(ProduceRequest request) {
        return request.toBuilder().setMode(ProduceRequest.Mode.PARTIAL).build();
    }

    private static List<ErrorReason> reasons(ProduceResponse response) {
        return response.getResultsList().stream()
                .map(result -> result.hasError() ? result.getError().getReason() : null)
                .toList();
    }

    private static List<String> valuesIn(String topic) {
        return messages.fetch(fetch(topic, 0, 0).setMaxBytes(MIB).build()).getRecordsList().stream()
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    private static Rejections rejectionsIn(StatusRuntimeException thrown) throws IOException {
        com.google.rpc.Status status = Objects.requireNonNull(StatusProto.fromThrowable(thrown));
        for (Any detail : status.getDetailsList()) {
            if (detail.is(Rejections.class)) {
                return detail.unpack(Rejections.class);
            }
        }
        throw new AssertionError("no rejections in " + status);
    }
}
