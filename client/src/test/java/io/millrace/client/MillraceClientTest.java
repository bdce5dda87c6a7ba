package io.millrace.client;

import static io.millrace.client.ClientFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.millrace.protocol.Bytes;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reading, administration, and finding a broker that answers. */
@Timeout(30)
class MillraceClientTest {
    private final ClientFixture fixture = new ClientFixture();
    private final FakeCluster cluster = fixture.cluster;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aFetchBeginsAtTheOffsetEvenInsideABatch() {
        cluster.createTopic("orders", 1);
        write("orders", 10);
        PartitionReader reader = fixture.client.reader("orders", 0);

        FetchedRecords fetched = reader.fetch(7).join();
        assertThat(fetched.records().stream().map(r -> r.offset())).containsExactly(7L, 8L, 9L);
        assertThat(fetched.nextOffset()).isEqualTo(10);
        assertThat(fetched.available()).isEqualTo(new OffsetRange(0, 10));
        assertThat(reader.fetch(10).join().records()).isEmpty();
        assertThat(reader.offsets().join()).isEqualTo(new OffsetRange(0, 10));
    }

    @Test
    void anOffsetOutOfRangeTellsTheRange() {
        cluster.createTopic("orders", 1);
        write("orders", 3);
        MillraceException failure = failureOf(fixture.client.reader("orders", 0).fetch(4));
        assertThat(failure.reason()).isEqualTo(FailureReason.OFFSET_OUT_OF_RANGE);
        assertThat(failure.metadata()).containsEntry("earliest_offset", "0").containsEntry("latest_offset", "3");
    }

    @Test
    void oneBrokerThatAnswersIsEnough() {
        cluster.createTopic("orders", 1);
        cluster.moveLeader("orders", 0, 3);
        cluster.broker(1).kill();
        cluster.broker(2).kill();
        assertThat(fixture.client.admin().describeCluster().brokers()).hasSize(3);
        write("orders", 1);
        assertThat(cluster.records("orders", 0)).hasSize(1);
    }

    /** Seen on a busy machine: the first address refused after three seconds, and the others were not asked. */
    @Test
    void theOneThatAnswersIsFoundHoweverLongTheOthersTakeToRefuse() {
        for (int alive = 1; alive <= 3; alive++) {
            try (ClientFixture slow = new ClientFixture();
                    MillraceClient client = slow.client(Duration.ofSeconds(10), Duration.ofSeconds(4))) {
                for (int id = 1; id <= 3; id++) {
                    if (id != alive) {
                        slow.cluster.broker(id).kill();
                    }
                }
                assertThat(client.admin().describeCluster().brokers()).hasSize(3);
            }
        }
    }

    @Test
    void aClusterThatNeverAnsweredIsGivenUpEarly() {
        cluster.close();
        MillraceException failure = catchThrowableOfType(
                MillraceException.class, () -> fixture.client.admin().describeCluster());
        assertThat(failure.reason()).isEqualTo(FailureReason.CONNECTION_FAILED);
        assertThat(failure.isOutcomeUnknown()).isFalse();
        assertThat(failure.getMessage()).contains("127.0.0.1").contains("attempts");
        assertThat(fixture.timers.nanoTime())
                .isBetween(
                        Duration.ofSeconds(3).toNanos(), Duration.ofSeconds(4).toNanos());
    }

    @Test
    void aProducerThatIsClosedIsForgotten() {
        Producer first = fixture.client.producer();
        Producer second = fixture.client.producer();
        assertThat(fixture.client.openProducers()).isEqualTo(2);

        first.close();
        first.close();
        assertThat(fixture.client.openProducers()).isEqualTo(1);
        assertThat(second.close(Duration.ofSeconds(1))).isTrue();
        assertThat(fixture.client.openProducers()).isZero();
    }

    @Test
    void aClusterThatHasAnsweredIsWaitedFor() {
        fixture.client.admin().describeCluster();
        cluster.close();
        MillraceException failure = catchThrowableOfType(
                MillraceException.class, () -> fixture.client.admin().describeCluster());
        assertThat(failure.reason()).isEqualTo(FailureReason.CONNECTION_FAILED);
        assertThat(fixture.timers.nanoTime())
                .isGreaterThan(Duration.ofSeconds(29).toNanos());
    }

    @Test
    void oldMetadataIsAskedForAgainWhileItIsUsed() {
        cluster.createTopic("orders", 1);
        write("orders", 1);
        int asked = cluster.metadataLog().size();
        fixture.timers.pass(Duration.ofSeconds(11));
        cluster.moveLeader("orders", 0, 2);
        while (!cluster.produceLog().get(cluster.produceLog().size() - 1).equals("2<orders-0")) {
            write("orders", 1);
        }
        assertThat(cluster.metadataLog()).hasSizeGreaterThan(asked);
    }

    @Test
    void aTopicThatWasCreatedAgainIsAnother() {
        Admin admin = fixture.client.admin();
        long first = admin.createTopic("orders", 1, 3).id();
        write("orders", 5);
        admin.deleteTopic("orders");
        assertThat(admin.createTopic("orders", 2, 3).id()).isNotEqualTo(first);
        assertThat(fixture.client.partitions("orders")).isEqualTo(2);
        assertThat(admin.describeTopic("orders").partitions().get(0).highWatermark())
                .hasValue(0);
    }

    @Test
    void aRefusedChangeSaysWhy() {
        MillraceException failure = catchThrowableOfType(
                MillraceException.class, () -> fixture.client.admin().createTopic("a/b", 1, 3));
        assertThat(failure.reason()).isEqualTo(FailureReason.INVALID_TOPIC_NAME);
        assertThat(failure.isRetriable()).isFalse();
    }

    @Test
    void closingFailsWhatIsUnderWay() {
        cluster.createTopic("orders", 1);
        cluster.moveLeader("orders", 0, null);
        fixture.timers.hold();
        var waiting = fixture.client.reader("orders", 0).offsets();
        fixture.client.partitions("orders");
        fixture.client.close();
        assertThat(failureOf(waiting).reason()).isEqualTo(FailureReason.CLOSED);
    }

    private void write(String topic, int count) {
        Producer producer = fixture.client.producer(ProducerSettings.DEFAULT.withLinger(Duration.ofMillis(1)));
        fixture.timers.hold();
        for (int i = 0; i < count; i++) {
            var unused = producer.send(ProducerRecord.of(topic, Bytes.utf8("v" + i)));
        }
        fixture.timers.release();
        producer.flush();
        assertThat(producer.stats().recordsFailed()).isZero();
    }
}
