package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.SubscribePartition;
import io.millrace.protocol.v1.SubscribeRequest;
import io.millrace.protocol.v1.SubscribeResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A subscribed stream goes on though another broker leads; if the broker that serves it stops, another takes it up. */
class StreamFailOverTest {
    private static final String TOPIC = "orders";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** One stream, as a client in any language has it. */
    private static final class Stream implements AutoCloseable {
        private final ManagedChannel channel;
        private final Iterator<SubscribeResponse> responses;
        /** Of all records that came: which are to be v0 at 0, v1 at 1 and so on. */
        private long position;

        Stream(String address, long offset) {
            channel = NettyChannelBuilder.forTarget(address).usePlaintext().build();
            responses = MessageServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(5 * PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .subscribe(SubscribeRequest.newBuilder()
                            .addPartitions(SubscribePartition.newBuilder()
                                    .setTopic(TOPIC)
                                    .setOffset(offset))
                            .build());
            position = offset;
        }

        /** Fails if anything is told that is no record, or not the next one. */
        void readTo(long end) {
            while (position < end) {
                SubscribeResponse response = responses.next();
                FetchedPartition fetched = response.getFetched();
                assertThat(fetched.hasError()).as(fetched.toString()).isFalse();
                assertThat(response.getEnded()).isFalse();
                fetched.getRecordsList().forEach(record -> {
                    assertThat(record.getOffset()).isEqualTo(position);
                    assertThat(record.getValue().toStringUtf8()).isEqualTo("v" + position);
                    position++;
                });
                assertThat(fetched.getNextOffset()).isEqualTo(position);
            }
        }

        @Override
        public void close() {
            channel.shutdownNow();
        }
    }

    private static long write(Producer producer, long from) {
        long end = from + 100;
        LongStream.range(from, end).forEach(number -> {
            var unused = producer.send(ProducerRecord.of(TOPIC, null, Bytes.utf8("v" + number)));
        });
        return end;
    }

    @Test
    void aStreamGoesOnWithAnotherLeaderAndIsTakenUpAtAnotherBroker() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3, Map.of("millrace.leader-balance.enabled", "off"));
                MillraceClient client = cluster.client();
                Producer producer = client.producer();
                Consumer consumer = client.consumer()) {
            client.admin().createTopic(TOPIC, 1, 3);
            consumer.assign(consumer.partitionsOf(TOPIC));
            List<ConsumerRecord> consumed = new ArrayList<>();
            List<String> addresses = List.of(cluster.bootstrap().split(","));
            long written = 0;
            try (Stream first = new Stream(addresses.get(0), 0);
                    Stream second = new Stream(addresses.get(1), 0)) {
                for (int leader : new int[] {2, 3, 1, 2, 1}) {
                    written = write(producer, written);
                    client.admin().transferLeader(TOPIC, 0, leader);
                    written = write(producer, written);
                    producer.flush();
                    first.readTo(written);
                    second.readTo(written);
                    read(consumer, consumed, written);
                }

                cluster.stopBroker(1); // which leads, and serves one of them
                written = write(producer, written);
                producer.flush();
                second.readTo(written);
                read(consumer, consumed, written);
                assertThatThrownBy(() -> first.readTo(Long.MAX_VALUE))
                        .isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
                            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                            assertThat(e.getStatus().getDescription()).contains("it is being stopped");
                        });
                try (Stream resumed = new Stream(addresses.get(2), first.position)) {
                    resumed.readTo(written);
                }
            }
            assertThat(consumed)
                    .extracting(ConsumerRecord::offset)
                    .containsExactlyElementsOf(
                            LongStream.range(0, written).boxed().toList());
            assertThat(consumed)
                    .allMatch(record ->
                            Objects.requireNonNull(record.value()).toUtf8().equals("v" + record.offset()));
        }
    }

    private static void read(Consumer consumer, List<ConsumerRecord> into, long count) {
        while (into.size() < count) {
            List<ConsumerRecord> polled = consumer.poll(PATIENCE);
            assertThat(polled).as("after " + into.size()).isNotEmpty();
            into.addAll(polled);
        }
    }
}
