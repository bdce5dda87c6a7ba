package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.PartitionReply.Produced;
import io.millrace.protocol.FlushPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A partition whose records count before they are on disk: what it loses, when, and what it does not. */
class FlushPolicyTest {
    private static final ActorTestKit KIT = ActorTestKit.create("flushes", ReplicaGroup.CONFIG);

    private static long lastTopicId = 3_000;

    private final Map<Integer, TestDisk> disks = new ConcurrentHashMap<>();
    private final List<ReplicaGroup> groups = new ArrayList<>();

    @AfterEach
    void stop() {
        groups.forEach(ReplicaGroup::close);
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    /** Forced by the operating system only, which has other things to do; the producers are saved after every 4 KiB. */
    private ReplicaGroup group(Integer... brokers) {
        ReplicaGroup group = new ReplicaGroup(
                KIT,
                this::disk,
                ReplicaGroup.PATIENT_RAFT,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                LogSettings.DEFAULT.withFlush(FlushPolicy.OS).withSegmentBytes(16 << 10),
                brokers);
        groups.add(group);
        return group;
    }

    /** Once the leader's own first entry is on all disks: forced later, on a busy machine, it would take what follows along. */
    private static LeaderObserved settledLeader(ReplicaGroup group) {
        LeaderObserved leader = group.awaitLeader(0);
        for (int broker = 1; broker <= 3; broker++) {
            awaitCaughtUp(group, broker, leader.replica().brokerId());
        }
        return leader;
    }

    private TestDisk disk(int broker) {
        return disks.computeIfAbsent(broker, b -> new TestDisk());
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    private static void await(Runnable assertion) {
        KIT.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            assertion.run();
            return null;
        });
    }

    private static void awaitCaughtUp(ReplicaGroup group, int broker, int leader) {
        await(() -> {
            assertThat(group.status(broker).state()).isEqualTo("RUNNING");
            assertThat(group.status(broker).durableIndex())
                    .isEqualTo(group.status(leader).lastIndex());
        });
    }

    /** All at once, before one of them comes back. */
    private void losePower(ReplicaGroup group, int... brokers) {
        for (int broker : brokers) {
            disk(broker).storage.crash(LogWriterTest.nothingSurvives());
            group.stop(broker);
        }
    }

    private static void start(ReplicaGroup group, int... brokers) {
        for (int broker : brokers) {
            group.start(broker);
        }
    }

    private void awaitSavedProducers(int broker) {
        await(() -> assertThat(disk(broker).storage.list()).anyMatch(name -> name.startsWith("producers-")));
    }

    private static void assertWritten(PartitionReply reply) {
        assertThat(reply).isInstanceOfSatisfying(Produced.class, written -> assertThat(written.repeated())
                .isFalse());
    }

    private static void assertDuplicate(PartitionReply reply) {
        assertThat(reply).isInstanceOfSatisfying(Produced.class, written -> assertThat(written.repeated())
                .isTrue());
    }

    @Test
    void recordsAreAcknowledgedThoughNoDiskForcesAnything() {
        ReplicaGroup group = group(1, 2, 3);
        ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
        assertWritten(group.produce(leader, "a"));
        disks.values().forEach(TestDisk::hangForces);
        assertWritten(group.produce(leader, "b"));
        assertThat(group.readAll(leader)).containsExactly("a", "b");
        disks.values().forEach(TestDisk::goOn);
    }

    @Test
    void brokersThatAreKilledAllAtOnceLoseNothing() {
        ReplicaGroup group = group(1, 2, 3);
        LeaderObserved first = group.awaitLeader(0);
        assertWritten(group.produce(ref(first), "a", "b"));
        for (int broker = 1; broker <= 3; broker++) {
            disk(broker).storage.kill();
            group.stop(broker);
        }
        start(group, 1, 2, 3);
        assertThat(group.readAll(ref(group.awaitLeader(first.term())))).containsExactly("a", "b");
    }

    @Test
    void aFollowerWhoseMachineLosesPowerGetsWhatItLostFromItsLeader() {
        ReplicaGroup group = group(1, 2, 3);
        LeaderObserved first = settledLeader(group);
        int leader = first.replica().brokerId();
        int follower = leader % 3 + 1;
        assertWritten(group.produce(ref(first), "a", "b"));
        awaitCaughtUp(group, follower, leader);
        losePower(group, follower);
        start(group, follower);
        awaitCaughtUp(group, follower, leader);
        assertThat(group.status(leader).term()).isEqualTo(first.term());
        assertWritten(group.produce(ref(first), "c"));
        awaitCaughtUp(group, follower, leader);
    }

    @Test
    void whenAllMachinesLosePowerWhatWasForcedIsLeftAndTheGroupGoesOn() {
        ReplicaGroup group = group(1, 2, 3);
        LeaderObserved first = settledLeader(group);
        String large = "x".repeat(10_000);
        assertWritten(group.produce(ref(first), large));
        assertWritten(group.produce(ref(first), large)); // for this one, a segment of its own
        for (int broker = 1; broker <= 3; broker++) {
            awaitCaughtUp(group, broker, first.replica().brokerId());
        }
        losePower(group, 1, 2, 3);
        start(group, 1, 2, 3);
        LeaderObserved second = group.awaitLeader(first.term());
        assertThat(group.readAll(ref(second))).containsExactly(large);
        assertWritten(group.produce(ref(second), "new"));
        assertThat(group.readAll(ref(second))).containsExactly(large, "new");
    }

    @Test
    void whatWasSavedOfProducersWhoseBatchesAreLostIsForgotten() {
        ReplicaGroup group = group(1);
        LeaderObserved first = group.awaitLeader(0);
        assertWritten(group.produceAs(ref(first), 7, 0, 0, "x".repeat(5_000)));
        awaitSavedProducers(1);
        losePower(group, 1);
        start(group, 1);
        LeaderObserved second = group.awaitLeader(first.term());
        assertThat(group.readAll(ref(second))).isEmpty();
        assertWritten(group.produceAs(ref(second), 8, 0, 0, "a"));
        assertWritten(group.produceAs(ref(second), 8, 0, 1, "b"));
        group.stop(1);
        group.start(1);
        LeaderObserved third = group.awaitLeader(second.term());
        assertDuplicate(group.produceAs(ref(third), 8, 0, 0, "a"));
        assertWritten(group.produceAs(ref(third), 7, 0, 0, "x".repeat(5_000)));
    }

    @Test
    void aReplicaThatKnowsBetterThanAMajorityStopsAndFollowsOnlyAfterARestart() {
        ReplicaGroup group = group(1, 2, 3);
        LeaderObserved first = settledLeader(group);
        int leader = first.replica().brokerId();
        int knowing = leader % 3 + 1;
        int other = 6 - leader - knowing;
        assertWritten(group.produce(ref(first), "lost"));
        awaitCaughtUp(group, knowing, leader);
        await(() -> assertThat(group.status(knowing).highWatermark()).isOne());
        group.cutOff(knowing);
        losePower(group, leader, other);
        start(group, leader, other);
        LeaderObserved second = group.awaitLeader(first.term());
        assertWritten(group.produce(ref(second), "a"));
        group.reconnect(knowing);
        await(() -> {
            assertThat(group.status(knowing).state()).isEqualTo("FAILED");
            assertThat(group.status(knowing).problem()).contains("committed entry");
        });
        assertWritten(group.produce(ref(second), "b"));

        group.stop(knowing);
        group.start(knowing);
        awaitCaughtUp(group, knowing, second.replica().brokerId());
        assertThat(group.readAll(ref(second))).containsExactly("a", "b");
    }

    @Test
    void aReplicaThatLooksUpWhereItsLogEndsAfterACutSaysThatItRecovers() {
        ReplicaGroup group = group(1, 2, 3);
        LeaderObserved first = settledLeader(group);
        int leader = first.replica().brokerId();
        int kept = leader % 3 + 1;
        int other = 6 - leader - kept;
        assertWritten(group.produce(ref(first), "lost"));
        awaitCaughtUp(group, kept, leader);
        group.stop(kept);
        losePower(group, leader, other);
        start(group, leader, other);
        LeaderObserved second = group.awaitLeader(first.term());
        assertWritten(group.produce(ref(second), "a"));
        group.cutOff(kept);
        group.start(kept);
        await(() -> assertThat(group.status(kept).state()).isEqualTo("RUNNING"));

        disk(kept).hangReads();
        try {
            group.reconnect(kept);
            await(() -> assertThat(group.status(kept).state()).isEqualTo("RECOVERING"));
        } finally {
            disk(kept).goOn();
        }
        awaitCaughtUp(group, kept, second.replica().brokerId());
        assertThat(group.readAll(ref(second))).containsExactly("a");
    }

    /**
     * The one thing that costs more than the last moments: a majority that has lost records goes on without them, and who has them
     * gives them up.
     */
    @Test
    void aReplicaThatHasWhatAMajorityHasLostFollowsThatAndForgetsItsProducersToo() {
        ReplicaGroup group = group(1, 2, 3);
        LeaderObserved first = settledLeader(group);
        int leader = first.replica().brokerId();
        int kept = leader % 3 + 1;
        int other = 6 - leader - kept;
        assertWritten(group.produceAs(ref(first), 7, 0, 0, "x".repeat(5_000)));
        awaitCaughtUp(group, kept, leader);
        awaitSavedProducers(kept);
        group.stop(kept);
        losePower(group, leader, other);
        start(group, leader, other);
        LeaderObserved second = group.awaitLeader(first.term());
        assertWritten(group.produceAs(ref(second), 8, 0, 0, "a"));
        group.start(kept);
        awaitCaughtUp(group, kept, second.replica().brokerId());

        TestProbe<TransferOutcome> transferred = KIT.createTestProbe();
        group.raft(second.replica().brokerId())
                .tell(new RaftCommand.TransferLeadership(new NodeId(kept), transferred.getRef()));
        assertThat(transferred.receiveMessage(ReplicaGroup.PATIENCE)).isInstanceOf(TransferOutcome.HandedOver.class);
        LeaderObserved third = group.awaitLeader(second.term());
        assertThat(third.replica().brokerId()).isEqualTo(kept);
        assertThat(group.readAll(ref(third))).containsExactly("a");
        assertDuplicate(group.produceAs(ref(third), 8, 0, 0, "a"));
        assertWritten(group.produceAs(ref(third), 7, 0, 0, "x".repeat(5_000)));
    }
}
