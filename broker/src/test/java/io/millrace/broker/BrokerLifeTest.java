package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.millrace.broker.config.BrokerSettings;
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
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker's start, end and second start. */
class BrokerLifeTest {
    @TempDir
    private Path directory = Path.of("unset");

    @Test
    void whatWasAcknowledgedIsThereAfterARestartAndWhatWasDeletedIsNot() throws Exception {
        try (TestBroker broker = TestBroker.start(directory, Map.of())) {
            create(broker, "kept");
            create(broker, "deleted");
            produce(broker, "kept", "a");
        }
        Path leftover = Files.createDirectories(directory.resolve("replicas/long-gone-0~2"));

        try (TestBroker broker = TestBroker.start(directory, Map.of())) {
            var messages = MessageServiceGrpc.newBlockingStub(broker.channel()).withDeadlineAfter(30, TimeUnit.SECONDS);
            var fetched =
                    messages.fetch(FetchRequest.newBuilder().setTopic("kept").build());
            assertThat(fetched.getRecordsList())
                    .extracting(r -> r.getValue().toStringUtf8())
                    .containsExactly("a");
            assertThat(produce(broker, "kept", "b")).isEqualTo(1);
            assertThat(leftover).doesNotExist();
        }
    }

    @Test
    void aBrokerWithoutRoomOnItsDiskRefusesRecordsAndServesWhatItHas() throws Exception {
        try (TestBroker broker = TestBroker.start(directory, Map.of())) {
            create(broker, "orders");
            produce(broker, "orders", "a");
            assertThat(broker.http("/api/v1/disk").body()).contains("\"space\" : \"AMPLE\"");
        }
        // Nobody has so much room.
        try (TestBroker broker = TestBroker.start(directory, Map.of("millrace.disk-reserve", "100 PiB"))) {
            var messages = MessageServiceGrpc.newBlockingStub(broker.channel()).withDeadlineAfter(30, TimeUnit.SECONDS);
            WithOneBroker.Told refused = WithOneBroker.failure(() -> produce(broker, "orders", "b"));
            assertThat(refused.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(refused.reason()).isEqualTo(ErrorReason.DISK_FULL);
            assertThat(refused.retry()).isTrue();
            assertThat(messages.fetch(
                                    FetchRequest.newBuilder().setTopic("orders").build())
                            .getRecordsList())
                    .hasSize(1);
            create(broker, "another"); // the metadata are small and have what is in reserve
            assertThat(broker.http("/api/v1/disk").body()).contains("\"space\" : \"EXHAUSTED\"", "\"freeBytes\" : ");
        }
    }

    @Test
    void aBrokerWithoutItsClusterSaysWhatIsMissing() throws Exception {
        // Voters 2 and 3 do not exist: no metadata group, no controller.
        BrokerSettings settings = TestBroker.settings(directory, Map.of("millrace.cluster.metadata-voters", "1,2,3"));
        try (TestBroker broker = TestBroker.startUnready(settings)) {
            broker.awaitServing();

            assertThat(broker.http("/ready").statusCode()).isEqualTo(503);
            assertThat(broker.http("/ready").body()).contains("it does not know the cluster's metadata");
            assertThat(broker.http("/alive").statusCode()).isEqualTo(200);
            assertThat(broker.http("/api/v1/topics").statusCode()).isEqualTo(503);
            try {
                var unused = ClusterServiceGrpc.newBlockingStub(broker.channel())
                        .withWaitForReady()
                        .getMetadata(GetMetadataRequest.getDefaultInstance());
                throw new AssertionError("answered without metadata");
            } catch (StatusRuntimeException e) {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(e.getStatus().getDescription()).contains("not ready");
            }
        }
    }

    @Test
    void aBrokerWithAnotherBrokersIdEndsItselfAndDoesTheOtherNoHarm(@TempDir Path other) throws Exception {
        try (TestBroker first = TestBroker.start(directory, Map.of())) {
            create(first, "orders");
            Broker.Ended ended = endOf(TestBroker.settings(other, Map.of("millrace.cluster.seeds", seedOf(first))));

            assertThat(ended.kind()).isEqualTo(Broker.Ended.Kind.REFUSED);
            assertThat(ended.reason()).contains("broker id 1 is used by another broker", "millrace.broker-id");
            assertThat(first.broker().readiness().isReady()).isTrue();
            awaitSingleMember(first);
            assertThat(produce(first, "orders", "a")).isZero();
        }
    }

    @Test
    void aBrokerWithAnotherClustersDataEndsItself(@TempDir Path other) throws Exception {
        TestBroker.start(other, Map.of("millrace.broker-id", "2", "millrace.cluster.metadata-voters", "2"))
                .close();
        try (TestBroker first = TestBroker.start(directory, Map.of())) {
            Broker.Ended ended = endOf(TestBroker.settings(
                    other, Map.of("millrace.broker-id", "2", "millrace.cluster.seeds", seedOf(first))));

            assertThat(ended.kind()).isEqualTo(Broker.Ended.Kind.REFUSED);
            assertThat(ended.reason()).contains("belongs to cluster", "millrace.data-dir");
        }
    }

    private static void awaitSingleMember(TestBroker broker) throws Exception {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (broker.http("/cluster/members").body().split("\"node\":", -1).length != 2) {
            assertThat(System.nanoTime()).isLessThan(giveUp);
        }
    }

    private static String seedOf(TestBroker broker) {
        return broker.settings().http().address().toString();
    }

    private static Broker.Ended endOf(BrokerSettings settings) throws Exception {
        return Broker.start(settings).whenEnded().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void mistakesInTheConfigurationEndTheProcessWithCode2() {
        ByteArrayOutputStream errors = new ByteArrayOutputStream();

        int exitCode = Main.run(
                new String[] {"-Dmillrace.broker-id=x", "-Dmillrace.cluster.port=0"},
                new PrintStream(errors, true, StandardCharsets.UTF_8));

        assertThat(exitCode).isEqualTo(2);
        assertThat(errors.toString(StandardCharsets.UTF_8))
                .contains("2 mistakes", "millrace.broker-id", "millrace.cluster.port");
    }

    @Test
    void aWrongCommandLineIsSaidInOneLine() {
        for (String[] arguments : new String[][] {{"--frob"}, {"broker.conf"}, {"-Dmillrace.broker-id"}}) {
            ByteArrayOutputStream errors = new ByteArrayOutputStream();

            int exitCode = Main.run(arguments, new PrintStream(errors, true, StandardCharsets.UTF_8));

            assertThat(exitCode).isEqualTo(2);
            assertThat(errors.toString(StandardCharsets.UTF_8).lines())
                    .singleElement()
                    .asString()
                    .contains("see 'millrace broker --help'");
        }
    }

    @Test
    void aDirectoryOfAnotherBrokerEndsTheProcessWithCode1() throws Exception {
        TestBroker.start(directory, Map.of()).close();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();

        int exitCode = Main.run(
                new String[] {
                    "-Dmillrace.broker-id=2", "-Dmillrace.cluster.metadata-voters=2", "-Dmillrace.data-dir=" + directory
                },
                new PrintStream(errors, true, StandardCharsets.UTF_8));

        assertThat(exitCode).isEqualTo(1);
        assertThat(errors.toString(StandardCharsets.UTF_8)).contains("belongs to broker 1");
    }

    private static void create(TestBroker broker, String topic) {
        var unused = AdminServiceGrpc.newBlockingStub(broker.channel())
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .setPartitions(1)
                        .build());
    }

    private static long produce(TestBroker broker, String topic, String value) {
        return MessageServiceGrpc.newBlockingStub(broker.channel())
                .produce(ProduceRequest.newBuilder()
                        .setTopic(topic)
                        .setRecords(Records.newBuilder()
                                .addRecords(Record.newBuilder().setValue(ByteString.copyFromUtf8(value))))
                        .build())
                .getBaseOffset();
    }
}
