package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.millrace.broker.data.RefusedException;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.Record;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kind of bad input, and the precise answer to it. */
class BadInputTest extends WithOneBroker {
    @Test
    void aTopicSettingThatMakesNoSenseIsNamed() {
        Told told = failure(() -> newTopicWith(Map.of("flush.policy", "sometimes")));
        assertThat(told.reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
        assertThat(told.data()).containsEntry("field", "settings");
    }

    @Test
    void whatDoesNotExistIsNotFound() {
        String topic = newTopic(2);

        assertThat(failure(() -> messages.produce(records("no-such-topic", 0, value("x")))))
                .isEqualTo(new Told(
                        Status.Code.NOT_FOUND, ErrorReason.UNKNOWN_TOPIC, Map.of("topic", "no-such-topic"), false));
        assertThat(failure(() -> messages.fetch(fetch(topic, 2, 0).build())))
                .isEqualTo(new Told(
                        Status.Code.NOT_FOUND,
                        ErrorReason.UNKNOWN_PARTITION,
                        Map.of("topic", topic, "partition", "2", "partitions", "2"),
                        false));
        assertThat(failure(() -> admin.deleteTopic(
                                DeleteTopicRequest.newBuilder().setName("nope").build()))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(failure(() -> cluster.getMetadata(GetMetadataRequest.newBuilder()
                                .addTopics("nope")
                                .build()))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_TOPIC);
    }

    @Test
    void anOffsetOutsideTheLogIsAnsweredWithTheLegalRange() {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("x"), value("y")));

        for (long offset : new long[] {3, -1, Long.MAX_VALUE}) {
            assertThat(failure(() -> messages.fetch(fetch(topic, 0, offset).build())))
                    .isEqualTo(new Told(
                            Status.Code.OUT_OF_RANGE,
                            ErrorReason.OFFSET_OUT_OF_RANGE,
                            Map.of(
                                    "offset", Long.toString(offset),
                                    "earliest_offset", "0",
                                    "latest_offset", "2"),
                            false));
        }
    }

    @Test
    void aRecordOverTheLimitIsRefusedWithTheLimit() {
        String topic = newTopic(1);
        Record large =
                Record.newBuilder().setValue(ByteString.copyFrom(new byte[MIB])).build();
        Record largest = Record.newBuilder()
                .setValue(ByteString.copyFrom(new byte[MIB - 100]))
                .build();

        Told told = failure(() -> messages.produce(records(topic, 0, large)));

        assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        assertThat(told.data()).containsEntry("limit_bytes", Integer.toString(MIB));
        assertThat(messages.produce(records(topic, 0, largest)).getBaseOffset()).isZero();
        assertThat(messages.fetch(fetch(topic, 0, 0).build())
                        .getRecords(0)
                        .getValue()
                        .size())
                .isEqualTo(MIB - 100);
    }

    @Test
    void aRecordOverTheLimitInsideABatchIsRefusedToo() {
        String topic = newTopic(1);
        RecordBatchBuilder builder = new RecordBatchBuilder(2 * MIB);
        builder.tryAppend(0, null, Bytes.wrap(new byte[MIB]), List.of());

        Told told = failure(() -> messages.produce(batches(topic, builder.build())));

        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
    }

    @Test
    void aRequestFarOverTheLimitIsRefusedByItsFirstBytes() {
        String topic = newTopic(1);
        Record huge = Record.newBuilder()
                .setValue(ByteString.copyFrom(new byte[32 * MIB]))
                .build();

        Told told = failure(() -> messages.produce(records(topic, 0, huge)));

        assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        assertThat(told.data()).containsEntry("limit_bytes", Integer.toString(2 * MIB));
    }

    @Test
    void compressedRequestsAreTakenAndLimitedByWhatTheyUnpackTo() {
        String topic = newTopic(1);
        Record zeros = Record.newBuilder()
                .setValue(ByteString.copyFrom(new byte[32 * MIB]))
                .build();

        assertThat(messages.withCompression("gzip")
                        .produce(records(topic, 0, value("small")))
                        .getBaseOffset())
                .isZero();
        Told told = failure(() -> messages.withCompression("gzip").produce(records(topic, 0, zeros)));

        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
    }

    @Test
    void aRequestWithoutRecordsIsRefused() {
        String topic = newTopic(1);
        Told empty = new Told(Status.Code.INVALID_ARGUMENT, ErrorReason.EMPTY_BATCH, Map.of(), false);

        assertThat(failure(() -> messages.produce(records(topic, 0)))).isEqualTo(empty);
        assertThat(failure(() -> messages.produce(batches(topic, Bytes.EMPTY)))).isEqualTo(empty);
        assertThat(failure(() -> messages.produce(ProduceRequest.newBuilder()
                        .setTopic(topic)
                        .setPartition(0)
                        .build())))
                .isEqualTo(empty);
    }

    @Test
    void aDamagedBatchIsRefusedAndTheProblemNamed() {
        String topic = newTopic(1);
        byte[] flipped = batch("a", "b").toByteArray();
        flipped[flipped.length - 1] ^= 1;
        byte[] cut = batch("a", "b").slice(0, 70).toByteArray();

        Told crc = failure(() -> messages.produce(batches(topic, Bytes.wrap(flipped))));
        Told truncated = failure(() -> messages.produce(batches(topic, Bytes.wrap(cut))));

        assertThat(crc.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(crc.reason()).isEqualTo(ErrorReason.CORRUPT_BATCH);
        assertThat(crc.data().get("problem")).contains("BAD_CRC");
        assertThat(truncated.data().get("problem")).contains("TRUNCATED");
        assertThat(truncated.data()).containsKey("position");
        assertThat(messages.produce(batches(topic, batch("good"))).getBaseOffset())
                .isZero();
    }

    /** Each with a checksum that is right. */
    @ParameterizedTest
    @CsvSource({
        "16, 1, 1, BAD_MAGIC",
        "16, 1, 3, BAD_MAGIC",
        "57, 4, 3, BAD_COUNT", // one record more than there are
        "57, 4, 1, BAD_COUNT",
        "57, 4, -1, BAD_COUNT",
        "57, 4, 2147483647, BAD_COUNT",
        "57, 4, 0, EMPTY",
        "23, 4, 5, BAD_COUNT", // the last offset
        "8, 4, 40, BAD_LENGTH", // the size
        "8, 4, 100000, TRUNCATED",
        "27, 8, -5, BAD_TIMESTAMP",
        "35, 8, -5, BAD_TIMESTAMP",
        "35, 8, 43, BAD_TIMESTAMP", // later than that of any record
        "43, 8, -7, BAD_PRODUCER",
        "21, 2, 7, UNSUPPORTED_CODEC"
    })
    void aHeaderThatLiesIsRefusedAndTheLieNamed(int field, int size, long value, String problem) {
        String topic = newTopic(1);
        byte[] lying = batch("a", "b").toByteArray();
        for (int i = 0; i < size; i++) {
            lying[field + i] = (byte) (value >> ((size - 1 - i) * 8));
        }

        Told told = failure(() -> messages.produce(batches(topic, withChecksum(lying))));

        assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(told.reason()).isEqualTo(ErrorReason.CORRUPT_BATCH);
        assertThat(told.data().get("problem")).contains(problem);
        assertThat(messages.produce(batches(topic, batch("good"))).getBaseOffset())
                .isZero();
    }

    /** Of what a block of snappy says it unpacks to: a little more or less, and much more. */
    @ParameterizedTest
    @ValueSource(ints = {20, 21})
    void aCompressedSizeThatLiesIsRefused(int position) {
        String topic = newTopic(1);
        byte[] lying = batch(Compression.SNAPPY, "x".repeat(1_000)).toByteArray();
        lying[RecordBatch.HEADER_SIZE + position] ^= 0x11;

        Told told = failure(() -> messages.produce(batches(topic, withChecksum(lying))));

        assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(told.data().get("problem")).contains("BAD_COMPRESSION", "SNAPPY");
    }

    private static Bytes withChecksum(byte[] batch) {
        CRC32C crc = new CRC32C();
        crc.update(batch, 21, batch.length - 21);
        ByteBuffer.wrap(batch).putInt(17, (int) crc.getValue());
        return Bytes.wrap(batch);
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aBatchThatUnpacksToFarMoreThanItIsIsRefusedWithTheLimit(Compression compression) {
        String topic = newTopic(1);
        Bytes bomb = batch(compression, "0".repeat(MIB / 2).repeat(33));

        Told told = failure(() -> messages.produce(batches(topic, bomb)));

        assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        assertThat(told.data()).containsEntry("limit_bytes", Integer.toString(16 * MIB));
    }

    @Test
    void aRecordOverTheLimitInsideACompressedBatchIsRefusedToo() {
        String topic = newTopic(1);

        Told told = failure(() -> messages.produce(batches(topic, batch(Compression.ZSTD, "0".repeat(MIB)))));

        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        assertThat(told.data()).containsEntry("limit_bytes", Integer.toString(MIB));
    }

    @Test
    void bytesThatTheirCodecDidNotWriteAreRefused() {
        String topic = newTopic(1);
        byte[] damaged = batch(Compression.GZIP, "x".repeat(1_000)).toByteArray();
        damaged[RecordBatch.HEADER_SIZE] ^= 1;

        Told told = failure(() -> messages.produce(batches(topic, withChecksum(damaged))));

        assertThat(told.reason()).isEqualTo(ErrorReason.CORRUPT_BATCH);
        assertThat(told.data().get("problem")).contains("BAD_COMPRESSION", "GZIP");
    }

    @Test
    void fieldsThatCannotBeMeantAreNamed() {
        String topic = newTopic(1);

        assertThat(failure(() -> messages.produce(ProduceRequest.newBuilder()
                                .setTopic(topic)
                                .setRecordBatches(ByteString.copyFrom(batch("x").toByteArray()))
                                .build()))
                        .data())
                .containsEntry("field", "partition");
        assertThat(failure(() -> messages.produce(records(
                                topic,
                                0,
                                Record.newBuilder().setTimestampMillis(-5).build())))
                        .data())
                .containsEntry("field", "records.timestamp_millis");
        assertThat(failure(() -> messages.fetch(
                                fetch(topic, 0, 0).setMaxWaitMillis(60_001).build()))
                        .data())
                .containsEntry("field", "max_wait_millis");
    }

    @Test
    void topicsThatCannotBeCreatedAreRefusedWithTheReason() {
        String existing = newTopic(1);

        for (String name : List.of("a/b", "x".repeat(300), "", "..", "__mine")) {
            Told told = failure(() -> create(name, 1, 1));
            assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(told.reason()).isEqualTo(ErrorReason.INVALID_TOPIC_NAME);
            assertThat(told.data()).containsEntry("topic", name);
        }
        for (int partitions : new int[] {0, -1, 1_000_000}) {
            Told told = failure(() -> create("t", partitions, 1));
            assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(told.reason()).isEqualTo(ErrorReason.INVALID_PARTITIONS);
            assertThat(told.data()).containsEntry("partitions", Integer.toString(partitions));
        }
        assertThat(failure(() -> create("t", 1, 2)))
                .isEqualTo(new Told(
                        Status.Code.FAILED_PRECONDITION,
                        ErrorReason.INVALID_REPLICATION_FACTOR,
                        Map.of("replication_factor", "2", "brokers", "1"),
                        false));
        assertThat(failure(() -> create("t", 1, -1)).code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(failure(() -> create(existing, 1, 1)))
                .isEqualTo(new Told(
                        Status.Code.ALREADY_EXISTS,
                        ErrorReason.TOPIC_ALREADY_EXISTS,
                        Map.of("topic", existing),
                        false));
    }

    @Test
    void aMethodThatDoesNotExistIsUnimplemented() {
        assertThatThrownBy(() -> rawCall("millrace.v1.MessageService/Teleport", new byte[0]))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    }

    @Test
    void bytesThatAreNoMessageAreRefusedAsInvalid() {
        StatusRuntimeException thrown = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> rawCall("millrace.v1.MessageService/Produce", new byte[] {(byte) 0xff, 1, 2}));

        assertThat(told(thrown).reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
    }

    /** Otherwise the answer runs against the end of the request, and the client may hear CANCELLED. */
    @Test
    void bytesThatAreNoMessageAreRefusedBeforeTheCallHasEnded() {
        StatusRuntimeException thrown =
                rawCallLeftOpen("millrace.v1.MessageService/ProduceStream", new byte[] {(byte) 0xff, 1, 2});

        assertThat(told(thrown).reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
    }

    @Test
    void aSecondBrokerOnTheSameDirectoryIsRefused() throws Exception {
        assertThatThrownBy(() -> Broker.start(TestBroker.settings(directory, Map.of())))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("in use by another broker");
    }

    @Test
    void takenPortsAreNamedWithTheirSettings(@TempDir Path other) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            assertThatThrownBy(() -> Broker.start(TestBroker.settings(other, Map.of("millrace.client.port", port))))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("millrace.client.port")
                    .hasMessageContaining(port);
        }
    }
}
