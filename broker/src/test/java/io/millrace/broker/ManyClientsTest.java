package io.millrace.broker;

import static io.millrace.broker.WithOneBroker.told;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Records;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker with little room, and many clients of whom none waits for the others. */
class ManyClientsTest {
    private static final int CLIENTS = 200;
    private static final int REQUESTS = 5;

    @Test
    void whatIsNotTakenIsRefusedWithADelayAndWhatIsTakenIsThere(@TempDir Path directory) throws Exception {
        Map<String, String> littleRoom = Map.of(
                "millrace.broker-id", "1",
                "millrace.max-message-size", "64 KiB",
                "millrace.max-request-size", "128 KiB",
                "millrace.client.pending-bytes", "256 KiB",
                "millrace.client.connection-bytes", "128 KiB");
        List<ManagedChannel> channels = new ArrayList<>();
        try (TestBroker broker = TestBroker.start(directory, littleRoom)) {
            AdminServiceGrpc.newBlockingStub(broker.channel())
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setName("many")
                            .setPartitions(1)
                            .setReplicationFactor(1)
                            .build());
            ProduceRequest request = ProduceRequest.newBuilder()
                    .setTopic("many")
                    .setPartition(0)
                    .setRecords(Records.newBuilder()
                            .addRecords(Record.newBuilder().setValue(ByteString.copyFrom(new byte[60_000]))))
                    .build();
            List<ListenableFuture<ProduceResponse>> answers = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                ManagedChannel channel = NettyChannelBuilder.forAddress(
                                "127.0.0.1",
                                broker.settings().frontDoor().address().port())
                        .usePlaintext()
                        .build();
                channels.add(channel);
                for (int j = 0; j < REQUESTS; j++) {
                    answers.add(MessageServiceGrpc.newFutureStub(channel).produce(request));
                }
            }
            int written = 0;
            for (ListenableFuture<ProduceResponse> answer : answers) {
                try {
                    answer.get();
                    written++;
                } catch (ExecutionException e) {
                    WithOneBroker.Told told = told((StatusRuntimeException) Objects.requireNonNull(e.getCause()));
                    assertThat(told.reason()).isEqualTo(ErrorReason.OVERLOADED);
                    assertThat(told.retry()).isTrue();
                }
            }
            assertThat(written).isPositive();
            assertThat(MessageServiceGrpc.newBlockingStub(broker.channel())
                            .getOffsets(GetOffsetsRequest.newBuilder()
                                    .setTopic("many")
                                    .build())
                            .getLatest())
                    .isEqualTo(written);
        } finally {
            channels.forEach(ManagedChannel::shutdownNow);
        }
    }
}
