package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.ClusterServiceGrpc;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Records;
import io.millrace.protocol.v1.Topic;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** One real broker for all tests of a class, and the clients and requests that they use. */
abstract class WithOneBroker {
    static final AtomicInteger TOPICS = new AtomicInteger();
    static final int MIB = 1 << 20;

    static Path directory = Path.of("unset");

    static TestBroker broker;
    static MessageServiceGrpc.MessageServiceBlockingStub messages;
    static ClusterServiceGrpc.ClusterServiceBlockingStub cluster;
    static AdminServiceGrpc.AdminServiceBlockingStub admin;

    @BeforeAll
    static void start(@TempDir Path temporary) throws Exception {
        directory = temporary;
        broker = TestBroker.start(directory, Map.of());
        messages = MessageServiceGrpc.newBlockingStub(broker.channel());
        cluster = ClusterServiceGrpc.newBlockingStub(broker.channel());
        admin = AdminServiceGrpc.newBlockingStub(broker.channel());
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    record Told(Status.Code code, ErrorReason reason, Map<String, String> data, boolean retry) {}

    static Told failure(ThrowingCallable call) {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(thrown).isNotNull();
        return told(thrown);
    }

    static Told told(StatusRuntimeException thrown) {
        com.google.rpc.Status status = Objects.requireNonNull(StatusProto.fromThrowable(thrown), thrown.toString());
        assertThat(status.getCode()).isEqualTo(thrown.getStatus().getCode().value());
        try {
            assertThat(status.getDetailsList()).as(thrown.toString()).isNotEmpty();
            ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
            assertThat(info.getDomain()).isEqualTo("millrace");
            boolean retry = status.getDetailsList().stream().anyMatch(any -> any.is(RetryInfo.class));
            return new Told(
                    thrown.getStatus().getCode(), ErrorReason.valueOf(info.getReason()), info.getMetadataMap(), retry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] rawCall(String method, byte[] request) {
        return ClientCalls.blockingUnaryCall(
                broker.channel(), rawMethod(method, MethodDescriptor.MethodType.UNARY), CallOptions.DEFAULT, request);
    }

    /** Sends a message and does not say that it was the last; how the call ends. */
    static StatusRuntimeException rawCallLeftOpen(String method, byte[] request) {
        CompletableFuture<StatusRuntimeException> end = new CompletableFuture<>();
        // Only of these does gRPC send the message before it knows whether there is another.
        ClientCall<byte[], byte[]> call = broker.channel()
                .newCall(rawMethod(method, MethodDescriptor.MethodType.CLIENT_STREAMING), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.complete(status.asRuntimeException(trailers));
                    }
                },
                new Metadata());
        call.request(1);
        call.sendMessage(request);
        return end.join();
    }

    private static MethodDescriptor<byte[], byte[]> rawMethod(String method, MethodDescriptor.MethodType type) {
        MethodDescriptor.Marshaller<byte[]> raw = new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                try {
                    return stream.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        return MethodDescriptor.newBuilder(raw, raw)
                .setType(type)
                .setFullMethodName(method)
                .build();
    }

    static String newTopic(int partitions) {
        String name = "topic-" + TOPICS.incrementAndGet();
        create(name, partitions, 1);
        return name;
    }

    static String newTopicWith(Map<String, String> settings) {
        String name = "topic-" + TOPICS.incrementAndGet();
        var created = admin.createTopic(CreateTopicRequest.newBuilder()
                .setName(name)
                .setPartitions(1)
                .setReplicationFactor(1)
                .putAllSettings(settings)
                .build());
        assertThat(created.getTopic().getPartitions(0).hasLeader()).isTrue();
        return name;
    }

    static void create(String name, int partitions, int replicationFactor) {
        Topic created = admin.createTopic(CreateTopicRequest.newBuilder()
                        .setName(name)
                        .setPartitions(partitions)
                        .setReplicationFactor(replicationFactor)
                        .build())
                .getTopic();
        assertThat(created.getPartitionsList()).hasSize(partitions).allMatch(partition -> partition.hasLeader());
    }

    static Topic topicNamed(String name) {
        return cluster.getMetadata(
                        GetMetadataRequest.newBuilder().addTopics(name).build())
                .getTopics(0);
    }

    static FetchRequest.Builder fetch(String topic, int partition, long offset) {
        return FetchRequest.newBuilder().setTopic(topic).setPartition(partition).setOffset(offset);
    }

    static ProduceRequest records(String topic, int partition, Record... records) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setRecords(Records.newBuilder().addAllRecords(List.of(records)))
                .build();
    }

    static ProduceRequest anywhere(String topic, Record record) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setRecords(Records.newBuilder().addRecords(record))
                .build();
    }

    static ProduceRequest batches(String topic, Bytes batches) {
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setRecordBatches(ByteString.copyFrom(batches.toByteArray()))
                .build();
    }

    static Bytes batch(String... values) {
        return batch(Compression.NONE, values);
    }

    static Bytes batch(Compression compression, String... values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(64 * MIB);
        for (String value : values) {
            assertThat(builder.tryAppend(42, null, Bytes.utf8(value), List.of()))
                    .isTrue();
        }
        return builder.build(compression);
    }

    static Bytes concat(Bytes first, Bytes second) {
        byte[] both = new byte[first.size() + second.size()];
        first.copyTo(both, 0);
        second.copyTo(both, first.size());
        return Bytes.wrap(both);
    }

    static Record value(String value) {
        return Record.newBuilder().setValue(utf8(value)).build();
    }

    static ByteString utf8(String text) {
        return ByteString.copyFromUtf8(text);
    }
}
