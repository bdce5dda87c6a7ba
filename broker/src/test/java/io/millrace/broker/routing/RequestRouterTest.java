package io.millrace.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestRouterTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config()
            .withFallback(ConfigFactory.parseString("akka.actor.provider = local"))
            .withFallback(ConfigFactory.load()));
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final PartitionTarget TARGET = new PartitionTarget("orders", 7, 0);
    private static final Request OFFSETS = new Request.Offsets(OptionalLong.empty(), ReadMode.LEADER);
    private static final ReadMode ANY_REPLICA = new ReadMode(true, false);
    private static final long TIMEOUT = 1_000;
    private static final int PENDING_BYTES_MAX = 100;
    private static final int PENDING_REQUESTS_MAX = 5;

    private final AtomicLong clock = new AtomicLong();
    private final LeaderView view = new LeaderView();
    private final TestProbe<LeaderDirectory.Command> directory = KIT.createTestProbe();
    private final TestProbe<PartitionCommand> first = KIT.createTestProbe();
    private final TestProbe<PartitionCommand> second = KIT.createTestProbe();
    private final TestProbe<PartitionCommand> here = KIT.createTestProbe();
    private volatile boolean hasReplicaHere;
    private final ActorRef<RequestRouter.Command> router = KIT.spawn(RequestRouter.create(
            view, directory.ref(), this::tellHere, broker -> Optional.of("host-" + broker + ":9092"), clock::get));
    private final PartitionGateway gateway = new PartitionGateway(
            List.of(router), clock::get, () -> PENDING_BYTES_MAX, () -> PENDING_REQUESTS_MAX, Traffic.NONE);
    private final ActorRef<LeaderChanged> changes =
            directory.expectMessageClass(LeaderDirectory.Subscribe.class).subscriber();

    @AfterEach
    void stopRouter() {
        KIT.stop(router);
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void aRequestGoesToTheLeaderAndItsAnswerComesBack() throws Exception {
        lead(1, 1, first);

        Call call = produce(10);
        PartitionCommand.Produce sent = first.expectMessageClass(PartitionCommand.Produce.class);
        assertThat(sent.recordCount()).isEqualTo(1);
        sent.replyTo().tell(new PartitionReply.Produced(sent.requestId(), 42, 1, false));

        assertThat(answer(call)).isEqualTo(new PartitionReply.Produced(sent.requestId(), 42, 1, false));
        assertThat(gateway.pendingBytes()).isZero();
        assertThat(gateway.pendingRequests()).isZero();
    }

    @Test
    void requestsWaitForALeaderAndAreSentInOrder() {
        produce(1);
        produce(2);
        lead(1, 1, first);
        produce(3);

        assertThat(sizesSentTo(first, 3)).containsExactly(1, 2, 3);
    }

    @Test
    void notLeaderIsAskedAgainAfterAMomentAndOrderIsKept() {
        lead(1, 1, first);
        produce(1);
        produce(2);
        for (int i = 0; i < 2; i++) {
            PartitionCommand.Produce sent = first.expectMessageClass(PartitionCommand.Produce.class);
            sent.replyTo().tell(new PartitionReply.NotLeader(sent.requestId(), OptionalInt.empty()));
        }
        first.expectNoMessage(Duration.ZERO);
        pass(RequestRouter.RETRY_AFTER.toMillis());

        produce(3);

        assertThat(sizesSentTo(first, 3)).containsExactly(1, 2, 3);
    }

    @Test
    void aRequestBehindOneThatWaitsDoesNotOvertakeIt() {
        lead(1, 1, first);
        produce(1);
        PartitionCommand.Produce sent = first.expectMessageClass(PartitionCommand.Produce.class);
        sent.replyTo().tell(new PartitionReply.NotLeader(sent.requestId(), OptionalInt.empty()));
        first.expectNoMessage(Duration.ZERO);

        produce(2);
        first.expectNoMessage(Duration.ZERO);
        lead(2, 2, second);

        assertThat(sizesSentTo(second, 2)).containsExactly(1, 2);
    }

    @Test
    void aProduceWhoseLeaderIsReplacedHasAnUnknownOutcomeAtOnce() {
        lead(1, 1, first);
        Call call = produce(1);
        first.expectMessageClass(PartitionCommand.Produce.class);

        lead(2, 2, second);

        assertThat(failure(call)).isInstanceOf(Failure.OutcomeUnknown.class);
        second.expectNoMessage(Duration.ZERO);
    }

    @Test
    void aProduceWhoseLeaderIsOutOfReachHasAnUnknownOutcomeAtOnce() {
        lead(1, 1, first);
        Call call = produce(1);
        first.expectMessageClass(PartitionCommand.Produce.class);

        view.leaders().put(TARGET.key(), new Leader(1, OptionalInt.of(1), first.ref(), false));
        changes.tell(new LeaderChanged(TARGET.key()));

        assertThat(failure(call)).isInstanceOf(Failure.OutcomeUnknown.class);
    }

    @Test
    void aReadWhoseLeaderIsReplacedIsSentToTheNextOne() throws Exception {
        lead(1, 1, first);
        Call call = gateway.send(TARGET, new Request.Fetch(5, 10, 1, 600, ReadMode.LEADER), TIMEOUT);
        assertThat(first.expectMessageClass(PartitionCommand.Fetch.class).maxWaitMillis())
                .isEqualTo(600);
        pass(200);

        lead(2, 2, second);

        PartitionCommand.Fetch again = second.expectMessageClass(PartitionCommand.Fetch.class);
        assertThat(again.maxWaitMillis()).as("what is left of the wait").isEqualTo(400);
        again.replyTo().tell(new PartitionReply.Fetched(again.requestId(), Payload.EMPTY, 0, 5));
        assertThat(answer(call)).isInstanceOf(PartitionReply.Fetched.class);
    }

    @Test
    void whatMayBeRepeatedGoesToTheNextLeaderAndWhatMayNotHasAnUnknownOutcome() throws Exception {
        lead(1, 1, first);
        Call again = gateway.send(TARGET, new Request.Coordinate(Payload.EMPTY, 600, true), TIMEOUT);
        Call once = gateway.send(TARGET, new Request.Coordinate(Payload.EMPTY, 0, false), TIMEOUT);
        var lost = first.expectMessageClass(PartitionCommand.Coordinate.class);
        lost.replyTo().tell(new PartitionReply.OutcomeUnknown(lost.requestId()));
        var lostToo = first.expectMessageClass(PartitionCommand.Coordinate.class);
        lostToo.replyTo().tell(new PartitionReply.OutcomeUnknown(lostToo.requestId()));
        assertThat(failure(once)).isInstanceOf(Failure.OutcomeUnknown.class);
        pass(200);

        lead(2, 2, second);

        var repeated = second.expectMessageClass(PartitionCommand.Coordinate.class);
        assertThat(repeated.maxWaitMillis()).as("what is left of the wait").isEqualTo(400);
        repeated.replyTo().tell(new PartitionReply.Coordinated(repeated.requestId(), Payload.EMPTY));
        assertThat(answer(again)).isInstanceOf(PartitionReply.Coordinated.class);
    }

    @Test
    void aDeadlineWithoutALeaderSaysSoWithAHint() {
        view.leaders().put(TARGET.key(), new Leader(1, OptionalInt.of(3), null, true));
        Call call = produce(1);

        pass(TIMEOUT);

        assertThat(failure(call))
                .isEqualTo(new Failure.NoLeader("orders", 0, OptionalInt.of(3), Optional.of("host-3:9092")));
        assertThat(gateway.pendingBytes()).isZero();
    }

    @Test
    void aDeadlineAfterAProduceWasSentHasAnUnknownOutcome() {
        lead(1, 1, first);
        Call call = produce(1);
        first.expectMessageClass(PartitionCommand.Produce.class);

        pass(TIMEOUT);

        assertThat(failure(call)).isInstanceOf(Failure.OutcomeUnknown.class);
    }

    @Test
    void aRequestThatComesTooLateIsNotSent() {
        lead(1, 1, first);
        clock.set(TIMEOUT + 1);

        Call call = produce(1);

        assertThat(failure(call)).isEqualTo(new Failure.DeadlinePassed());
        first.expectNoMessage(Duration.ZERO);
    }

    @Test
    void eachDeadlineIsKeptThoughOnlyTheEarliestHasATimer() {
        Call late = gateway.send(TARGET, OFFSETS, 300);
        Call early = gateway.send(TARGET, OFFSETS, 100);

        pass(100);
        assertThat(failure(early)).isInstanceOf(Failure.NoLeader.class);
        assertThat(late.answer().toCompletableFuture()).isNotDone();
        pass(200);
        assertThat(failure(late)).isInstanceOf(Failure.NoLeader.class);
    }

    @Test
    void aFailedReplicaIsWaitedOutAndNamedAtTheDeadline() {
        lead(1, 1, first);
        Call call = produce(1);
        PartitionCommand.Produce sent = first.expectMessageClass(PartitionCommand.Produce.class);
        sent.replyTo().tell(new PartitionReply.ReplicaFailed(sent.requestId(), "the disk is full"));
        KIT.<Object>createTestProbe().expectNoMessage(Duration.ZERO);
        lead(2, OptionalInt.empty());

        pass(TIMEOUT);

        assertThat(failure(call)).isEqualTo(new Failure.ReplicaFailed("orders", 0, "the disk is full"));
    }

    @Test
    void whatTheLeaderRefusesIsPassedOn() {
        lead(1, 1, first);
        Call overloaded = produce(1);
        PartitionCommand.Produce p = first.expectMessageClass(PartitionCommand.Produce.class);
        p.replyTo().tell(new PartitionReply.Overloaded(p.requestId(), 99));
        Call full = produce(1);
        PartitionCommand.Produce d = first.expectMessageClass(PartitionCommand.Produce.class);
        d.replyTo().tell(new PartitionReply.DiskFull(d.requestId()));
        Call few = produce(1);
        PartitionCommand.Produce s = first.expectMessageClass(PartitionCommand.Produce.class);
        s.replyTo().tell(new PartitionReply.NotEnoughReplicas(s.requestId(), 1, 2));
        Call unknown = produce(1);
        PartitionCommand.Produce u = first.expectMessageClass(PartitionCommand.Produce.class);
        u.replyTo().tell(new PartitionReply.OutcomeUnknown(u.requestId()));
        Call range = gateway.send(TARGET, new Request.Fetch(50, 10, 1, 0, ReadMode.LEADER), TIMEOUT);
        PartitionCommand.Fetch f = first.expectMessageClass(PartitionCommand.Fetch.class);
        f.replyTo().tell(new PartitionReply.OffsetOutOfRange(f.requestId(), 1, 9));

        assertThat(failure(overloaded)).isInstanceOfSatisfying(Failure.Overloaded.class, o -> assertThat(o.limitBytes())
                .isEqualTo(99));
        assertThat(failure(full)).isEqualTo(new Failure.DiskFull("orders", 0));
        assertThat(failure(few)).isEqualTo(new Failure.NotEnoughReplicas("orders", 0, 1, 2));
        assertThat(failure(unknown)).isInstanceOf(Failure.OutcomeUnknown.class);
        assertThat(failure(range)).isEqualTo(new Failure.OffsetOutOfRange("orders", 0, 50, 1, 9));
    }

    @Test
    void whatIsPendingIsBoundedInBytesAndInRequests() {
        Call large = produce(PENDING_BYTES_MAX);
        Call tooMuch = produce(1);
        assertThat(failure(tooMuch)).isInstanceOf(Failure.Overloaded.class);
        large.cancel();
        for (int i = 0; i < PENDING_REQUESTS_MAX; i++) {
            produce(1);
        }

        assertThat(failure(produce(1))).isInstanceOf(Failure.Overloaded.class);
    }

    @Test
    void aCancelledRequestIsLetGoOf() {
        Call call = produce(50);
        call.cancel();
        assertThat(gateway.pendingBytes()).isZero();

        Call other = produce(2);
        lead(1, 1, first);

        assertThat(sizesSentTo(first, 1)).containsExactly(2);
        assertThat(other.answer().toCompletableFuture()).isNotDone();
    }

    @Test
    void aReadThatAnyReplicaMayAnswerIsAskedOfTheOneHere() throws Exception {
        lead(1, 1, first);
        hasReplicaHere = true;
        Call call = gateway.send(TARGET, new Request.Fetch(5, 10, 1, 600, ANY_REPLICA), TIMEOUT);
        PartitionCommand.Fetch sent = here.expectMessageClass(PartitionCommand.Fetch.class);
        assertThat(sent.mode()).isEqualTo(ANY_REPLICA);
        lead(2, 2, second);

        sent.replyTo().tell(new PartitionReply.Fetched(sent.requestId(), Payload.EMPTY, 0, 5));

        assertThat(answer(call)).isInstanceOf(PartitionReply.Fetched.class);
        first.expectNoMessage(Duration.ZERO);
        second.expectNoMessage(Duration.ZERO);
    }

    @Test
    void whatTheReplicaHereDoesNotAnswerTheLeaderIsAsked() throws Exception {
        lead(1, 1, first);
        hasReplicaHere = true;
        for (boolean failed : new boolean[] {false, true}) {
            Call call = gateway.send(TARGET, new Request.Offsets(OptionalLong.empty(), ANY_REPLICA), TIMEOUT);
            PartitionCommand.GetOffsets sent = here.expectMessageClass(PartitionCommand.GetOffsets.class);
            sent.replyTo()
                    .tell(
                            failed
                                    ? new PartitionReply.ReplicaFailed(sent.requestId(), "no disk")
                                    : new PartitionReply.NotLeader(sent.requestId(), OptionalInt.of(1)));
            PartitionCommand.GetOffsets again = first.expectMessageClass(PartitionCommand.GetOffsets.class);
            again.replyTo().tell(new PartitionReply.Offsets(again.requestId(), 0, 5, Optional.empty()));
            assertThat(answer(call)).isInstanceOf(PartitionReply.Offsets.class);
        }
        here.expectNoMessage(Duration.ZERO);
    }

    @Test
    void withoutAReplicaHereOrIfOnlyTheLeaderMayTheLeaderIsAsked() {
        lead(1, 1, first);
        gateway.send(TARGET, new Request.Fetch(5, 10, 1, 600, ANY_REPLICA), TIMEOUT);
        first.expectMessageClass(PartitionCommand.Fetch.class);
        hasReplicaHere = true;
        gateway.send(TARGET, new Request.Fetch(5, 10, 1, 600, ReadMode.LEADER), TIMEOUT);
        first.expectMessageClass(PartitionCommand.Fetch.class);
        here.expectNoMessage(Duration.ZERO);
    }

    @Test
    void aCancelledFetchIsLetGoOfWhereItWaits() {
        lead(1, 1, first);
        Call atLeader = gateway.send(TARGET, new Request.Fetch(5, 10, 1, 600, ReadMode.LEADER), TIMEOUT);
        PartitionCommand.Fetch sent = first.expectMessageClass(PartitionCommand.Fetch.class);
        hasReplicaHere = true;
        Call atReplica = gateway.send(TARGET, new Request.Fetch(5, 10, 1, 600, ANY_REPLICA), TIMEOUT);
        PartitionCommand.Fetch sentHere = here.expectMessageClass(PartitionCommand.Fetch.class);

        atLeader.cancel();
        atReplica.cancel();

        first.expectMessage(new PartitionCommand.AbandonFetch(sent.requestId(), sent.replyTo()));
        here.expectMessage(new PartitionCommand.AbandonFetch(sentHere.requestId(), sentHere.replyTo()));
    }

    private boolean tellHere(PartitionTarget partition, PartitionCommand command) {
        if (hasReplicaHere) {
            here.ref().tell(command);
        }
        return hasReplicaHere;
    }

    private Call produce(int size) {
        return gateway.send(TARGET, new Request.Produce(Payload.wrap(new byte[size]), 1), TIMEOUT);
    }

    private void lead(long term, int broker, TestProbe<PartitionCommand> leader) {
        view.leaders().put(TARGET.key(), new Leader(term, OptionalInt.of(broker), leader.ref(), true));
        changes.tell(new LeaderChanged(TARGET.key()));
    }

    private void lead(long term, OptionalInt broker) {
        view.leaders().put(TARGET.key(), new Leader(term, broker, null, true));
        changes.tell(new LeaderChanged(TARGET.key()));
    }

    private void pass(long millis) {
        settle();
        clock.addAndGet(millis);
        TIME.timePasses(Duration.ofMillis(millis));
    }

    /** Everything told to the router so far has been handled: it answers a request that is too late at once. */
    private void settle() {
        Call marker = gateway.send(new PartitionTarget("marker", 99, 0), OFFSETS, Long.MIN_VALUE);
        failure(marker);
    }

    private static List<Integer> sizesSentTo(TestProbe<PartitionCommand> leader, int count) {
        return leader.receiveSeveralMessages(count).stream()
                .map(command -> ((PartitionCommand.Produce) command).batches().sizeBytes())
                .toList();
    }

    private static PartitionReply answer(Call call) throws Exception {
        return call.answer().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }

    private static Failure failure(Call call) {
        try {
            throw new AssertionError("succeeded with " + answer(call));
        } catch (ExecutionException e) {
            return ((FailureException) Objects.requireNonNull(e.getCause())).failure();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
