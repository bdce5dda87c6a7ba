package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.AlterBrokerConfigRequest;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.MessageServiceGrpc.MessageServiceBlockingStub;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Records;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that looks every second for what it need not keep. */
class RetentionInBrokerTest {
    private static final int RECORDS = 20;
    private static final int RECORD_BYTES = 50_000;

    @Test
    void aTopicKeepsAsMuchAsItSaysAndOthersWhatTheBrokerSays(@TempDir Path directory) throws Exception {
        try (TestBroker broker = TestBroker.start(
                directory,
                Map.of(
                        "millrace.segment-size", "64 KiB",
                        "millrace.cleanup-interval", "1 s",
                        "millrace.max-storage-size", "200 KiB"))) {
            AdminServiceGrpc.AdminServiceBlockingStub admin = AdminServiceGrpc.newBlockingStub(broker.channel());
            MessageServiceBlockingStub messages = MessageServiceGrpc.newBlockingStub(broker.channel());
            create(admin, "usual", Map.of());
            create(admin, "short", Map.of("retention.bytes", "100000"));
            create(admin, "all", Map.of("retention.bytes", "unlimited"));
            for (String topic : new String[] {"all", "usual", "short"}) {
                for (int i = 0; i < RECORDS; i++) {
                    messages.produce(record(topic));
                }
            }

            // Each record is a segment, and those after the last that goes have so many bytes.
            awaitEarliest(messages, "short", RECORDS - 2);
            awaitEarliest(messages, "usual", RECORDS - 5);
            var unused = admin.alterBrokerConfig(AlterBrokerConfigRequest.newBuilder()
                    .putSettings("max-storage-size", "100000")
                    .build());
            awaitEarliest(messages, "usual", RECORDS - 2);
            assertThat(offsets(messages, "all").getEarliest()).isZero();
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(() -> messages.fetch(FetchRequest.newBuilder()
                            .setTopic("short")
                            .setOffset(3)
                            .build()))
                    .withMessageContaining(RECORDS - 2 + " to " + RECORDS);
        }
    }

    private static void create(
            AdminServiceGrpc.AdminServiceBlockingStub admin, String topic, Map<String, String> settings) {
        admin.createTopic(CreateTopicRequest.newBuilder()
                .setName(topic)
                .setPartitions(1)
                .setReplicationFactor(1)
                .putAllSettings(settings)
                .build());
    }

    private static ProduceRequest record(String topic) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setRecords(Records.newBuilder()
                        .addRecords(Record.newBuilder().setValue(ByteString.copyFrom(new byte[RECORD_BYTES]))))
                .build();
    }

    private static GetOffsetsResponse offsets(MessageServiceBlockingStub messages, String topic) {
        return messages.getOffsets(
                GetOffsetsRequest.newBuilder().setTopic(topic).setPartition(0).build());
    }

    private static void awaitEarliest(MessageServiceBlockingStub messages, String topic, long expected) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (offsets(messages, topic).getEarliest() < expected && System.nanoTime() < giveUp) {
            Thread.onSpinWait();
        }
        assertThat(offsets(messages, topic).getEarliest()).isEqualTo(expected);
    }
}
