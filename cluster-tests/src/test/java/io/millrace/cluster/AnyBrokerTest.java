package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.MessageServiceGrpc.MessageServiceBlockingStub;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.Record;
import io.millrace.protocol.v1.Records;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three broker processes, spoken to by hand: a plain gRPC client gets the same answers from the leader and from the others. */
class AnyBrokerTest {
    private static final int BROKERS = 3;
    private static final int MIB = 1 << 20;

    private static final List<ManagedChannel> CHANNELS = new ArrayList<>();
    private static ProcessCluster cluster;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException, InterruptedException {
        cluster = new ProcessCluster(directory, BROKERS);
        cluster.startAll();
        for (String address : cluster.addresses()) {
            CHANNELS.add(ManagedChannelBuilder.forTarget(address)
                    .usePlaintext()
                    .maxInboundMessageSize(16 * MIB)
                    .build());
        }
    }

    @AfterAll
    static void stop() {
        CHANNELS.forEach(ManagedChannel::shutdownNow);
        cluster.close();
    }

    @Test
    void everyBrokerTakesEveryRequest() throws Exception {
        create("shared", "1", "3");
        cluster.awaitLeader("shared", 0);
        for (int id = 1; id <= BROKERS; id++) {
            assertThat(produce(id, "shared", "from " + id)).isEqualTo(id - 1);
        }
        for (int id = 1; id <= BROKERS; id++) {
            assertThat(values(id, "shared")).containsExactly("from 1", "from 2", "from 3");
        }
    }

    @Test
    void everyBrokerRefusesBadInputInTheSameWords() throws Exception {
        create("strict", "1", "3");
        cluster.awaitLeader("strict", 0);
        produce(1, "strict", "good");
        for (int id = 1; id <= BROKERS; id++) {
            MessageServiceBlockingStub messages = messages(id);
            assertThat(refusal(() -> messages.produce(request("nowhere", "x")))).isEqualTo("NOT_FOUND UNKNOWN_TOPIC");
            assertThat(refusal(() -> messages.fetch(fetch("strict", 1, 0)))).isEqualTo("NOT_FOUND UNKNOWN_PARTITION");
            assertThat(refusal(() -> messages.fetch(fetch("strict", 0, 2))))
                    .isEqualTo("OUT_OF_RANGE OFFSET_OUT_OF_RANGE");
            assertThat(refusal(() -> messages.produce(request("strict", "x".repeat(MIB)))))
                    .isEqualTo("INVALID_ARGUMENT MESSAGE_TOO_LARGE");
            assertThat(refusal(() -> messages.produce(request("strict", "x".repeat(8 * MIB)))))
                    .isEqualTo("INVALID_ARGUMENT MESSAGE_TOO_LARGE");
            assertThat(refusal(() -> messages.produce(request("strict")))).isEqualTo("INVALID_ARGUMENT EMPTY_BATCH");
            assertThat(refusal(() -> messages.produce(ProduceRequest.newBuilder()
                            .setTopic("strict")
                            .setPartition(0)
                            .setRecordBatches(ByteString.copyFrom(new byte[70]))
                            .build())))
                    .isEqualTo("INVALID_ARGUMENT CORRUPT_BATCH");
            int broker = id;
            assertThat(refusal(() -> create(broker, "a/b", 1, 3))).isEqualTo("INVALID_ARGUMENT INVALID_TOPIC_NAME");
            assertThat(refusal(() -> create(broker, "x".repeat(300), 1, 3)))
                    .isEqualTo("INVALID_ARGUMENT INVALID_TOPIC_NAME");
            assertThat(refusal(() -> create(broker, "none", 0, 3))).isEqualTo("INVALID_ARGUMENT INVALID_PARTITIONS");
            assertThat(refusal(() -> create(broker, "wide", 1, 4)))
                    .isEqualTo("FAILED_PRECONDITION INVALID_REPLICATION_FACTOR");
        }
        assertThat(values(2, "strict")).containsExactly("good"); // nothing of all that was written
    }

    /** A broker that was away must neither serve what was deleted meanwhile, nor let it take part in the topic's successor. */
    @Test
    void aTopicDeletedAndCreatedAnewWhileABrokerWasAwayHasNoTraceOfTheOldData() throws Exception {
        create("again", "1", "3");
        int leader = cluster.awaitLeader("again", 0);
        produce(leader, "again", "old 1");
        produce(leader, "again", "old 2");
        int away = cluster.awaitController(); // the hardest to miss: the deletion below needs another one
        ProcessCluster.await(
                "broker " + away + " has a replica",
                () -> directories(away, "again").size() == 1);
        cluster.kill(away);
        assertThat(cluster.run("topic", "delete", "again", "--timeout", "150s").exitCode())
                .isZero();
        create("again", "1", "2"); // on the two that are there
        int newLeader = cluster.awaitLeader("again", 0);
        assertThat(produce(newLeader, "again", "new")).isZero();

        cluster.start(away);
        cluster.awaitReady(away);

        for (int id = 1; id <= BROKERS; id++) {
            assertThat(values(id, "again")).containsExactly("new");
        }
        ProcessCluster.await(
                "the old files are gone", () -> directories(away, "again").isEmpty());
    }

    // ------------------------------------------------------------------------------------------------------- helpers

    private static MessageServiceBlockingStub messages(int broker) {
        return MessageServiceGrpc.newBlockingStub(CHANNELS.get(broker - 1));
    }

    private static void create(String topic, String partitions, String replicationFactor) throws Exception {
        ProcessCluster.Result created = cluster.run(
                "topic",
                "create",
                topic,
                "--partitions",
                partitions,
                "--replication-factor",
                replicationFactor,
                "--timeout",
                "150s");
        assertThat(created.exitCode()).as(created.err()).isZero();
    }

    private static void create(int broker, String topic, int partitions, int replicationFactor) {
        var unused = AdminServiceGrpc.newBlockingStub(CHANNELS.get(broker - 1))
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .setPartitions(partitions)
                        .setReplicationFactor(replicationFactor)
                        .build());
    }

    private static long produce(int broker, String topic, String value) {
        return messages(broker).produce(request(topic, value)).getBaseOffset();
    }

    private static ProduceRequest request(String topic, String... values) {
        Records.Builder records = Records.newBuilder();
        for (String value : values) {
            records.addRecords(Record.newBuilder().setValue(ByteString.copyFromUtf8(value)));
        }
        return ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setRecords(records)
                .build();
    }

    private static FetchRequest fetch(String topic, int partition, long offset) {
        return FetchRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setOffset(offset)
                .build();
    }

    private static List<String> values(int broker, String topic) {
        return messages(broker).fetch(fetch(topic, 0, 0)).getRecordsList().stream()
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    /** Status code and machine-readable reason. */
    private static String refusal(ThrowingCallable call) throws InvalidProtocolBufferException {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call);
        Status.Code code = Objects.requireNonNull(thrown).getStatus().getCode();
        com.google.rpc.Status status = Objects.requireNonNull(StatusProto.fromThrowable(thrown));
        return code + " " + status.getDetails(0).unpack(ErrorInfo.class).getReason();
    }

    /** Names of the directories in which a broker keeps replicas of a topic's partitions, sorted. */
    private static List<String> directories(int broker, String topic) {
        try (Stream<Path> all = Files.list(cluster.dataOf(broker).resolve("replicas"))) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith(topic + "-"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
