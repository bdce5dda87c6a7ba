package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.millrace.partition.replica.PartitionCommand.TransferLeadership;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.TransferFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A broker that stops, whose replicas are a probe. */
class ResignationTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final Duration LONG = Duration.ofMinutes(5);

    private final TestProbe<ReplicaMessage> replicas = KIT.createTestProbe();
    private final CompletableFuture<Resignation.Result> done = new CompletableFuture<>();
    private volatile List<ReplicaId> led = List.of();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private final class ToProbe implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            replicas.getRef().tell(message);
            return true;
        }

        @Override
        public boolean isReachable(int brokerId) {
            return true;
        }
    }

    private static List<ReplicaId> partitions(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(partition -> new ReplicaId("orders", 17, partition, 1))
                .toList();
    }

    private void begin(Duration within) {
        KIT.spawn(Resignation.create(() -> led, new ToProbe(), within, done));
    }

    private TransferLeadership next() {
        TransferLeadership asked = replicas.expectMessageClass(TransferLeadership.class);
        assertThat(asked.target()).isEmpty();
        return asked;
    }

    private static void handedOver(TransferLeadership asked) {
        asked.replyTo().tell(new PartitionReply.HandedOver(asked.requestId(), 2));
    }

    @Test
    void handsOverSoManyAtATimeAndThenTheRest() {
        led = partitions(0, Resignation.PARALLELISM + 2);
        begin(LONG);
        List<TransferLeadership> first = new ArrayList<>();
        for (int i = 0; i < Resignation.PARALLELISM; i++) {
            first.add(next());
        }
        replicas.expectNoMessage(Duration.ZERO);
        handedOver(first.get(0));
        handedOver(next());
        next().replyTo().tell(new PartitionReply.NotHandedOver(1, TransferFailure.NOBODY));
        first.subList(1, first.size()).forEach(ResignationTest::handedOver);
        assertThat(done.join()).isEqualTo(new Resignation.Result(Resignation.PARALLELISM + 1, 1));
    }

    @Test
    void looksAgainAtTheEndAndAsksNobodyTwice() {
        led = partitions(0, 2);
        begin(LONG);
        TransferLeadership first = next();
        TransferLeadership second = next();
        led = partitions(1, 3);
        handedOver(first);
        second.replyTo().tell(new PartitionReply.NotLeader(second.requestId(), OptionalInt.of(3)));
        handedOver(next());
        assertThat(done.join()).isEqualTo(new Resignation.Result(2, 0));
    }

    @Test
    void endsWhenItsTimeIsUpWhoeverDoesNotAnswer() {
        led = partitions(0, Resignation.PARALLELISM + 5);
        begin(Duration.ofMillis(50));
        assertThat(done.join()).isEqualTo(new Resignation.Result(0, Resignation.PARALLELISM + 5));
    }

    @Test
    void whoLeadsNothingIsDoneAtOnce() {
        begin(LONG);
        assertThat(done.join()).isEqualTo(new Resignation.Result(0, 0));
    }
}
