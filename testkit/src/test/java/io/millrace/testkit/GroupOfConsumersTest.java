package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.GroupSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The Java client's consumers and the brokers' coordinators, together. */
@Timeout(180)
class GroupOfConsumersTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 6;

    /** Reads until it is told to stop, and then leaves in order. */
    private static final class Member implements Runnable {
        final CountDownLatch hasPartitions = new CountDownLatch(1);
        private final MillraceClient client;
        private final Map<TopicPartition, List<Long>> handled;
        private volatile boolean stopped;

        Member(MillraceClient client, Map<TopicPartition, List<Long>> handled) {
            this.client = client;
            this.handled = handled;
        }

        @Override
        public void run() {
            try (Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withGroup(GroupSettings.of("readers")))) {
                consumer.subscribe(List.of(TOPIC));
                while (!stopped) {
                    for (ConsumerRecord record : consumer.poll(Duration.ofMillis(100))) {
                        handled.computeIfAbsent(
                                        record.partition(), p -> Collections.synchronizedList(new ArrayList<>()))
                                .add(record.offset());
                    }
                    if (!consumer.assignment().isEmpty()) {
                        hasPartitions.countDown();
                    }
                }
                consumer.commitSync(); // closing does not know whether what was polled last is handled
            }
        }
    }

    @Test
    void whileMembersComeAndGoInOrderEachRecordIsHandledOnceAndInOrder() throws Exception {
        Map<TopicPartition, List<Long>> handled = new ConcurrentHashMap<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(1);
                MillraceClient client = cluster.client()) {
            client.admin().createTopic(TOPIC, PARTITIONS, 1);
            Member first = new Member(client, handled);
            Member second = new Member(client, handled);
            Member third = new Member(client, handled);
            Future<?> firstEnds = threads.submit(first);
            first.hasPartitions.await();
            int sent = produce(client, 300);
            Future<?> secondEnds = threads.submit(second);
            second.hasPartitions.await();
            sent += produce(client, 300);
            Future<?> thirdEnds = threads.submit(third);
            third.hasPartitions.await();
            sent += produce(client, 300);
            first.stopped = true;
            firstEnds.get();
            sent += produce(client, 300);
            second.stopped = true;
            secondEnds.get();
            sent += produce(client, 300);
            while (count(handled) < sent) {
                Thread.onSpinWait();
            }
            third.stopped = true;
            thirdEnds.get();

            assertThat(handled).hasSize(PARTITIONS);
            handled.forEach((partition, offsets) -> {
                for (int i = 0; i < offsets.size(); i++) {
                    assertThat(offsets.get(i)).as(partition.toString()).isEqualTo(i);
                }
            });
            assertThat(count(handled)).isEqualTo(sent);
            assertThat(client.admin().describeGroup("readers").partitions())
                    .hasSize(PARTITIONS)
                    .allMatch(partition -> partition.lag().orElseThrow() == 0);
        } finally {
            threads.shutdownNow();
        }
    }

    private static int count(Map<TopicPartition, List<Long>> handled) {
        return handled.values().stream().mapToInt(List::size).sum();
    }

    private static int produce(MillraceClient client, int count) {
        try (Producer producer = client.producer()) {
            for (int i = 0; i < count; i++) {
                var unused = producer.send(ProducerRecord.of(TOPIC, Bytes.utf8("k" + i), Bytes.utf8("v" + i)));
            }
        }
        return count;
    }
}
