package io.millrace.client;

import static io.millrace.client.ClientFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ways to send, and what an application can hook in. */
@Timeout(30)
class ProducerApiTest {
    private final ClientFixture fixture = new ClientFixture();
    private final FakeCluster cluster = fixture.cluster;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aBatchHasAResultForEachRecordAndABadOneTakesNoOtherAlong() {
        cluster.createTopic("orders", 2);
        cluster.limitRequestsTo(2_000);
        List<ProducerRecord> records = new ArrayList<>();
        IntStream.range(0, 20).forEach(i -> records.add(value("v" + i).toPartition(i % 2)));
        records.set(7, value("x".repeat(5_000)).toPartition(1));
        records.set(8, value("nowhere").toPartition(9));
        long now = fixture.timers.currentTimeMillis();
        List<SendResult> results = fixture.client.producer().sendBatch(records).join();

        assertThat(results).hasSize(20);
        assertThat(((SendResult.Failed) results.get(7)).failure().reason()).isEqualTo(FailureReason.MESSAGE_TOO_LARGE);
        assertThat(((SendResult.Failed) results.get(8)).failure().reason()).isEqualTo(FailureReason.UNKNOWN_PARTITION);
        assertThat(results).filteredOn(SendResult.Written.class::isInstance).hasSize(18);
        assertThat(((SendResult.Written) results.get(19)).position())
                .isEqualTo(new RecordPosition("orders", 1, 8, now));
        assertThat(cluster.values("orders", 0))
                .containsExactly("v0", "v2", "v4", "v6", "v10", "v12", "v14", "v16", "v18");
    }

    @Test
    void anEmptyBatchHasNoResults() {
        assertThat(fixture.client.producer().sendBatch(List.of()).join()).isEmpty();
    }

    @Test
    void aCallbackHearsOfSuccessAndOfFailure() {
        cluster.createTopic("orders", 1);
        CompletableFuture<RecordPosition> heard = new CompletableFuture<>();
        CompletableFuture<MillraceException> failed = new CompletableFuture<>();
        Producer producer = fixture.client.producer();
        producer.send(value("1"), (position, failure) -> heard.complete(position));
        assertThat(heard.join().offset()).isZero();
        producer.send(value("2").toPartition(5), (position, failure) -> failed.complete(failure));
        assertThat(failed.join().reason()).isEqualTo(FailureReason.UNKNOWN_PARTITION);
    }

    @Test
    void sendSyncReturnsThePositionOrThrows() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();

        assertThat(producer.sendSync(value("1")).offset()).isZero();
        assertThatThrownBy(() -> producer.sendSync(value("2").toPartition(5)))
                .isInstanceOfSatisfying(MillraceException.class, failure -> assertThat(failure.reason())
                        .isEqualTo(FailureReason.UNKNOWN_PARTITION));
    }

    @Test
    void closingInTimeLeavesNothing() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withLinger(Duration.ofHours(1)));
        fixture.timers.hold();
        CompletableFuture<RecordPosition> sent = producer.send(value("1"));

        assertThat(producer.close(Duration.ofSeconds(20))).isTrue();
        assertThat(sent.join().offset()).isZero();
    }

    @Test
    void closingTooLateFailsWhatIsLeftAndTellsWhatMayBeThere() throws InterruptedException {
        cluster.createTopic("orders", 1);
        HeldProduce held = new HeldProduce();
        cluster.nextProduce(held);
        Producer producer = fixture.client.producer();
        CompletableFuture<RecordPosition> underWay = producer.send(value("1"));
        held.awaitArrival();
        CompletableFuture<RecordPosition> waiting = producer.send(value("2"));

        assertThat(producer.close(Duration.ZERO)).isFalse();
        assertThat(failureOf(underWay).reason()).isEqualTo(FailureReason.CLOSED);
        assertThat(failureOf(underWay).isOutcomeUnknown()).isTrue();
        assertThat(failureOf(waiting).reason()).isEqualTo(FailureReason.CLOSED);
        assertThat(failureOf(waiting).isOutcomeUnknown()).isFalse();
        held.release();
        producer.flush();
        assertThat(producer.stats().recordsFailed()).isEqualTo(2);
    }

    @Test
    void aChooserDecidesForRecordsThatNameNoPartition() {
        cluster.createTopic("orders", 3);
        PartitionChooser last = (record, partitions) -> partitions - 1;
        Producer producer =
                fixture.client.producer(ProducerSettings.DEFAULT.withHooks(ProducerHooks.NONE.withChooser(last)));

        assertThat(producer.sendSync(value("1")).partition()).isEqualTo(2);
        assertThat(producer.sendSync(value("2").toPartition(0)).partition()).isZero();
    }

    @Test
    void aChooserThatChoosesAPartitionThatDoesNotExistIsTold() {
        cluster.createTopic("orders", 3);
        Producer producer = fixture.client.producer(
                ProducerSettings.DEFAULT.withHooks(ProducerHooks.NONE.withChooser((record, partitions) -> -1)));

        assertThatIllegalStateException()
                .isThrownBy(() -> producer.send(value("1")))
                .withMessageContaining("-1 of 3");
    }

    @Test
    void interceptorsSeeEachRecordGoAndItsOutcomeCome() {
        cluster.createTopic("orders", 1);
        ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
        ProducerInterceptor tracing = new ProducerInterceptor() {
            @Override
            public ProducerRecord beforeSend(ProducerRecord record) {
                return record.withHeader("trace", Bytes.utf8("4bf92f35"));
            }

            @Override
            public void afterSend(
                    ProducerRecord record, @Nullable RecordPosition position, @Nullable MillraceException failure) {
                seen.add(record.headers().size()
                        + (position == null ? "" : " at " + position.offset())
                        + (failure == null ? "" : " " + failure.reason()));
                throw new IllegalStateException("harms nobody");
            }
        };
        ProducerInterceptor second = new ProducerInterceptor() {
            @Override
            public ProducerRecord beforeSend(ProducerRecord record) {
                return record.withHeader("second", null);
            }
        };
        cluster.nextProduce(FakeCluster.Append::run, append -> {
            throw FakeCluster.error(Status.Code.INVALID_ARGUMENT, ErrorReason.CORRUPT_BATCH, null, Map.of());
        });
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withHooks(
                ProducerHooks.NONE.withInterceptor(tracing).withInterceptor(second)));
        producer.sendSync(value("1"));
        failureOf(producer.send(value("2")));

        assertThat(seen).containsExactly("2 at 0", "2 CORRUPT_BATCH");
        assertThat(cluster.records("orders", 0).get(0).headers())
                .isEqualTo(Stream.of(new Header("trace", Bytes.utf8("4bf92f35")), new Header("second", null))
                        .toList());
    }

    private static ProducerRecord value(String value) {
        return ProducerRecord.of("orders", Bytes.utf8(value));
    }
}
