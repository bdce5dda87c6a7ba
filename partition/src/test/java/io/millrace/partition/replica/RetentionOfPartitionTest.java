package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.replica.PartitionReply.OffsetOutOfRange;
import io.millrace.partition.replica.PartitionReply.Produced;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A partition that forgets. The records' time is one second after the beginning of time; the test says what time it is now. */
class RetentionOfPartitionTest {
    private static final ActorTestKit KIT = ActorTestKit.create("retention", ReplicaGroup.CONFIG);
    private static final List<Integer> BROKERS = List.of(1, 2, 3);
    private static final int RECORDS = 60;
    private static final int SEGMENT_BYTES = 1_000;
    private static final long TIMESTAMP = 1_000;
    private static final long KEPT_MILLIS = 10_000;

    private static long lastTopicId;

    private final Path directory;

    RetentionOfPartitionTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private ReplicaGroup group(Retention retention) {
        return new ReplicaGroup(
                KIT,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.PATIENT_RAFT,
                ++lastTopicId,
                PartitionSettings.DEFAULT,
                LogSettings.DEFAULT.withSegmentBytes(SEGMENT_BYTES),
                retention,
                1,
                2,
                3);
    }

    private static LeaderObserved leaderWithRecords(ReplicaGroup group) {
        LeaderObserved leader = group.awaitLeader(0);
        for (int i = 0; i < RECORDS; i++) {
            assertThat(group.produce(leader.leaderRef().orElseThrow(), "value " + i))
                    .isInstanceOf(Produced.class);
        }
        return leader;
    }

    private static void await(Runnable assertion) {
        KIT.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            assertion.run();
            return null;
        });
    }

    private static void applyRetention(ReplicaGroup group, int broker, long nowMillis) {
        group.replica(broker).tell(new ReplicaMessage.ApplyRetention(nowMillis));
    }

    @Test
    void oldRecordsGoOnEveryReplicaEvenTheLastOnes() {
        try (ReplicaGroup group = group(new Retention(KEPT_MILLIS, Retention.UNLIMITED))) {
            LeaderObserved leader = leaderWithRecords(group);
            int leading = leader.replica().brokerId();
            await(() -> {
                applyRetention(group, leading, TIMESTAMP + KEPT_MILLIS + 1);
                for (int broker : BROKERS) {
                    PartitionStatus status = group.status(broker);
                    assertThat(status.logStartOffset()).isEqualTo(RECORDS);
                    assertThat(status.highWatermark()).isEqualTo(RECORDS);
                    assertThat(status.sizeBytes()).isLessThan(2 * SEGMENT_BYTES);
                }
            });
            assertThat(group.fetch(leader.leaderRef().orElseThrow(), RECORDS - 1, 1 << 20, 0))
                    .isInstanceOfSatisfying(OffsetOutOfRange.class, gone -> assertThat(gone.earliest())
                            .isEqualTo(RECORDS));

            BROKERS.forEach(group::stop);
            BROKERS.forEach(group::start);
            LeaderObserved second = group.awaitLeader(leader.term());
            Produced next = (Produced) group.produce(second.leaderRef().orElseThrow(), "more");
            assertThat(next.baseOffset()).as("no offset is used again").isEqualTo(RECORDS);
            assertThat(group.readAll(second.leaderRef().orElseThrow(), RECORDS)).containsExactly("more");
        }
    }

    @Test
    void youngRecordsStayAndOnlyTheLeaderDecides() {
        try (ReplicaGroup group = group(new Retention(KEPT_MILLIS, Retention.UNLIMITED))) {
            LeaderObserved leader = leaderWithRecords(group);
            int leading = leader.replica().brokerId();
            long last = group.status(leading).lastIndex();
            applyRetention(group, leading, TIMESTAMP + KEPT_MILLIS);
            applyRetention(group, leading % 3 + 1, TIMESTAMP + KEPT_MILLIS + 1);
            assertThat(group.status(leading % 3 + 1).lastIndex()).isLessThanOrEqualTo(last);
            assertThat(group.status(leading).lastIndex())
                    .as("nothing was decided")
                    .isEqualTo(last);
            assertThat(group.readAll(leader.leaderRef().orElseThrow())).hasSize(RECORDS);
        }
    }

    @Test
    void whatIsNeededNoLongerGoesWhenItIsSaidInTheTermOfTheLeader() {
        try (ReplicaGroup group = group(Retention.FOREVER)) {
            LeaderObserved leader = leaderWithRecords(group);
            int leading = leader.replica().brokerId();
            ActorRef<PartitionCommand> ref = leader.leaderRef().orElseThrow();
            ref.tell(new PartitionCommand.TrimBefore(leader.term() - 1, RECORDS, TIMESTAMP));
            assertThat(group.status(leading).logStartOffset()).isEqualTo(0);
            await(() -> {
                ref.tell(new PartitionCommand.TrimBefore(leader.term(), RECORDS / 2, TIMESTAMP));
                for (int broker : BROKERS) {
                    assertThat(group.status(broker).logStartOffset()).isBetween(1L, RECORDS / 2L);
                }
            });
        }
    }

    @Test
    void whatIsTooMuchGoesOnEveryReplica() {
        try (ReplicaGroup group = group(new Retention(Retention.UNLIMITED, 3 * SEGMENT_BYTES))) {
            LeaderObserved leader = leaderWithRecords(group);
            int leading = leader.replica().brokerId();
            assertThat(group.status(leading).sizeBytes()).isGreaterThan(5 * SEGMENT_BYTES);
            await(() -> {
                applyRetention(group, leading, TIMESTAMP);
                for (int broker : BROKERS) {
                    assertThat(group.status(broker).sizeBytes()).isBetween(3L * SEGMENT_BYTES, 5L * SEGMENT_BYTES);
                }
            });
            long earliest = group.status(leading).logStartOffset();
            assertThat(group.readAll(leader.leaderRef().orElseThrow(), earliest))
                    .hasSize((int) (RECORDS - earliest))
                    .endsWith("value " + (RECORDS - 1));
        }
    }
}
