package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchPartition;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ReadFrom;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.SubscribePartition;
import io.millrace.protocol.v1.SubscribeRequest;
import io.millrace.protocol.v1.SubscribeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Several partitions at once, streams, and times, over the wire. */
class ReadingTest extends WithOneBroker {
    private static final int PATIENCE_SECONDS = 60;

    private static FetchPartition at(String topic, int partition, long offset) {
        return FetchPartition.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setOffset(offset)
                .build();
    }

    private static FetchRequest.Builder many(FetchPartition... partitions) {
        return FetchRequest.newBuilder().addAllPartitions(List.of(partitions));
    }

    private static List<String> values(FetchedPartition partition) {
        return partition.getRecordsList().stream()
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    // ----------------------------------------------------------------------------------------------- several
    // partitions

    @Test
    void oneFetchGivesEachPartitionsRecordsOrItsError() {
        String topic = newTopic(3);
        messages.produce(records(topic, 0, value("a"), value("b")));
        messages.produce(records(topic, 2, value("c")));
        FetchResponse answer = messages.fetch(many(
                        at(topic, 2, 0),
                        at(topic, 0, 1),
                        at(topic, 1, 0),
                        at(topic, 9, 0),
                        at("nowhere", 0, 0),
                        at(topic, 1, 7))
                .build());
        assertThat(answer.getRecordsList()).isEmpty();
        assertThat(answer.getPartitionsList()).hasSize(6);
        assertThat(values(answer.getPartitions(0))).containsExactly("c");
        assertThat(values(answer.getPartitions(1))).containsExactly("b");
        assertThat(answer.getPartitions(1).getNextOffset()).isEqualTo(2);
        assertThat(answer.getPartitions(1).getHighWatermark()).isEqualTo(2);
        assertThat(values(answer.getPartitions(2))).isEmpty();
        assertThat(answer.getPartitions(2).hasError()).isFalse();
        assertThat(answer.getPartitions(3).getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_PARTITION);
        assertThat(answer.getPartitions(4).getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(answer.getPartitions(5).getError().getReason()).isEqualTo(ErrorReason.OFFSET_OUT_OF_RANGE);
        assertThat(answer.getPartitions(5).getError().getMetadataMap()).containsEntry("latest_offset", "0");
    }

    @Test
    void aWaitForSeveralPartitionsEndsWithTheFirstThatGetsARecord() throws Exception {
        String topic = newTopic(3);
        CompletableFuture<FetchResponse> waiting = CompletableFuture.supplyAsync(
                () -> messages.fetch(many(at(topic, 0, 0), at(topic, 1, 0), at(topic, 2, 0))
                        .setMaxWaitMillis(60_000)
                        .build()));
        messages.produce(records(topic, 1, value("wake up")));
        FetchResponse answer = waiting.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(values(answer.getPartitions(1))).containsExactly("wake up");
    }

    @Test
    void aWaitForSeveralPartitionsGoesOnUntilThereIsEnough() throws Exception {
        String topic = newTopic(2);
        CompletableFuture<FetchResponse> waiting =
                CompletableFuture.supplyAsync(() -> messages.fetch(many(at(topic, 0, 0), at(topic, 1, 0))
                        .setMinBytes(3_000)
                        .setMaxWaitMillis(60_000)
                        .build()));
        Record large = value("x".repeat(1_000));
        messages.produce(records(topic, 0, large));
        messages.produce(records(topic, 1, large));
        assertThat(waiting).isNotDone();
        messages.produce(records(topic, 0, large));
        FetchResponse answer = waiting.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(answer.getPartitions(0).getRecordsCount()).isEqualTo(2);
        assertThat(answer.getPartitions(1).getRecordsCount()).isEqualTo(1);
    }

    @Test
    void severalPartitionsTogetherGiveNoMoreThanWasAskedForAndNothingIsLost() {
        String topic = newTopic(3);
        for (int partition = 0; partition < 3; partition++) {
            messages.produce(records(topic, partition, value("x".repeat(10_000))));
        }
        FetchRequest.Builder request =
                FetchRequest.newBuilder().setMaxBytes(15_000).setFormat(FetchRequest.Format.RECORD_BATCHES);
        for (int partition = 0; partition < 3; partition++) {
            request.addPartitions(at(topic, partition, 0).toBuilder().setMaxBytes(15_000));
        }
        FetchResponse answer = messages.fetch(request.build());
        assertThat(answer.getPartitions(0).getRecordBatches().size()).isGreaterThan(10_000);
        for (int partition = 1; partition < 3; partition++) {
            assertThat(answer.getPartitions(partition).getRecordBatches()).isEmpty();
            assertThat(answer.getPartitions(partition).getNextOffset()).isZero();
            assertThat(answer.getPartitions(partition).getHighWatermark()).isEqualTo(1);
        }
    }

    @Test
    void aFetchOfOneAndOfSeveralAtOnceIsRefused() {
        String topic = newTopic(1);
        Told told = failure(() ->
                messages.fetch(fetch(topic, 0, 0).addPartitions(at(topic, 0, 0)).build()));
        assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(told.data()).containsEntry("field", "partitions");
    }

    // ------------------------------------------------------------------------------------------------ times, replicas

    @Test
    void anOffsetIsFoundForATime() {
        String topic = newTopic(1);
        for (long at : List.of(1_000L, 3_000L, 2_000L, 4_000L)) {
            messages.produce(records(
                    topic,
                    0,
                    value("at " + at).toBuilder().setTimestampMillis(at).build()));
        }
        assertThat(offsets(topic, 2_500).getOffsetAtTimestamp()).isEqualTo(1);
        assertThat(offsets(topic, 2_500).getTimestampMillis()).isEqualTo(3_000);
        assertThat(offsets(topic, 4_000).getOffsetAtTimestamp()).isEqualTo(3);
        assertThat(offsets(topic, 4_001).hasOffsetAtTimestamp()).isFalse();
        assertThat(offsets(topic, 4_001).getLatest()).isEqualTo(4);
    }

    private static GetOffsetsResponse offsets(String topic, long timestamp) {
        return messages.getOffsets(GetOffsetsRequest.newBuilder()
                .setTopic(topic)
                .setTimestampMillis(timestamp)
                .build());
    }

    @Test
    void aReadMayBeLinearizableAndOfAnyReplica() {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("a")));
        for (ReadFrom from : List.of(ReadFrom.LEADER, ReadFrom.ANY_REPLICA)) {
            FetchResponse answer = messages.fetch(
                    fetch(topic, 0, 0).setReadFrom(from).setLinearizable(true).build());
            assertThat(answer.getRecordsCount()).isEqualTo(1);
        }
        Told told = failure(
                () -> messages.fetch(fetch(topic, 0, 0).setReadFromValue(7).build()));
        assertThat(told.data()).containsEntry("field", "read_from");
    }

    // --------------------------------------------------------------------------------------------------------- streams

    /** What comes of one subscription; takes one response only when asked. */
    private static final class Stream
            implements ClientResponseObserver<SubscribeRequest, SubscribeResponse>, AutoCloseable {
        private static final Object COMPLETED = new Object();

        private final BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
        private @Nullable ClientCallStreamObserver<SubscribeRequest> call;

        static Stream of(SubscribeRequest.Builder request) {
            Stream stream = new Stream();
            MessageServiceGrpc.newStub(broker.channel()).subscribe(request.build(), stream);
            return stream;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<SubscribeRequest> started) {
            call = started;
            started.disableAutoRequestWithInitial(0);
        }

        Object next() throws InterruptedException {
            Objects.requireNonNull(call).request(1);
            return Objects.requireNonNull(seen.poll(PATIENCE_SECONDS, TimeUnit.SECONDS), "nothing came");
        }

        SubscribeResponse response() throws InterruptedException {
            return (SubscribeResponse) next();
        }

        FetchedPartition fetched() throws InterruptedException {
            return response().getFetched();
        }

        @Override
        public void onNext(SubscribeResponse response) {
            seen.add(response);
        }

        @Override
        public void onError(Throwable thrown) {
            seen.add(thrown);
        }

        @Override
        public void onCompleted() {
            seen.add(COMPLETED);
        }

        @Override
        public void close() {
            Objects.requireNonNull(call).cancel("the test is over", null);
        }
    }

    private static SubscribePartition.Builder from(String topic, int partition) {
        return SubscribePartition.newBuilder().setTopic(topic).setPartition(partition);
    }

    private static SubscribeRequest.Builder subscribe(SubscribePartition.Builder... partitions) {
        SubscribeRequest.Builder request = SubscribeRequest.newBuilder();
        List.of(partitions).forEach(request::addPartitions);
        return request;
    }

    @Test
    void aStreamSaysWhereItBeginsAndGoesOnWithWhatIsWritten() throws Exception {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("a"), value("b")));
        try (Stream stream = Stream.of(subscribe(from(topic, 0)))) {
            FetchedPartition first = stream.fetched();
            assertThat(first.getNextOffset()).isZero();
            assertThat(first.getHighWatermark()).isEqualTo(2);
            assertThat(values(stream.fetched())).containsExactly("a", "b");
            messages.produce(records(topic, 0, value("c")));
            FetchedPartition last = stream.fetched();
            assertThat(values(last)).containsExactly("c");
            assertThat(last.getNextOffset()).isEqualTo(3);
        }
    }

    @Test
    void aStreamBeginsAtTheEndAtAnOffsetOrAtATime() throws Exception {
        String topic = newTopic(1);
        for (long at : List.of(1_000L, 2_000L, 3_000L)) {
            messages.produce(records(
                    topic,
                    0,
                    value("at " + at).toBuilder().setTimestampMillis(at).build()));
        }
        try (Stream latest = Stream.of(subscribe(from(topic, 0).setEnd(SubscribePartition.End.LATEST)));
                Stream offset = Stream.of(subscribe(from(topic, 0).setOffset(2)));
                Stream time = Stream.of(subscribe(from(topic, 0).setTimestampMillis(1_500)));
                Stream later = Stream.of(subscribe(from(topic, 0).setTimestampMillis(9_999)))) {
            assertThat(latest.fetched().getNextOffset()).isEqualTo(3);
            assertThat(offset.fetched().getNextOffset()).isEqualTo(2);
            assertThat(time.fetched().getNextOffset()).isEqualTo(1);
            assertThat(later.fetched().getNextOffset()).isEqualTo(3);
            assertThat(values(offset.fetched())).containsExactly("at 3000");
            assertThat(values(time.fetched())).containsExactly("at 2000", "at 3000");
            messages.produce(records(topic, 0, value("new")));
            assertThat(values(latest.fetched())).containsExactly("new");
            assertThat(values(later.fetched())).containsExactly("new");
        }
    }

    @Test
    void aStreamOfBatchesGivesThemAsTheyLieInTheLog() throws Exception {
        String topic = newTopic(1);
        Bytes batch = batch("a", "b", "c");
        messages.produce(batches(topic, batch));
        try (Stream stream = Stream.of(subscribe(from(topic, 0)).setFormat(FetchRequest.Format.RECORD_BATCHES))) {
            stream.fetched();
            FetchedPartition fetched = stream.fetched();
            assertThat(fetched.getNextOffset()).isEqualTo(3);
            for (RecordBatch read :
                    RecordBatches.iterate(Bytes.wrap(fetched.getRecordBatches().toByteArray()))) {
                assertThat(read.crc()).isEqualTo(RecordBatch.at(batch, 0).crc());
            }
        }
    }

    @Test
    void troubleWithOnePartitionIsToldInTheStreamAndTheOthersGoOn() throws Exception {
        String topic = newTopic(2);
        messages.produce(records(topic, 0, value("a")));
        try (Stream stream =
                Stream.of(subscribe(from(topic, 0), from(topic, 1).setOffset(5), from(topic, 7), from("nowhere", 0)))) {
            List<SubscribeResponse> responses = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                responses.add(stream.response());
            }
            assertThat(responses.stream()
                            .filter(SubscribeResponse::getEnded)
                            .map(response -> response.getFetched().getError().getReason()))
                    .containsExactlyInAnyOrder(
                            ErrorReason.OFFSET_OUT_OF_RANGE, ErrorReason.UNKNOWN_PARTITION, ErrorReason.UNKNOWN_TOPIC);
            assertThat(responses.stream().flatMap(response -> values(response.getFetched()).stream()))
                    .containsExactly("a");
            messages.produce(records(topic, 0, value("b")));
            assertThat(values(stream.fetched())).containsExactly("b");
        }
    }

    @Test
    void aStreamWhoseLastPartitionHasEndedIsCompleted() throws Exception {
        try (Stream stream = Stream.of(subscribe(from("nowhere", 0)))) {
            assertThat(stream.response().getEnded()).isTrue();
            assertThat(stream.next()).isSameAs(Stream.COMPLETED);
        }
    }

    @Test
    void aTopicThatIsMadeAnewUnderTheSameNameIsNotReadOn() throws Exception {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("old")));
        try (Stream stream = Stream.of(subscribe(from(topic, 0)))) {
            stream.fetched();
            stream.fetched();
            admin.deleteTopic(DeleteTopicRequest.newBuilder().setName(topic).build());
            create(topic, 1, 1);
            messages.produce(records(topic, 0, value("new"), value("newer")));
            SubscribeResponse last = stream.response();
            while (!last.getEnded()) {
                assertThat(values(last.getFetched())).isEmpty();
                last = stream.response();
            }
            assertThat(last.getFetched().getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        }
    }

    /** Twenty megabytes wait for who takes nothing; meanwhile another reads them all. */
    @Test
    void aClientThatTakesNothingHoldsUpNobodyAndLosesNothing() throws Exception {
        String topic = newTopic(1);
        String large = "x".repeat(500_000);
        for (int i = 0; i < 40; i++) {
            messages.produce(records(topic, 0, value(i + " " + large)));
        }
        try (Stream slow = Stream.of(subscribe(from(topic, 0)));
                Stream fast = Stream.of(subscribe(from(topic, 0)))) {
            assertThat(offsetsOf(fast, 40)).hasSize(40);
            assertThat(offsetsOf(slow, 40)).hasSize(40).isSorted().doesNotHaveDuplicates();
        }
    }

    private static List<Long> offsetsOf(Stream stream, int count) throws InterruptedException {
        List<Long> offsets = new ArrayList<>();
        while (offsets.size() < count) {
            stream.fetched().getRecordsList().forEach(record -> offsets.add(record.getOffset()));
        }
        return offsets;
    }

    @Test
    void aSubscriptionOfNothingOrOfOnePartitionTwiceIsRefused() throws Exception {
        String topic = newTopic(1);
        for (SubscribeRequest.Builder request :
                List.of(SubscribeRequest.newBuilder(), subscribe(from(topic, 0), from(topic, 0)))) {
            try (Stream stream = Stream.of(request)) {
                assertThat(Status.fromThrowable((Throwable) stream.next()).getCode())
                        .isEqualTo(Status.Code.INVALID_ARGUMENT);
            }
        }
    }
}
