package io.millrace.samples;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordPosition;
import io.millrace.protocol.Bytes;
import io.millrace.testkit.EmbeddedCluster;
import io.millrace.testkit.MillraceExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How an application tests itself against a real broker, without starting one by hand. */
@ExtendWith(MillraceExtension.class)
class OrdersTest {
    @Test
    void anOrderIsPublished(EmbeddedCluster cluster) {
        try (MillraceClient client = cluster.client()) {
            client.admin().createTopic("orders", 1, Admin.REPLICATION_FACTOR_DEFAULT);

            RecordPosition position = client.producer()
                    .send(ProducerRecord.of("orders", Bytes.utf8("customer-7"), Bytes.utf8("one mill, please")))
                    .join();

            assertThat(position.offset()).isZero();
            assertThat(client.reader("orders", 0).fetch(0).join().records()).hasSize(1);
        }
    }
}
