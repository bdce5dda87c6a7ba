package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A member of an idle group costs nothing. The test plays the two others; time goes on only as it says. */
class SleepingMemberTest {
    private static final NodeId SELF = new NodeId(1);
    private static final NodeId SECOND = new NodeId(2);
    private static final NodeId THIRD = new NodeId(3);
    private static final Duration AN_HOUR = Duration.ofHours(1);

    private static final ActorTestKit KIT =
            ActorTestKit.create("sleepers", ManualTime.config().withFallback(ReplicaGroup.CONFIG));
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static long lastTopicId;

    private final ReplicaId id = new ReplicaId("orders", ++lastTopicId, 0, SELF.value());
    private final TestProbe<RaftEvent> owner = KIT.createTestProbe();
    private final TestProbe<ReplicaMessage> others = KIT.createTestProbe();
    private final BrokerWatch watch = new BrokerWatch();
    private final AtomicLong nowMillis = new AtomicLong();
    private final AtomicInteger looksAtTheClock = new AtomicInteger();
    private final ActorRef<RaftCommand> member;

    SleepingMemberTest(@TempDir Path directory) {
        ReplicaContext context = new ReplicaContext(
                Disk.in(directory, () -> DiskSpace.AMPLE),
                new OpenLogs(),
                new LedPartitions(),
                RaftSettings.DEFAULT.withQuiesceAfterMillis(200),
                LogSettings.DEFAULT,
                1 << 20,
                new ToTheTest(),
                watch,
                new Campaigns(),
                new MoveThrottle(() -> MoveThrottle.UNLIMITED),
                ReplicaMetrics.NONE,
                () -> "",
                () -> {
                    looksAtTheClock.incrementAndGet();
                    return nowMillis.get();
                },
                () -> 0);
        Membership membership = Membership.ofVoters(new TreeSet<>(Set.of(SELF, SECOND, THIRD)));
        member = KIT.spawn(RaftActor.create(
                new RaftGroup(id, membership, true, true, OffsetReader.withoutOffsets(), PartitionStateMachine::new),
                context,
                owner.getRef()));
        owner.fishForMessage(
                ReplicaGroup.PATIENCE,
                event -> event instanceof RaftEvent.Started
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    @AfterEach
    void stop() {
        KIT.stop(member, ReplicaGroup.PATIENCE);
    }

    @Test
    void aSleepingLeaderSendsNothingAndHoldsNoTimer() {
        leadUntilAsleep();
        pass(AN_HOUR); // one timer of its time awake may have been left, and finds nothing to do
        int looks = looksAtTheClock.get();
        for (int i = 0; i < 3; i++) {
            pass(AN_HOUR);
        }
        assertThat(looksAtTheClock.get())
                .as("whoever wakes for a timer looks at the clock first")
                .isEqualTo(looks);
        TIME.expectNoMessageFor(AN_HOUR, others);
    }

    @Test
    void soDoesASleepingFollower() {
        followUntilAsleep();
        pass(AN_HOUR);
        int looks = looksAtTheClock.get();
        for (int i = 0; i < 3; i++) {
            pass(AN_HOUR);
        }
        assertThat(looksAtTheClock.get()).isEqualTo(looks);
        TIME.expectNoMessageFor(AN_HOUR, others);
    }

    @Test
    void aFollowerStandsForElectionSoonAfterItsLeadersBrokerIsLost() {
        followUntilAsleep();
        pass(AN_HOUR);
        watch.unreachable(SECOND.value());
        status();
        pass(Duration.ofMillis(RaftSettings.DEFAULT.electionTimeoutMillisMin()));
        assertThat(await(Message.PreVoteRequest.class).to()).isEqualTo(SECOND);
        assertThat(await(Message.PreVoteRequest.class).to()).isEqualTo(THIRD);
    }

    @Test
    void aLeaderSpeaksWhenItsFollowersBrokersAreLost() {
        leadUntilAsleep();
        pass(AN_HOUR);
        watch.unreachable(SECOND.value());
        watch.unreachable(THIRD.value());
        assertThat(await(Message.AppendRequest.class).to()).isEqualTo(SECOND);
        assertThat(await(Message.AppendRequest.class).to()).isEqualTo(THIRD);
    }

    @Test
    void aLeaderThatEndsWakesTheOthers() {
        leadUntilAsleep();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        assertThat(await(Message.AppendRequest.class).to()).isEqualTo(SECOND);
        assertThat(await(Message.AppendRequest.class).to()).isEqualTo(THIRD);
        watch.unreachable(SECOND.value()); // to an actor that is gone it would be a dead letter
    }

    private void leadUntilAsleep() {
        member.tell(RaftCommand.Campaign.INSTANCE);
        deliver(new Message.PreVoteResponse(SECOND, SELF, 1, true));
        await(Message.VoteRequest.class);
        deliver(new Message.VoteResponse(SECOND, SELF, 1, true));
        for (int i = 0; i < 5; i++) {
            deliver(new Message.AppendAccepted(SECOND, SELF, 1, 1));
            deliver(new Message.AppendAccepted(THIRD, SELF, 1, 1));
            pass(Duration.ofMillis(100));
        }
        assertThat(await(Message.Quiesce.class).to()).isEqualTo(SECOND);
        assertThat(await(Message.Quiesce.class).to()).isEqualTo(THIRD);
    }

    private void followUntilAsleep() {
        deliver(new Message.Quiesce(SECOND, SELF, 1, LogPosition.ZERO));
        await(Message.AppendAccepted.class);
    }

    private void deliver(Message message) {
        member.tell(new RaftCommand.Deliver(new PeerMessage("", others.getRef().narrow(), message)));
    }

    /** In steps that end when the member has done all that was due. */
    private void pass(Duration time) {
        nowMillis.addAndGet(time.toMillis());
        TIME.timePasses(time);
        status();
    }

    private void status() {
        TestProbe<RaftStatus> probe = KIT.createTestProbe();
        member.tell(new RaftCommand.GetStatus(probe.getRef()));
        probe.receiveMessage(ReplicaGroup.PATIENCE);
    }

    private <M extends Message> M await(Class<M> type) {
        List<ReplicaMessage> seen = others.fishForMessage(
                ReplicaGroup.PATIENCE,
                sent -> type.isInstance(((PeerMessage) sent).message())
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
        return type.cast(((PeerMessage) seen.get(0)).message());
    }

    private final class ToTheTest implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            others.getRef().tell(message);
            return true;
        }

        @Override
        public boolean isReachable(int broker) {
            return true;
        }
    }
}
