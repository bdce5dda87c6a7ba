package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.replica.PartitionReply.Produced;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas that move to other brokers (decision 018). */
class RelocationOfPartitionTest {
    private static ActorTestKit kit;
    private static long lastTopicId;

    private final Path directory;
    private final TestProbe<ReplicaMessage.Relocated> relocated;

    RelocationOfPartitionTest(@TempDir Path directory) {
        this.directory = directory;
        this.relocated = kit.createTestProbe();
    }

    @BeforeAll
    static void startSystem() {
        kit = ActorTestKit.create("relocations", ReplicaGroup.CONFIG);
    }

    @AfterAll
    static void stopSystem() {
        kit.shutdownTestKit();
    }

    private ReplicaGroup group(Integer... brokers) {
        return new ReplicaGroup(
                kit,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.PATIENT_RAFT,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                brokers);
    }

    private ReplicaMessage.Relocated awaitRelocated() {
        return relocated.receiveMessage(ReplicaGroup.PATIENCE);
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    /** Of what is held back, and how much is sent. */
    private static final class Counted implements ReplicaMetrics {
        final AtomicLong bytes = new AtomicLong();
        final AtomicLong waitedMillis = new AtomicLong();

        @Override
        public void caughtUpBy(int sizeBytes) {
            bytes.addAndGet(sizeBytes);
        }

        @Override
        public void throttled(long millis) {
            waitedMillis.addAndGet(millis);
        }
    }

    @Test
    void whoCatchesUpIsHeldBackAndWhoVotesNever() {
        Counted counted = new Counted();
        long bytesPerSecond = 5 << 20;
        try (ReplicaGroup group = group(1, 2)) {
            LeaderObserved before = group.awaitLeader(0);
            group.stop(1);
            group.stop(2);
            group.metrics = counted;
            group.throttle = new MoveThrottle(() -> bytesPerSecond);
            group.start(1);
            group.start(2);
            LeaderObserved leader = group.awaitLeader(before.term());
            String large = "x".repeat(1 << 18);
            int records = 24;
            for (int i = 0; i < records; i++) {
                assertThat(group.produce(ref(leader), large)).isInstanceOf(Produced.class);
            }
            assertThat(counted.bytes).as("followers").hasValue(0);

            long beganNanos = System.nanoTime();
            group.start(3);
            group.relocate(7, Set.of(1, 2, 3), relocated.getRef());
            assertThat(awaitRelocated().index()).isEqualTo(7);
            long tookMillis = (System.nanoTime() - beganNanos) / 1_000_000;

            long least = (long) records * (1 << 18);
            assertThat(counted.bytes.get()).isGreaterThanOrEqualTo(least);
            assertThat(counted.waitedMillis.get()).isPositive();
            // But the first message, which is sent at once, and what was saved.
            assertThat(tookMillis).isGreaterThan(1_000 * (least - (2 << 20)) / bytesPerSecond - 100);
            long afterwards = counted.bytes.get();
            assertThat(group.produce(ref(leader), large)).isInstanceOf(Produced.class);
            assertThat(counted.bytes).as("it votes").hasValue(afterwards);
        }
    }

    @Test
    void allReplicasMoveToOtherBrokersAndTheRecordsWithThem() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved first = group.awaitLeader(0);
            group.produce(ref(first), "a", "b", "c");
            for (int broker = 4; broker <= 6; broker++) {
                group.start(broker);
            }

            group.relocate(7, Set.of(4, 5, 6), relocated.getRef());

            ReplicaMessage.Relocated done = awaitRelocated();
            LeaderObserved last = group.awaitLeader(first.term());
            while (!last.replica().equals(done.replica())) { // one that had to go as well
                last = group.awaitLeader(last.term());
            }
            assertThat(done.index()).isEqualTo(7);
            assertThat(done.replica().brokerId()).isBetween(4, 6);
            for (int broker = 1; broker <= 3; broker++) {
                group.replica(broker).tell(ReplicaMessage.Delete.INSTANCE);
            }
            assertThat(group.readAll(ref(last))).containsExactly("a", "b", "c");
            assertThat(((Produced) group.produce(ref(last), "d")).baseOffset()).isEqualTo(3);

            // They know who they are without anybody who founded the group.
            for (int broker = 4; broker <= 6; broker++) {
                group.stop(broker);
            }
            for (int broker = 4; broker <= 6; broker++) {
                group.start(broker);
            }
            LeaderObserved again = group.awaitLeader(last.term());
            assertThat(again.replica().brokerId()).isBetween(4, 6);
            assertThat(group.readAll(ref(again))).containsExactly("a", "b", "c", "d");
        }
    }

    @Test
    void aReplicaComesBackToABrokerThatHadDeletedIt() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            group.produce(ref(group.awaitLeader(0)), "a");
            group.relocate(7, Set.of(1, 2), relocated.getRef());
            assertThat(awaitRelocated().index()).isEqualTo(7);
            TestProbe<Object> watcher = kit.createTestProbe();
            group.replica(3).tell(ReplicaMessage.Delete.INSTANCE);
            watcher.expectTerminated(group.replica(3), ReplicaGroup.PATIENCE);

            group.start(3);
            group.relocate(8, Set.of(1, 2, 3), relocated.getRef());

            assertThat(awaitRelocated().index()).isEqualTo(8);
            assertThat(group.status(3).lastIndex()).isPositive();
        }
    }

    @Test
    void whoIsToldAgainOfWhatIsDoneSaysSoAgainAndNotOfWhatIsOld() {
        try (ReplicaGroup group = group(7)) {
            LeaderObserved leader = group.awaitLeader(0);
            group.relocate(4, Set.of(7), relocated.getRef());
            assertThat(awaitRelocated()).isEqualTo(new ReplicaMessage.Relocated(leader.replica(), 4));
            group.relocate(3, Set.of(7), relocated.getRef());
            group.relocate(5, Set.of(7), relocated.getRef());
            assertThat(awaitRelocated().index()).isEqualTo(5);
        }
    }
}
