package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.replica.PartitionReply.Produced;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

/** A partition of three whose disks fail, fill up or hang, one at a time. */
class StorageFaultTest {
    private static final ActorTestKit KIT = ActorTestKit.create("faults", ReplicaGroup.CONFIG);
    /** Nobody stands for election only because this machine is busy. */
    private static final RaftSettings PATIENT = new RaftSettings(50, 1_500, 3_000, 5, 1 << 20, 8 << 20, 64);

    private static long lastTopicId;

    private final Map<Integer, TestDisk> disks = new ConcurrentHashMap<>();
    private final ReplicaGroup group = new ReplicaGroup(
            KIT,
            broker -> disks.computeIfAbsent(broker, b -> new TestDisk()),
            PATIENT,
            ++lastTopicId,
            PartitionSettings.DEFAULT,
            1,
            2,
            3);
    private final LeaderObserved first = group.awaitLeader(0);
    private final int leader = first.replica().brokerId();
    private final int follower = leader % 3 + 1;

    @AfterEach
    void stop() {
        group.close();
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    private TestDisk disk(int broker) {
        return Objects.requireNonNull(disks.get(broker));
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    private void await(Runnable assertion) {
        KIT.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            assertion.run();
            return null;
        });
    }

    private void awaitFailed(int broker, String problem) {
        await(() -> {
            assertThat(group.status(broker).state()).isEqualTo("FAILED");
            assertThat(group.status(broker).problem()).contains(problem);
        });
    }

    private void awaitCaughtUp(int broker) {
        await(() -> {
            assertThat(group.status(broker).state()).isEqualTo("RUNNING");
            assertThat(group.status(broker).durableIndex())
                    .isEqualTo(group.status(leader).lastIndex());
        });
    }

    private void produceSome() {
        assertThat(group.produce(ref(first), "a", "b")).isInstanceOf(Produced.class);
    }

    @Test
    void aLeaderWhoseForceFailsStopsSaysSoOnceAndIsReplaced() {
        produceSome();
        LoggingTestKit.empty().withLogLevel(Level.ERROR).withOccurrences(1).expect(KIT.system(), () -> {
            disk(leader).storage.failForceAfter(0);
            group.produce(
                    ref(first), "c"); // whatever comes of it: the others may have committed it before the disk failed
            awaitFailed(leader, "cannot force the log to disk: Input/output error");
            return null;
        });
        LeaderObserved second = group.awaitLeader(first.term());
        assertThat(second.replica().brokerId()).isNotEqualTo(leader);
        assertThat(group.produce(ref(second), "d")).isInstanceOf(Produced.class);
        assertThat(group.readAll(ref(second))).startsWith("a", "b").endsWith("d");
        assertThat(group.produce(group.replica(leader), "e")).isInstanceOf(PartitionReply.ReplicaFailed.class);
        assertThat(group.fetch(group.replica(leader), 0, 1_000, 0)).isInstanceOf(PartitionReply.ReplicaFailed.class);
    }

    @Test
    void aReplicaThatCouldNotWriteTriesNothingMoreUntilItIsStartedAnew() {
        produceSome();
        awaitCaughtUp(follower);
        disk(follower).storage.failWriteAfter(0);
        produceSome();
        awaitFailed(follower, "cannot write to the log: Input/output error");
        int writes = disk(follower).storage.writes();
        int forces = disk(follower).storage.forces();
        produceSome();
        awaitFailed(follower, "cannot write to the log");
        assertThat(disk(follower).storage.writes()).isEqualTo(writes);
        assertThat(disk(follower).storage.forces()).isEqualTo(forces);

        group.stop(follower);
        group.start(follower);
        awaitCaughtUp(follower);
        assertThat(group.status(leader).term()).isEqualTo(first.term());
    }

    @Test
    void aReplicaThatRanOutOfSpaceHasKeptWhatItHadAndIsOpenedAgainWhenThereIsRoom() {
        produceSome();
        awaitCaughtUp(follower);
        disk(follower).space(DiskSpace.LOW);
        disk(follower).storage.limitTo(64 + 300);
        for (int i = 0; i < 4; i++) {
            assertThat(group.produce(ref(first), "x".repeat(50_000))).isInstanceOf(Produced.class);
        }
        awaitFailed(follower, "No space left on device");
        assertThat(group.produce(group.replica(follower), "c")).isInstanceOf(PartitionReply.DiskFull.class);
        disk(follower).storage.limitTo(Long.MAX_VALUE);
        LoggingTestKit.info("is opened again").withOccurrences(1).expect(KIT.system(), () -> {
            assertThat(group.status(follower).state())
                    .as("until the reserve is there again")
                    .isEqualTo("FAILED");
            disk(follower).space(DiskSpace.AMPLE);
            awaitCaughtUp(follower);
            return null;
        });
        assertThat(group.status(leader).term()).isEqualTo(first.term());
    }

    @Test
    void soIsALeaderAndAnotherLeadsMeanwhile() {
        produceSome();
        disk(leader).storage.limitTo(64 + 300);
        group.produce(ref(first), "x".repeat(50_000));
        group.produce(ref(first), "x".repeat(50_000));
        LeaderObserved second = group.awaitLeader(first.term());
        assertThat(second.replica().brokerId()).isNotEqualTo(leader);
        assertThat(group.produce(ref(second), "c")).isInstanceOf(Produced.class);
        disk(leader).storage.limitTo(Long.MAX_VALUE);
        await(() -> {
            assertThat(group.status(leader).state()).isEqualTo("RUNNING");
            assertThat(group.status(leader).durableIndex())
                    .isEqualTo(group.status(second.replica().brokerId()).lastIndex());
        });
        assertThat(group.readAll(ref(second))).startsWith("a", "b").endsWith("c");
    }

    @Test
    void aLeaderWithoutRoomRefusesRecordsAndServesTheOnesItHasUntilThereIsRoomAgain() {
        produceSome();
        disk(leader).space(DiskSpace.LOW);
        assertThat(group.produce(ref(first), "c")).isInstanceOf(PartitionReply.DiskFull.class);
        assertThat(group.readAll(ref(first))).containsExactly("a", "b");
        disk(leader).space(DiskSpace.AMPLE);
        assertThat(group.produce(ref(first), "c")).isInstanceOf(Produced.class);
        assertThat(group.readAll(ref(first))).containsExactly("a", "b", "c");
    }

    @Test
    void aFollowerWithoutRoomWritesNothingAndHindersNobodyUntilThereIsRoomAgain() {
        produceSome();
        awaitCaughtUp(follower);
        int writes = disk(follower).storage.writes();
        disk(follower).space(DiskSpace.EXHAUSTED);
        for (int i = 0; i < 200; i++) { // more than its leader's window, in messages
            produceSome();
        }
        PartitionStatus full = group.status(follower);
        assertThat(full.leader()).isEqualTo(leader);
        assertThat(full.lastIndex()).isLessThan(group.status(leader).lastIndex());
        assertThat(disk(follower).storage.writes()).isEqualTo(writes);
        await(() -> assertThat(group.status(leader).peers())
                .anySatisfy(peer -> assertThat(peer.brokerId() == follower && peer.awaitedMillis() < 100)
                        .isTrue()));

        disk(follower).space(DiskSpace.AMPLE);
        awaitCaughtUp(follower);
        assertThat(group.status(leader).term()).isEqualTo(first.term());
    }

    @Test
    void aFollowerWithoutRoomDoesNotGiveUpItsLeader() {
        IntStream.rangeClosed(1, 3).forEach(broker -> disk(broker).space(DiskSpace.EXHAUSTED));
        assertThat(group.produce(ref(first), "a")).isInstanceOf(PartitionReply.DiskFull.class);
        await(() -> assertThat(group.status(leader).commitIndex()).isPositive());
        assertThat(group.readAll(ref(first))).isEmpty();
        assertThat(group.status(follower).term()).isEqualTo(first.term());
    }

    private void flipSomethingInTheFirstRecordOf(int broker) {
        var storage = disk(broker).storage;
        String segment = storage.list().stream()
                .filter(name -> name.endsWith(".log"))
                .findFirst()
                .orElseThrow();
        storage.flipBit(segment, 64 + 41 + 41 + 30, 3); // header, no-op, the next frame's header
    }

    /** Until it has been rebuilt so often, and has everything. */
    private void awaitRebuilt(int broker, int leading) {
        await(() -> {
            assertThat(disk(broker).setAsides()).isEqualTo(1);
            PartitionStatus status = group.status(broker);
            assertThat(status.state()).isEqualTo("RUNNING");
            assertThat(status.damage()).isNull();
            assertThat(status.durableIndex()).isEqualTo(group.status(leading).lastIndex());
            assertThat(group.status(leading).peers()).anyMatch(peer -> peer.brokerId() == broker && peer.voter());
        });
    }

    private void scrubWhile(Runnable what) {
        var scrubber = KIT.spawn(Scrubber.create(group.openLogs(), 1 << 30, Duration.ofMillis(10)));
        what.run();
        KIT.stop(scrubber);
    }

    @Test
    void theScrubberFindsDamageAndTheReplicaIsRebuilt() {
        produceSome();
        awaitCaughtUp(follower);
        flipSomethingInTheFirstRecordOf(follower);
        LoggingTestKit.error("the checksum of the frame does not hold")
                .withOccurrences(1)
                .expect(KIT.system(), () -> {
                    scrubWhile(() -> awaitRebuilt(follower, leader));
                    return null;
                });
        assertThat(group.status(leader).term()).isEqualTo(first.term());
        produceSome();
        group.stop(leader);
        group.stop(6 - leader - follower);
        group.start(6 - leader - follower);
        LeaderObserved second = group.awaitLeader(first.term());
        assertThat(group.readAll(ref(second))).containsExactly("a", "b", "a", "b");
    }

    @Test
    void twoReplicasWithADamagedSectorEachAreRebuiltOneAfterTheOtherAndTheGroupGoesOn() {
        int other = 6 - leader - follower;
        produceSome();
        awaitCaughtUp(follower);
        awaitCaughtUp(other);
        flipSomethingInTheFirstRecordOf(follower);
        flipSomethingInTheFirstRecordOf(other);
        scrubWhile(() -> {
            for (int i = 0; i < 50; i++) {
                produceSome();
            }
            awaitRebuilt(follower, leader);
            awaitRebuilt(other, leader);
        });
        assertThat(group.status(leader).term()).isEqualTo(first.term());
        assertThat(group.readAll(ref(first))).hasSize(102);
    }

    @Test
    void aDamagedReplicaStaysAsLongAsAnotherIsAway() {
        int other = 6 - leader - follower;
        produceSome();
        awaitCaughtUp(follower);
        group.cutOff(other);
        await(() -> assertThat(group.status(leader).peers())
                .anyMatch(
                        peer -> peer.brokerId() == other && peer.awaitedMillis() > PATIENT.electionTimeoutMillisMin()));
        flipSomethingInTheFirstRecordOf(follower);
        scrubWhile(() -> await(() -> assertThat(group.status(follower).damage()).contains("entry 2")));
        for (int i = 0; i < 20; i++) {
            produceSome();
        }
        assertThat(disk(follower).setAsides()).isZero();
        group.reconnect(other);
        awaitRebuilt(follower, leader);
    }

    @Test
    void whoReadsADamagedRecordHearsOfItAndAnotherLeads() {
        produceSome();
        assertThat(group.produce(ref(first), "x".repeat(900_000))).isInstanceOf(Produced.class);
        assertThat(group.produce(ref(first), "y".repeat(900_000)))
                .isInstanceOf(Produced.class); // the first is not cached
        flipSomethingInTheFirstRecordOf(leader);
        await(() -> assertThat(group.fetch(ref(first), 0, 100, 0)).isInstanceOf(PartitionReply.ReplicaFailed.class));
        LeaderObserved second = group.awaitLeader(first.term());
        assertThat(second.term()).as("it has handed over").isEqualTo(first.term() + 1);
        assertThat(group.fetch(ref(second), 0, 100, 0)).isInstanceOf(PartitionReply.Fetched.class);
        awaitRebuilt(leader, second.replica().brokerId());
    }

    @Test
    void aLeaderWithoutRoomHandsOverToOneThatHasSome() {
        Map<Integer, TestDisk> theirs = new ConcurrentHashMap<>();
        try (ReplicaGroup impatient = new ReplicaGroup(
                KIT,
                broker -> theirs.computeIfAbsent(broker, b -> new TestDisk()),
                ReplicaGroup.FAST,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                1,
                2,
                3)) {
            LeaderObserved full = impatient.awaitLeader(0);
            int withRoom = full.replica().brokerId() % 3 + 1;
            theirs.forEach((broker, disk) -> disk.space(broker == withRoom ? DiskSpace.AMPLE : DiskSpace.LOW));
            await(() -> {
                IntStream.rangeClosed(1, 3).filter(broker -> broker != withRoom).forEach(broker -> assertThat(
                                impatient.produce(impatient.replica(broker), "a"))
                        .isNotInstanceOf(Produced.class));
                assertThat(impatient.produce(impatient.replica(withRoom), "b")).isInstanceOf(Produced.class);
            });
        }
    }

    @Test
    void aFollowerWhoseDiskHangsDelaysNobody() {
        produceSome();
        awaitCaughtUp(follower);
        TestDisk slow = disk(follower);
        slow.hang();
        try {
            for (int i = 0; i < 200; i++) {
                produceSome();
            }
            await(() -> assertThat(slow.waiting()).isPositive());
            assertThat(group.status(follower).durableIndex())
                    .isLessThan(group.status(leader).commitIndex());
        } finally {
            slow.goOn();
        }
        awaitCaughtUp(follower);
        assertThat(group.status(leader).term()).isEqualTo(first.term());
    }
}
