package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.broker.config.InvalidSettingsException;
import io.millrace.client.Admin;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.StoredRecord;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.Map;
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
