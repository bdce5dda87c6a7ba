package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.millrace.broker.data.RefusedException;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.ClusterServiceGrpc;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DescribeTopicRequest;
import io.millrace.protocol.v1.DescribeTopicResponse;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.Header;
import io.millrace.protocol.v1.ListTopicsRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Records;
import io.millrace.protocol.v1.Topic;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything between a client's socket and the disk, with one broker that is a cluster by itself. */
class SingleBrokerTest {
    private static final AtomicInteger TOPICS = new AtomicInteger();
    private static final int MIB = 1 << 20;

    private static Path directory = Path.of("unset");

    private static TestBroker broker;
    private static MessageServiceGrpc.MessageServiceBlockingStub messages;
    private static ClusterServiceGrpc.ClusterServiceBlockingStub cluster;
    private static AdminServiceGrpc.AdminServiceBlockingStub admin;

    @BeforeAll
    static void start(@TempDir Path temporary) throws Exception {
        directory = temporary;
        broker = TestBroker.start(directory, Map.of());
        messages = MessageServiceGrpc.newBlockingStub(broker.channel());
        cluster = ClusterServiceGrpc.newBlockingStub(broker.channel());
        admin = AdminServiceGrpc.newBlockingStub(broker.channel());
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void plainRecordsComeBackAsTheyWereSent() {
        String topic = newTopic(1);
        long before = System.currentTimeMillis();
        Record full = Record.newBuilder()
                .setTimestampMillis(1234)
                .setKey(utf8("k"))
                .setValue(utf8("v"))
                .addHeaders(Header.newBuilder().setKey("h").setValue(utf8("x")))
                .addHeaders(Header.newBuilder().setKey("null"))
                .build();
        Record empty = Record.newBuilder().setKey(ByteString.EMPTY).build();

        ProduceResponse produced = messages.produce(records(topic, 0, full, empty));

        assertThat(produced.getBaseOffset()).isZero();
        assertThat(produced.getRecordCount()).isEqualTo(2);
        FetchResponse fetched = messages.fetch(fetch(topic, 0, 0).build());
        assertThat(fetched.getRecordsList()).hasSize(2);
        assertThat(fetched.getRecords(0)).isEqualTo(full);
        assertThat(fetched.getRecords(1).getOffset()).isEqualTo(1);
        assertThat(fetched.getRecords(1).hasKey()).isTrue();
        assertThat(fetched.getRecords(1).hasValue()).isFalse();
        assertThat(fetched.getRecords(1).getTimestampMillis()).isBetween(before, System.currentTimeMillis());
        assertThat(fetched.getHighWatermark()).isEqualTo(2);
    }

    @Test
    void encodedBatchesComeBackAsTheyWereSentButForTheirOffsets() {
        String topic = newTopic(1);
        Bytes first = batch("a", "b");
        Bytes second = batch("c");

        ProduceResponse produced = messages.produce(batches(topic, concat(first, second)));

        assertThat(produced.getRecordCount()).isEqualTo(3);
        FetchResponse fetched = messages.fetch(
                fetch(topic, 0, 2).setFormat(FetchRequest.Format.RECORD_BATCHES).build());
        List<RecordBatch> read = new ArrayList<>();
        RecordBatches.iterate(Bytes.wrap(fetched.getRecordBatches().toByteArray()))
                .forEach(read::add);
        RecordBatch last = read.get(read.size() - 1);
        last.validate();
        assertThat(last.baseOffset()).isEqualTo(2);
        assertThat(last.crc()).isEqualTo(RecordBatch.at(second, 0).crc());
    }

    @Test
    void aFetchOfRecordsBeginsAtExactlyTheOffsetAskedFor() {
        String topic = newTopic(1);
        messages.produce(batches(topic, batch("0", "1", "2", "3")));

        assertThat(messages.fetch(fetch(topic, 0, 2).build()).getRecordsList())
                .extracting(Record::getOffset)
                .containsExactly(2L, 3L);
    }

    @Test
    void aFetchAtTheEndWaitsForTheNextRecord() {
        String topic = newTopic(1);
        CompletableFuture<FetchResponse> waiting = CompletableFuture.supplyAsync(
                () -> messages.fetch(fetch(topic, 0, 0).setMaxWaitMillis(20_000).build()));

        messages.produce(records(topic, 0, value("late")));

        assertThat(waiting.join().getRecordsList()).hasSize(1);
    }

    @Test
    void aFetchWithoutWaitingAnswersAtOnceWithNothing() {
        String topic = newTopic(1);

        FetchResponse response = messages.fetch(fetch(topic, 0, 0).build());

        assertThat(response.getRecordsList()).isEmpty();
        assertThat(response.getHighWatermark()).isZero();
    }

    @Test
    void aFetchWhoseWaitIsLongerThanItsDeadlineIsAnsweredBeforeTheDeadline() {
        String topic = newTopic(1);

        FetchResponse response = messages.withDeadlineAfter(2, TimeUnit.SECONDS)
                .fetch(fetch(topic, 0, 0).setMaxWaitMillis(60_000).build());

        assertThat(response.getRecordsList()).isEmpty();
    }

    @Test
    void recordsWithTheSameKeyGoToTheSamePartitionAndThoseWithoutGoAround() {
        String topic = newTopic(3);
        Record keyed = Record.newBuilder().setKey(utf8("customer-7")).build();

        int chosen = messages.produce(anywhere(topic, keyed)).getPartition();

        assertThat(messages.produce(anywhere(topic, keyed)).getPartition()).isEqualTo(chosen);
        List<Integer> inTurn = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            inTurn.add(messages.produce(anywhere(topic, value("x"))).getPartition());
        }
        assertThat(inTurn).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void aStreamIsAnsweredInOrderAndSurvivesFailedRequests() throws Exception {
        String topic = newTopic(2);
        List<ProduceStreamResponse> answers = new ArrayList<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        StreamObserver<ProduceStreamRequest> requests = MessageServiceGrpc.newStub(broker.channel())
                .produceStream(new StreamObserver<>() {
                    @Override
                    public void onNext(ProduceStreamResponse answer) {
                        answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable thrown) {
                        ended.completeExceptionally(thrown);
                    }

                    @Override
                    public void onCompleted() {
                        ended.complete(null);
                    }
                });

        int count = 500;
        for (int i = 0; i < count; i++) {
            String to = i == 100 ? "no-such-topic" : topic;
            requests.onNext(ProduceStreamRequest.newBuilder()
                    .setCorrelationId(i)
                    .setRequest(records(to, i % 2, value("v" + i)))
                    .build());
        }
        requests.onCompleted();
        ended.get(30, TimeUnit.SECONDS);

        assertThat(answers).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(answers.get(i).getCorrelationId()).isEqualTo(i);
        }
        assertThat(answers.get(100).getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(answers.get(100).getError().getStatusCode()).isEqualTo(Status.Code.NOT_FOUND.value());
        assertThat(answers.get(99).getResponse().getBaseOffset()).isEqualTo(49);
        assertThat(answers.get(499).getResponse().getBaseOffset()).isEqualTo(249);
        List<Record> stored = new ArrayList<>();
        while (stored.size() < 250) {
            stored.addAll(messages.fetch(fetch(topic, 1, stored.size()).build()).getRecordsList());
        }
        for (int i = 0; i < 250; i++) {
            assertThat(stored.get(i).getValue()).isEqualTo(utf8("v" + (2 * i + 1)));
        }
    }

    @Test
    void metadataAndDescriptionShowATopicAsItIs() {
        String topic = newTopic(2);
        messages.produce(records(topic, 1, value("x"), value("y")));

        GetMetadataResponse metadata = cluster.getMetadata(
                GetMetadataRequest.newBuilder().addTopics(topic).build());
        DescribeTopicResponse described = admin.describeTopic(
                DescribeTopicRequest.newBuilder().setName(topic).build());

        assertThat(metadata.getClusterId()).isNotBlank();
        assertThat(metadata.getControllerId()).isEqualTo(1);
        assertThat(metadata.getBrokers(0).getPort())
                .isEqualTo(broker.settings().frontDoor().address().port());
        assertThat(metadata.getBrokers(0).getAlive()).isTrue();
        assertThat(metadata.getTopics(0).getPartitions(1).getLeader()).isEqualTo(1);
        assertThat(metadata.getTopics(0).getPartitions(1).getLeaderTerm()).isPositive();
        assertThat(described.getPartitions(1).getHighWatermark()).isEqualTo(2);
        assertThat(described.getPartitions(1).getInSyncReplicasList()).containsExactly(1);
        assertThat(messages.getOffsets(GetOffsetsRequest.newBuilder()
                                .setTopic(topic)
                                .setPartition(1)
                                .build())
                        .getLatest())
                .isEqualTo(2);
    }

    @Test
    void aTopicCreatedAgainAfterItsDeletionIsEmpty() {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("old")));
        long oldId = topicNamed(topic).getId();

        admin.deleteTopic(DeleteTopicRequest.newBuilder().setName(topic).build());
        create(topic, 1, 1);

        assertThat(topicNamed(topic).getId()).isGreaterThan(oldId);
        assertThat(messages.fetch(fetch(topic, 0, 0).build()).getRecordsList()).isEmpty();
        assertThat(messages.produce(records(topic, 0, value("new"))).getBaseOffset())
                .isZero();
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
    void listingHidesTheClustersOwnTopicsUnlessAsked() {
        String topic = newTopic(1);

        assertThat(admin.listTopics(ListTopicsRequest.getDefaultInstance()).getTopicsList())
                .extracting(Topic::getName)
                .contains(topic)
                .noneMatch(name -> name.startsWith("__"));
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

    @Test
    void serverReflectionListsTheServices() {
        // ServerReflectionRequest { string list_services = 7; }
        byte[] listServices = {0x3a, 0};
        String listed = new String(
                rawCall("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", listServices),
                StandardCharsets.UTF_8);

        assertThat(listed)
                .contains("millrace.v1.MessageService", "millrace.v1.ClusterService", "millrace.v1.AdminService");
    }

    @Test
    void inspectionOverHttpShowsEachPartition() throws Exception {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("x")));

        String page = broker.http("/api/v1/topics/" + topic + "/partitions/0").body();

        assertThat(page)
                .contains("\"role\" : \"LEADER\"", "\"leader\" : 1", "\"highWatermark\" : 1", "\"logEndOffset\" : 1");
        assertThat(broker.http("/api/v1/topics/" + topic + "/partitions/9").statusCode())
                .isEqualTo(404);
        assertThat(broker.http("/api/v1/topics/nope").body()).contains("UNKNOWN_TOPIC");
        assertThat(broker.http("/api/v1/topics/" + topic).body()).contains("\"replicationFactor\" : 1");
        assertThat(broker.http("/api/v1/topics").body()).contains(topic);
        assertThat(broker.http("/api/v1/brokers").body()).contains("\"alive\" : true");
        assertThat(broker.http("/api/v1/controller").body()).contains("RULING");
        assertThat(broker.http("/api/v1/nonsense").statusCode()).isEqualTo(404);
        assertThat(broker.http("/cluster/members").body()).contains("broker-1");
        assertThat(broker.http("/alive").statusCode()).isEqualTo(200);
        assertThat(broker.http("/ready").body()).contains("READY");
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

    private record Told(Status.Code code, ErrorReason reason, Map<String, String> data, boolean retry) {}

    private static Told failure(ThrowingCallable call) {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(thrown).isNotNull();
        return told(thrown);
    }

    private static Told told(StatusRuntimeException thrown) {
        com.google.rpc.Status status = Objects.requireNonNull(StatusProto.fromThrowable(thrown), thrown.toString());
        assertThat(status.getCode()).isEqualTo(thrown.getStatus().getCode().value());
        try {
            assertThat(status.getDetailsList()).as(thrown.toString()).isNotEmpty();
            ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
            assertThat(info.getDomain()).isEqualTo("millrace");
            boolean retry = status.getDetailsList().stream().anyMatch(any -> any.is(RetryInfo.class));
            return new Told(
                    thrown.getStatus().getCode(), ErrorReason.valueOf(info.getReason()), info.getMetadataMap(), retry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] rawCall(String method, byte[] request) {
        MethodDescriptor.Marshaller<byte[]> raw = new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                try {
                    return stream.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        return ClientCalls.blockingUnaryCall(
                broker.channel(),
                MethodDescriptor.newBuilder(raw, raw)
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName(method)
                        .build(),
                CallOptions.DEFAULT,
                request);
    }

    private static String newTopic(int partitions) {
        String name = "topic-" + TOPICS.incrementAndGet();
        create(name, partitions, 1);
        return name;
    }

    private static void create(String name, int partitions, int replicationFactor) {
        Topic created = admin.createTopic(CreateTopicRequest.newBuilder()
                        .setName(name)
                        .setPartitions(partitions)
                        .setReplicationFactor(replicationFactor)
                        .build())
                .getTopic();
        assertThat(created.getPartitionsList()).hasSize(partitions).allMatch(partition -> partition.hasLeader());
    }

    private static Topic topicNamed(String name) {
        return cluster.getMetadata(
                        GetMetadataRequest.newBuilder().addTopics(name).build())
                .getTopics(0);
    }

    private static FetchRequest.Builder fetch(String topic, int partition, long offset) {
        return FetchRequest.newBuilder().setTopic(topic).setPartition(partition).setOffset(offset);
    }

    private static ProduceRequest records(String topic, int partition, Record... records) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setRecords(Records.newBuilder().addAllRecords(List.of(records)))
                .build();
    }

    private static ProduceRequest anywhere(String topic, Record record) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setRecords(Records.newBuilder().addRecords(record))
                .build();
    }

    private static ProduceRequest batches(String topic, Bytes batches) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setRecordBatches(ByteString.copyFrom(batches.toByteArray()))
                .build();
    }

    private static Bytes batch(String... values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(MIB);
        for (String value : values) {
            assertThat(builder.tryAppend(42, null, Bytes.utf8(value), List.of()))
                    .isTrue();
        }
        return builder.build();
    }

    private static Bytes concat(Bytes first, Bytes second) {
        byte[] both = new byte[first.size() + second.size()];
        first.copyTo(both, 0);
        second.copyTo(both, first.size());
        return Bytes.wrap(both);
    }

    private static Record value(String value) {
        return Record.newBuilder().setValue(utf8(value)).build();
    }

    private static ByteString utf8(String text) {
        return ByteString.copyFromUtf8(text);
    }
}
