package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.broker.config.InvalidSettingsException;
import io.millrace.client.Admin;
import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordPosition;
import io.millrace.client.SendResult;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.StoredRecord;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EmbeddedClusterTest {
    @Test
    void threeBrokersServeWhileOneIsAwayAndItsDataIsThereWhenItIsBack() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3);
                MillraceClient client = cluster.client()) {
            client.admin().createTopic("orders", 1, Admin.REPLICATION_FACTOR_DEFAULT);
            write(client, "one");
            cluster.stopBroker(1);
            write(client, "two");
            cluster.startBroker(1);
            write(client, "three");

            assertThat(client.reader("orders", 0).fetch(0).join().records())
                    .extracting(StoredRecord::value)
                    .containsExactly(Bytes.utf8("one"), Bytes.utf8("two"), Bytes.utf8("three"));
        }
    }

    @Test
    void aTopicThatComparesRecordsByContentHasEachOnceWhoeverLeads() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3);
                MillraceClient client = cluster.client();
                Producer producer = client.producer()) {
            client.admin()
                    .createTopic(
                            "payments",
                            1,
                            Admin.REPLICATION_FACTOR_DEFAULT,
                            Map.of("deduplication.window.ms", "3600000"));
            List<ProducerRecord> records = IntStream.range(0, 100)
                    .mapToObj(i -> ProducerRecord.of("payments", Bytes.utf8("k" + i % 7), Bytes.utf8("v" + i)))
                    .toList();
            List<RecordPosition> first = written(producer.sendBatch(records));
            assertThat(first).noneMatch(RecordPosition::duplicate);
            int leader = client.admin()
                    .describeTopic("payments")
                    .partitions()
                    .get(0)
                    .leader()
                    .orElseThrow();
            cluster.stopBroker(leader);

            try (Producer another = client.producer()) {
                List<RecordPosition> again = written(another.sendBatch(records));
                assertThat(again).allMatch(RecordPosition::duplicate);
                assertThat(again).extracting(RecordPosition::offset).isEqualTo(offsets(first));
            }
            assertThat(client.reader("payments", 0).offsets().join().latest()).isEqualTo(100);
        }
    }

    private static List<RecordPosition> written(CompletableFuture<List<SendResult>> results) {
        return results.join().stream()
                .map(result -> ((SendResult.Written) result).position())
                .toList();
    }

    private static List<Long> offsets(List<RecordPosition> positions) {
        return positions.stream().map(RecordPosition::offset).toList();
    }

    @Test
    void nothingIsLeftWhenItIsClosed() {
        EmbeddedCluster cluster = EmbeddedCluster.start();
        URI http = cluster.http(1);

        cluster.close();

        assertThatThrownBy(() -> new Socket(http.getHost(), http.getPort()).close())
                .isInstanceOf(IOException.class);
        cluster.close(); // twice is no more than once
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> EmbeddedCluster.start(2));
        assertThatThrownBy(() -> EmbeddedCluster.start(1, Map.of("millrace.segment-size", "much")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("segment-size");
    }

    private static void write(MillraceClient client, String value) {
        client.producer()
                .send(ProducerRecord.of("orders", null, Bytes.utf8(value)))
                .join();
    }
}
