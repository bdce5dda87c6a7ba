package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.stream.testkit.TestSubscriber;
import akka.stream.testkit.javadsl.TestSink;
import com.typesafe.config.ConfigFactory;
import io.millrace.broker.Readiness;
import io.millrace.broker.config.SettingsLoader;
import io.millrace.broker.routing.LeaderDirectory;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.RequestRouter;
import io.millrace.broker.routing.Traffic;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.ReadFrom;
import io.millrace.protocol.v1.SubscribePartition;
import io.millrace.protocol.v1.SubscribeRequest;
import io.millrace.protocol.v1.SubscribeResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams over replicas that have a record for whoever asks, and count how often they are asked. */
class SubscriptionTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            ConfigFactory.parseString("akka.actor.provider = local").withFallback(ConfigFactory.load()));
    private static final int PARTITIONS = 4;
    private static final TopicMetadata TOPIC = new TopicMetadata(
            "orders",
            7,
            1,
            IntStream.range(0, PARTITIONS).mapToObj(p -> List.of(1)).toList());

    private final AtomicIntegerArray asked = new AtomicIntegerArray(PARTITIONS);
    private volatile boolean someoneAnswers = true;

    private final ActorRef<RequestRouter.Command> router = KIT.spawn(RequestRouter.create(
            new LeaderView(),
            KIT.<LeaderDirectory.Command>createTestProbe().ref(),
            this::answer,
            broker -> Optional.empty(),
            SubscriptionTest::nowMillis));
    private final RecordReads reads = new RecordReads(
            topics(),
            new PartitionGateway(
                    List.of(router), SubscriptionTest::nowMillis, () -> Long.MAX_VALUE, () -> 100, Traffic.NONE),
            new Deadlines(
                    SettingsLoader.load(Optional.empty(), Map.of(), Map.of("millrace.client.request-timeout", "100 ms"))
                            .frontDoor()),
            new Faults(reason -> {}),
            1_000_000,
            Runnable::run);

    @AfterEach
    void stopRouter() {
        KIT.stop(router);
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    private static long nowMillis() {
        return System.nanoTime() / 1_000_000;
    }

    private static TopicLookup topics() {
        ClusterMetadata metadata = new ClusterMetadata(
                Optional.of("cluster"),
                1,
                OptionalInt.of(1),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(Map.of(TOPIC.name(), TOPIC)),
                7);
        Readiness readiness = new Readiness();
        readiness.met(Readiness.Condition.METADATA);
        return new TopicLookup(() -> metadata, readiness);
    }

    /** One batch of one record at whichever offset is asked for. */
    private boolean answer(PartitionTarget target, PartitionCommand command) {
        if (!someoneAnswers) {
            return false;
        }
        asked.incrementAndGet(target.partition());
        if (command instanceof PartitionCommand.Fetch fetch) {
            fetch.replyTo()
                    .tell(new PartitionReply.Fetched(fetch.requestId(), batchAt(fetch.offset()), 0, Integer.MAX_VALUE));
        } else if (command instanceof PartitionCommand.GetOffsets offsets) {
            offsets.replyTo()
                    .tell(new PartitionReply.Offsets(offsets.requestId(), 0, Integer.MAX_VALUE, Optional.empty()));
        }
        return true;
    }

    private static Payload batchAt(long offset) {
        RecordBatchBuilder builder = new RecordBatchBuilder(1_000);
        assertThat(builder.tryAppend(42, null, Bytes.utf8("v" + offset), List.of()))
                .isTrue();
        byte[] batch = builder.build(Compression.NONE).toByteArray();
        ByteBuffer.wrap(batch).putLong(offset); // what a leader does
        return Payload.wrap(batch);
    }

    private TestSubscriber.Probe<SubscribeResponse> subscribed(SubscribePartition.Builder... wishes) {
        SubscribeRequest.Builder request = SubscribeRequest.newBuilder()
                .setReadFrom(ReadFrom.ANY_REPLICA)
                .setFormat(FetchRequest.Format.RECORD_BATCHES);
        List.of(wishes).forEach(request::addPartitions);
        return reads.subscribe(request.build())
                .runWith(TestSink.create(KIT.system().classicSystem()), KIT.system());
    }

    private static SubscribePartition.Builder partition(int number) {
        return SubscribePartition.newBuilder().setTopic(TOPIC.name()).setPartition(number);
    }

    @Test
    void ofWhoTakesNothingOnePieceOfEachPartitionIsHeldAndNoMore() {
        TestSubscriber.Probe<SubscribeResponse> slow = subscribed(partition(0), partition(1), partition(2));
        TestSubscriber.Probe<SubscribeResponse> fast = subscribed(partition(3));
        for (int i = 0; i < 500; i++) {
            fast.requestNext();
        }
        assertThat(askedForSlow()).isLessThanOrEqualTo(3);

        Map<Integer, Long> next = new TreeMap<>();
        for (int taken = 1; taken <= 30; taken++) {
            FetchedPartition piece = slow.requestNext().getFetched();
            assertThat(piece.hasError()).isFalse();
            assertThat(piece.getNextOffset()).isEqualTo(next.getOrDefault(piece.getPartition(), -1L) + 1);
            next.put(piece.getPartition(), piece.getNextOffset());
            assertThat(askedForSlow()).isLessThanOrEqualTo(taken + 3);
        }
        assertThat(next).hasSize(3);
        slow.cancel();
        fast.cancel();
    }

    private int askedForSlow() {
        return asked.get(0) + asked.get(1) + asked.get(2);
    }

    @Test
    void aPartitionThatNobodyLeadsIsToldWithItsPositionAndGoesOnWhenSomebodyDoes() {
        someoneAnswers = false;
        TestSubscriber.Probe<SubscribeResponse> stream = subscribed(partition(0).setOffset(7));
        SubscribeResponse told = stream.requestNext();
        assertThat(told.getFetched().getError().getReason()).isEqualTo(ErrorReason.NO_LEADER);
        assertThat(told.getFetched().getNextOffset()).isEqualTo(7);
        assertThat(told.getEnded()).isFalse();
        someoneAnswers = true;
        SubscribeResponse after = stream.requestNext();
        while (after.getFetched().hasError()) {
            after = stream.requestNext();
        }
        assertThat(after.getFetched().getNextOffset()).as("where it begins").isEqualTo(7);
        assertThat(stream.requestNext().getFetched().getNextOffset()).isEqualTo(8);
        stream.cancel();
    }
}
