package io.millrace.client;

import static io.millrace.client.ClientFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.v1.ErrorReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class IdempotentProducerTest {
    private static final FakeCluster.Fault ANSWER_LOST = append -> {
        append.run();
        throw Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException();
    };
    private static final FakeCluster.Fault REQUEST_LOST = append -> {
        throw Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException();
    };

    private final ClientFixture fixture = new ClientFixture();
    private final FakeCluster cluster = fixture.cluster;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aBatchWhoseAnswerIsLostIsWrittenOnce() {
        cluster.createTopic("orders", 1);
        cluster.nextProduce(ANSWER_LOST, ANSWER_LOST);
        Producer producer = fixture.client.producer();

        assertThat(producer.send(value("once")).join().offset()).isZero();
        assertThat(producer.send(value("then")).join().offset()).isEqualTo(1);
        assertThat(cluster.values("orders", 0)).containsExactly("once", "then");
        assertThat(producer.stats()).isEqualTo(new ProducerStats(2, 0, 1, 0, 0));
    }

    @Test
    void whateverIsLostEveryRecordIsThereOnceAndInOrder() {
        cluster.createTopic("orders", 3);
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) {
            cluster.nextProduce(
                    switch (random.nextInt(3)) {
                        case 0 -> ANSWER_LOST;
                        case 1 -> REQUEST_LOST;
                        default -> FakeCluster.Append::run;
                    });
        }
        Producer producer = fixture.client.producer(
                ProducerSettings.DEFAULT.withBatchBytesMax(1024).withCompression(BatchCompression.LZ4));
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            sent.add(producer.send(value(Integer.toString(i)).toPartition(i % 3)));
        }
        producer.flush();

        for (int partition = 0; partition < 3; partition++) {
            int first = partition;
            assertThat(cluster.values("orders", partition))
                    .isEqualTo(IntStream.range(0, 1_000)
                            .mapToObj(i -> Integer.toString(3 * i + first))
                            .toList());
        }
        for (int i = 0; i < sent.size(); i++) {
            assertThat(sent.get(i).join().offset()).isEqualTo(i / 3);
        }
        assertThat(cluster.producersMade()).isEqualTo(1);
        assertThat(producer.stats().batchesPossiblyDuplicated()).isZero();
        assertThat(producer.stats().batchesRetried()).isPositive();
    }

    @Test
    void theHalvesOfABatchThatWasTooLargeAreNumberedOneAfterTheOther() throws InterruptedException {
        cluster.createTopic("orders", 1);
        cluster.limitRequestsTo(300);
        HeldProduce held = new HeldProduce(); // the others gather meanwhile
        cluster.nextProduce(held, FakeCluster.Append::run, ANSWER_LOST);
        Producer producer = fixture.client.producer();
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            sent.add(producer.send(value(Integer.toString(i))));
            held.awaitArrival();
        }
        held.release();

        for (int i = 0; i < 50; i++) {
            assertThat(sent.get(i).join().offset()).isEqualTo(i);
        }
        assertThat(cluster.values("orders", 0))
                .isEqualTo(IntStream.range(0, 50).mapToObj(Integer::toString).toList());
        assertThat(cluster.produceLog()).hasSizeGreaterThanOrEqualTo(5);
    }

    @Test
    void afterABatchOfUnknownOutcomeTheNextBeginsAnEpochAndFencesIt() {
        cluster.createTopic("orders", 1);
        List<FakeCluster.Append> late = new ArrayList<>();
        cluster.nextProduce(append -> {
            late.add(append);
            throw Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException();
        });
        cluster.nextProduce(refusing(Status.Code.INVALID_ARGUMENT, ErrorReason.INVALID_REQUEST));
        Producer producer = fixture.client.producer();
        MillraceException failure = failureOf(producer.send(value("given up")));
        assertThat(failure.isOutcomeUnknown()).isTrue();

        assertThat(producer.send(value("next")).join().offset()).isZero();
        assertThat(catchRefusal(late.get(0))).contains(ErrorReason.PRODUCER_FENCED.name());
        assertThat(cluster.values("orders", 0)).containsExactly("next");
    }

    @Test
    void aBatchThatWasSurelyNotWrittenLeavesNoGap() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("1")).join();
        cluster.nextProduce(refusing(Status.Code.INVALID_ARGUMENT, ErrorReason.CORRUPT_BATCH));
        assertThat(failureOf(producer.send(value("bad"))).reason()).isEqualTo(FailureReason.CORRUPT_BATCH);
        producer.send(value("2")).join();

        assertThat(cluster.values("orders", 0)).containsExactly("1", "2");
    }

    @Test
    void aPartitionThatForgotTheProducerGetsTheBatchUnderANewEpoch() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("1")).join();
        cluster.forgetProducers("orders", 0);

        assertThat(producer.send(value("2")).join().offset()).isEqualTo(1);
        assertThat(producer.send(value("3")).join().offset()).isEqualTo(2);
        assertThat(cluster.values("orders", 0)).containsExactly("1", "2", "3");
    }

    @Test
    void aTopicMadeAnewUnderTheSameNameIsWrittenToFromItsBeginning() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("old")).join();
        cluster.deleteTopic("orders");
        cluster.createTopic("orders", 1);

        assertThat(producer.send(value("new")).join().offset()).isZero();
    }

    @Test
    void aBatchThatMayHaveBeenWrittenIsNotSentToAPartitionThatForgotTheProducer() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("1")).join();
        cluster.nextProduce(append -> {
            append.run();
            cluster.forgetProducers("orders", 0);
            throw Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException();
        });
        MillraceException failure = failureOf(producer.send(value("2")));

        assertThat(failure.reason()).isEqualTo(FailureReason.UNKNOWN_PRODUCER);
        assertThat(failure.isOutcomeUnknown()).isTrue();
        producer.send(value("3")).join();
        assertThat(cluster.values("orders", 0)).containsExactly("1", "2", "3");
    }

    @Test
    void aGapFailsTheBatchAndTheNextGoesOn() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        producer.send(value("1")).join();
        cluster.nextProduce(refusing(Status.Code.FAILED_PRECONDITION, ErrorReason.OUT_OF_ORDER_SEQUENCE));
        assertThat(failureOf(producer.send(value("2"))).reason()).isEqualTo(FailureReason.OUT_OF_ORDER_SEQUENCE);
        producer.send(value("3")).join();

        assertThat(cluster.values("orders", 0)).containsExactly("1", "3");
    }

    @Test
    void aFencedProducerGoesOnUnderAnotherId() {
        cluster.createTopic("orders", 2);
        Producer producer = fixture.client.producer();
        producer.send(value("elsewhere").toPartition(1)).join();
        producer.send(value("1").toPartition(0)).join();
        cluster.nextProduce(refusing(Status.Code.FAILED_PRECONDITION, ErrorReason.PRODUCER_FENCED));

        assertThat(producer.send(value("2").toPartition(0)).join().offset()).isEqualTo(1);
        producer.send(value("3").toPartition(0)).join();
        producer.send(value("elsewhere").toPartition(1)).join();
        assertThat(cluster.values("orders", 0)).containsExactly("1", "2", "3");
        assertThat(cluster.producersMade()).isEqualTo(2);
    }

    @Test
    void aBatchThatMayHaveBeenWrittenBeforeItWasFencedIsNotSentAgain() {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer();
        cluster.nextProduce(ANSWER_LOST, refusing(Status.Code.FAILED_PRECONDITION, ErrorReason.PRODUCER_FENCED));
        MillraceException failure = failureOf(producer.send(value("1")));

        assertThat(failure.reason()).isEqualTo(FailureReason.PRODUCER_FENCED);
        assertThat(failure.isOutcomeUnknown()).isTrue();
        producer.send(value("2")).join();
        assertThat(cluster.values("orders", 0)).containsExactly("1", "2");
    }

    @Test
    void severalBatchesAreUnderWayAtOnceAndThoseThatComeTooEarlyAreSentAgain() throws InterruptedException {
        cluster.createTopic("orders", 1);
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withBatchBytesMax(1024));
        producer.send(value("first")).join();
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch othersArrived = new CountDownLatch(4);
        cluster.nextProduce(append -> {
            arrived.countDown();
            othersArrived.await(); // only then its turn comes
            return append.run();
        });
        List<String> values =
                IntStream.range(0, 8).mapToObj(i -> i + "x".repeat(600)).toList(); // one to a batch
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        sent.add(producer.send(value(values.get(0))));
        arrived.await();
        for (int i = 0; i < 4; i++) {
            cluster.nextProduce(append -> {
                try {
                    return append.run();
                } finally {
                    othersArrived.countDown();
                }
            });
        }
        values.stream().skip(1).forEach(value -> sent.add(producer.send(value(value))));

        for (int i = 0; i < 8; i++) {
            assertThat(sent.get(i).join().offset()).isEqualTo(i + 1);
        }
        assertThat(cluster.values("orders", 0)).startsWith("first").endsWith(values.toArray(String[]::new));
        assertThat(cluster.produceLog()).hasSizeGreaterThanOrEqualTo(1 + 8 + 4); // who is sent again may be early again
    }

    @Test
    void aFailedBatchDoesNotTakeThoseBehindItAlong() throws InterruptedException {
        cluster.createTopic("orders", 1);
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch othersArrived = new CountDownLatch(2);
        cluster.nextProduce(append -> {
            arrived.countDown();
            othersArrived.await();
            throw FakeCluster.error(Status.Code.INVALID_ARGUMENT, ErrorReason.CORRUPT_BATCH, null, Map.of());
        });
        FakeCluster.Fault arrives = append -> {
            try {
                return append.run();
            } finally {
                othersArrived.countDown();
            }
        };
        String filling = "x".repeat(600); // one to a batch
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withBatchBytesMax(1024));
        CompletableFuture<RecordPosition> bad = producer.send(value("bad"));
        arrived.await();
        cluster.nextProduce(arrives, arrives);
        CompletableFuture<RecordPosition> second = producer.send(value("2" + filling));
        CompletableFuture<RecordPosition> third = producer.send(value("3" + filling));
        CompletableFuture<RecordPosition> fourth = producer.send(value("4" + filling));

        assertThat(failureOf(bad).reason()).isEqualTo(FailureReason.CORRUPT_BATCH);
        assertThat(second.join().offset()).isZero();
        assertThat(third.join().offset()).isEqualTo(1);
        assertThat(fourth.join().offset()).isEqualTo(2);
        assertThat(cluster.values("orders", 0)).containsExactly("2" + filling, "3" + filling, "4" + filling);
    }

    @Test
    void whenAllEpochsAreUsedThereIsANewId() {
        BatchNumbers numbers = new BatchNumbers();
        numbers.begin(17);
        for (int i = 0; i < Short.MAX_VALUE; i++) {
            numbers.beginEpoch();
        }
        assertThat(numbers.needsProducerId()).isFalse();
        numbers.beginEpoch();
        assertThat(numbers.needsProducerId()).isTrue();
        assertThat(numbers.exhaustedProducerId()).isEqualTo(17);
    }

    private static FakeCluster.Fault refusing(Status.Code code, ErrorReason reason) {
        return append -> {
            throw FakeCluster.error(code, reason, null, Map.of());
        };
    }

    private static String catchRefusal(FakeCluster.Append append) {
        try {
            return "written: " + append.run();
        } catch (io.grpc.StatusRuntimeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static ProducerRecord value(String value) {
        return ProducerRecord.of("orders", Bytes.utf8(value));
    }
}
