package io.millrace.broker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DescribeTopicRequest;
import io.millrace.protocol.v1.DescribeTopicResponse;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamRequest;
import io.millrace.protocol.v1.FetchStreamResponse;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.Header;
import io.millrace.protocol.v1.ListTopicsRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Topic;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Everything between a client's socket and the disk, with one broker that is a cluster by itself. */
class SingleBrokerTest extends WithOneBroker {
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

    @ParameterizedTest
    @EnumSource
    void compressedBatchesAreKeptAsTheyAreAndReadAsRecordsToo(Compression compression) {
        String topic = newTopic(1);
        String value = "the same again ".repeat(5_000);
        Bytes sent = batch(compression, value, value, value);

        messages.produce(batches(topic, sent));

        FetchResponse encoded = messages.fetch(
                fetch(topic, 0, 0).setFormat(FetchRequest.Format.RECORD_BATCHES).build());
        RecordBatch kept = RecordBatch.at(Bytes.wrap(encoded.getRecordBatches().toByteArray()), 0);
        assertThat(kept.compression()).isEqualTo(compression);
        assertThat(kept.crc()).isEqualTo(RecordBatch.at(sent, 0).crc());
        FetchResponse plain = messages.fetch(fetch(topic, 0, 1).build());
        assertThat(plain.getRecordsList())
                .extracting(record -> record.getValue().toStringUtf8())
                .containsExactly(value, value);
        // A little room holds one record of the many in a compressed batch, and never none.
        assertThat(messages.fetch(fetch(topic, 0, 0).setMaxBytes(100_000).build())
                        .getRecordsCount())
                .isEqualTo(1);
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
    void aStreamAnswersEachRequestAndSurvivesFailedOnes() throws Exception {
        String topic = newTopic(2);
        Map<Long, ProduceStreamResponse> answers = new HashMap<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        StreamObserver<ProduceStreamRequest> requests = MessageServiceGrpc.newStub(broker.channel())
                .produceStream(new StreamObserver<>() {
                    @Override
                    public void onNext(ProduceStreamResponse answer) {
                        answers.put(answer.getCorrelationId(), answer);
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
        assertThat(requireNonNull(answers.get(100L)).getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(requireNonNull(answers.get(100L)).getError().getStatusCode())
                .isEqualTo(Status.Code.NOT_FOUND.value());
        assertThat(requireNonNull(answers.get(99L)).getResponse().getBaseOffset())
                .isEqualTo(49);
        assertThat(requireNonNull(answers.get(499L)).getResponse().getBaseOffset())
                .isEqualTo(249);
        List<Record> stored = new ArrayList<>();
        while (stored.size() < 250) {
            stored.addAll(messages.fetch(fetch(topic, 1, stored.size()).build()).getRecordsList());
        }
        for (int i = 0; i < 250; i++) {
            assertThat(stored.get(i).getValue()).isEqualTo(utf8("v" + (2 * i + 1)));
        }
    }

    /** What came in a stream of fetches, by the number of its request. */
    private static final class Fetched implements StreamObserver<FetchStreamResponse> {
        final Map<Long, CompletableFuture<FetchStreamResponse>> answers = new ConcurrentHashMap<>();
        final CompletableFuture<Void> ended = new CompletableFuture<>();

        CompletableFuture<FetchStreamResponse> of(long id) {
            return answers.computeIfAbsent(id, each -> new CompletableFuture<>());
        }

        @Override
        public void onNext(FetchStreamResponse answer) {
            of(answer.getCorrelationId()).complete(answer);
        }

        @Override
        public void onError(Throwable thrown) {
            ended.completeExceptionally(thrown);
        }

        @Override
        public void onCompleted() {
            ended.complete(null);
        }
    }

    private static FetchStreamRequest inStream(long id, FetchRequest.Builder request) {
        return FetchStreamRequest.newBuilder()
                .setCorrelationId(id)
                .setRequest(request)
                .build();
    }

    @Test
    void aStreamOfFetchesAnswersEachWhenThereIsSomethingToTell() throws Exception {
        String topic = newTopic(2);
        messages.produce(records(topic, 0, value("a"), value("b")));
        Fetched fetched = new Fetched();
        StreamObserver<FetchStreamRequest> requests =
                MessageServiceGrpc.newStub(broker.channel()).fetchStream(fetched);

        requests.onNext(inStream(1, fetch(topic, 1, 0).setMaxWaitMillis(60_000))); // waits for its first record
        requests.onNext(inStream(2, fetch("no-such-topic", 0, 0)));
        requests.onNext(inStream(3, fetch(topic, 0, 7)));
        requests.onNext(inStream(
                4,
                fetch(topic, 0, 1).setFormat(FetchRequest.Format.RECORD_BATCHES).setMaxBytes(1 << 20)));
        FetchResponse read = fetched.of(4).get(30, TimeUnit.SECONDS).getResponse();
        assertThat(read.getHighWatermark()).isEqualTo(2);
        assertThat(read.getRecordBatches().isEmpty()).isFalse();
        assertThat(fetched.of(2).get(30, TimeUnit.SECONDS).getError().getReason())
                .isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(fetched.of(3).get(30, TimeUnit.SECONDS).getError().getReason())
                .isEqualTo(ErrorReason.OFFSET_OUT_OF_RANGE);
        assertThat(fetched.of(1)).isNotDone();

        messages.produce(records(topic, 1, value("late")));
        assertThat(fetched.of(1).get(30, TimeUnit.SECONDS).getResponse().getRecordsList())
                .extracting(record -> record.getValue().toStringUtf8())
                .containsExactly("late");
        requests.onCompleted();
        fetched.ended.get(30, TimeUnit.SECONDS);
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
    void whenRecordsAreForcedIsTheTopicsChoiceAndToldWithEachAnswer() throws Exception {
        String safe = newTopic(1);
        String quick = newTopicWith(Map.of("flush.policy", "interval", "flush.interval.ms", "20"));

        ProduceResponse written = messages.produce(records(quick, 0, value("x")));
        assertThat(written.getFlushPolicy()).isEqualTo(ProduceResponse.FlushPolicy.INTERVAL);
        assertThat(messages.produce(records(safe, 0, value("x"))).getFlushPolicy())
                .isEqualTo(ProduceResponse.FlushPolicy.COMMIT);
        assertThat(messages.fetch(fetch(quick, 0, 0).build()).getRecordsList()).hasSize(1);

        assertThat(topicNamed(quick).getSettingsMap())
                .isEqualTo(Map.of("flush.policy", "interval", "flush.interval.ms", "20"));
        assertThat(topicNamed(safe).getSettingsMap()).isEqualTo(Map.of("flush.policy", "commit"));
        assertThat(broker.http("/api/v1/topics/" + quick + "/partitions/0").body())
                .contains("\"flush.policy\" : \"interval\"");
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
    void listingHidesTheClustersOwnTopicsUnlessAsked() {
        String topic = newTopic(1);

        assertThat(admin.listTopics(ListTopicsRequest.getDefaultInstance()).getTopicsList())
                .extracting(Topic::getName)
                .contains(topic)
                .noneMatch(name -> name.startsWith("__"));
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
                .contains(
                        "\"role\" : \"LEADER\"",
                        "\"leader\" : 1",
                        "\"highWatermark\" : 1",
                        "\"logEndOffset\" : 1",
                        "\"recordsPerProposal\" : 1.0");
        assertThat(broker.http("/api/v1/topics/" + topic + "/partitions/9").statusCode())
                .isEqualTo(404);
        assertThat(broker.http("/api/v1/topics/nope").body()).contains("UNKNOWN_TOPIC");
        assertThat(broker.http("/api/v1/topics/" + topic).body()).contains("\"replicationFactor\" : 1");
        assertThat(broker.http("/api/v1/topics").body()).contains(topic);
        assertThat(broker.http("/api/v1/brokers").body()).contains("\"alive\" : true");
        assertThat(broker.http("/api/v1/controller").body()).contains("RULING");
        for (String nowhere : List.of("/", "/nonsense", "/api/v1/nonsense")) {
            assertThat(broker.http(nowhere).statusCode()).isEqualTo(404);
            assertThat(broker.http(nowhere).body()).contains("NOT_FOUND");
        }
        for (String readOnly : List.of("/ready", "/api/v1/topics", "/api/v1/topics/" + topic)) {
            HttpResponse<String> refused = broker.http("DELETE", readOnly);
            assertThat(refused.statusCode()).isEqualTo(405);
            assertThat(refused.body()).contains("METHOD_NOT_ALLOWED");
            assertThat(refused.headers().firstValue("Allow")).hasValue("GET, HEAD");
            assertThat(broker.http("HEAD", readOnly).statusCode()).isEqualTo(200);
        }
        assertThat(broker.http("/cluster/members").body()).contains("broker-1");
        assertThat(broker.http("/bootstrap/seed-nodes").body()).contains("seedNodes");
        assertThat(broker.http("/alive").statusCode()).isEqualTo(200);
        assertThat(broker.http("/ready").body()).contains("READY");
    }
}
