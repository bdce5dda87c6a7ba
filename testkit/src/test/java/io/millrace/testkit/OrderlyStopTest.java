package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordPosition;
import io.millrace.protocol.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A broker of a cluster that is told to stop. */
class OrderlyStopTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 12;
    private static final int STOPPED = 2;

    @Test
    void leavesItsPartitionsToOthersAndNoSendFails() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3);
                MillraceClient client = cluster.client()) {
            client.admin().createTopic(TOPIC, PARTITIONS, 3);
            AtomicBoolean stopping = new AtomicBoolean();
            CompletableFuture<List<RecordPosition>> written =
                    CompletableFuture.supplyAsync(() -> write(client.producer(), stopping));

            cluster.stopBroker(STOPPED);
            assertThat(client.admin().describeTopic(TOPIC).partitions())
                    .allMatch(partition -> partition.leader().orElse(STOPPED) != STOPPED);

            stopping.set(true);
            assertThat(written.join()).isNotEmpty().doesNotHaveDuplicates();
        }
    }

    /** Until it is told to stop, and fails with the first record that fails. */
    private static List<RecordPosition> write(Producer producer, AtomicBoolean stopping) {
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        while (!stopping.get()) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                sent.add(producer.send(
                        ProducerRecord.of(TOPIC, Bytes.utf8("r" + sent.size())).toPartition(partition)));
            }
            sent.get(sent.size() - 1).join();
        }
        return sent.stream().map(CompletableFuture::join).toList();
    }
}
