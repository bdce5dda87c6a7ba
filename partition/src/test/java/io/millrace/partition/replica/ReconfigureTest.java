package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.eventstream.EventStream;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.replica.PartitionReply.Produced;
import io.millrace.partition.state.DedupBounds;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.protocol.FlushPolicy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The settings of a topic change while its partitions are in use. */
class ReconfigureTest {
    private static final ActorTestKit KIT = ActorTestKit.create("reconfigured", ReplicaGroup.CONFIG);
    private static final Optional<DedupBounds> NO_DEDUP = Optional.empty();

    private static long lastTopicId = 9_000;

    private final TestDisk disk = new TestDisk();
    private final ReplicaGroup group = new ReplicaGroup(
            KIT,
            broker -> disk,
            ReplicaGroup.FAST,
            ++lastTopicId,
            PartitionSettings.DEFAULT,
            LogSettings.DEFAULT.withFlush(FlushPolicy.OS).withSegmentBytes(4 << 10),
            1);

    @AfterEach
    void stop() {
        group.close();
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    private LeaderObserved afterPowerLoss(LeaderObserved before) {
        disk.storage.crash(LogWriterTest.nothingSurvives());
        group.stop(1);
        group.start(1);
        return group.awaitLeader(before.term());
    }

    /** Its answer says that what was told before has arrived. */
    private void awaitTold() {
        group.status(1);
    }

    @Test
    void aSafeFlushPolicyCountsForWhatIsThereAlready() {
        LeaderObserved first = group.awaitLeader(0);
        assertThat(group.produce(ref(first), "before")).isInstanceOf(Produced.class);
        group.reconfigure(FlushPolicy.COMMIT, Retention.FOREVER, NO_DEDUP);
        awaitTold();
        assertThat(group.produce(ref(first), "after")).isInstanceOf(Produced.class);
        LeaderObserved second = afterPowerLoss(first);
        assertThat(group.readAll(ref(second))).containsExactly("before", "after");
    }

    @Test
    void aFastFlushPolicyWaitsForTheDiskNoMore() {
        LeaderObserved first = group.awaitLeader(0);
        group.reconfigure(FlushPolicy.COMMIT, Retention.FOREVER, NO_DEDUP);
        awaitTold();
        assertThat(group.produce(ref(first), "forced")).isInstanceOf(Produced.class);
        group.reconfigure(FlushPolicy.OS, Retention.FOREVER, NO_DEDUP);
        awaitTold();
        disk.hangForces();
        try {
            assertThat(group.produce(ref(first), "written")).isInstanceOf(Produced.class);
        } finally {
            disk.goOn();
        }
        LeaderObserved second = afterPowerLoss(first);
        assertThat(group.readAll(ref(second))).containsExactly("forced");
    }

    @Test
    void retentionBeginsAndEnds() {
        ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
        for (int i = 0; i < 10; i++) {
            group.produce(leader, "x".repeat(2_000));
        }
        Retention little = new Retention(Retention.UNLIMITED, 4_000);
        group.reconfigure(FlushPolicy.OS, little, NO_DEDUP);
        awaitTrimmedAt(0);
        long start = group.status(1).logStartOffset();

        group.reconfigure(FlushPolicy.OS, Retention.FOREVER, NO_DEDUP);
        awaitTold();
        for (int i = 0; i < 10; i++) {
            group.produce(leader, "x".repeat(2_000));
        }
        publishRound();
        // The round went through the same mailbox before this.
        assertThat(group.status(1).logStartOffset()).isEqualTo(start);

        group.reconfigure(FlushPolicy.OS, little, NO_DEDUP);
        awaitTrimmedAt(start);
    }

    private void awaitTrimmedAt(long before) {
        TestProbe<Void> probe = KIT.createTestProbe();
        probe.awaitAssert(ReplicaGroup.PATIENCE, () -> {
            publishRound();
            assertThat(group.status(1).logStartOffset()).isGreaterThan(before);
            return null;
        });
    }

    private static void publishRound() {
        KIT.system().eventStream().tell(new EventStream.Publish<>(new ReplicaMessage.ApplyRetention(1)));
    }

    @Test
    void recordsAreComparedByContentFromThenOn() {
        LeaderObserved first = group.awaitLeader(0);
        assertThat(group.produceAs(ref(first), 7, 0, 0, "a")).isInstanceOf(Produced.class);
        group.reconfigure(FlushPolicy.OS, Retention.FOREVER, Optional.of(new DedupBounds(60_000, 10_000)));
        LeaderObserved second = group.awaitLeader(first.term());
        // Nobody has noted the content of what was written before.
        assertThat(((Produced) group.produce(ref(second), "a", "b")).baseOffset())
                .isEqualTo(1);
        Produced again = (Produced) group.produce(ref(second), "b");
        assertThat(again.duplicates()).containsExactly(new DuplicateRecord(0, 2));
        Produced numbered = (Produced) group.produceAs(ref(second), 7, 0, 0, "a");
        assertThat(numbered.repeated()).isTrue();

        group.reconfigure(FlushPolicy.OS, Retention.FOREVER, NO_DEDUP);
        LeaderObserved third = group.awaitLeader(second.term());
        assertThat(((Produced) group.produce(ref(third), "b")).baseOffset()).isEqualTo(3);
        assertThat(group.readAll(ref(third))).isEqualTo(List.of("a", "a", "b", "b"));
    }
}
