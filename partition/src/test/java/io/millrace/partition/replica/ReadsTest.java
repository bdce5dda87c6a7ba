package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionReply.Fetched;
import io.millrace.partition.replica.PartitionReply.NotLeader;
import io.millrace.partition.replica.PartitionReply.OffsetOutOfRange;
import io.millrace.partition.replica.PartitionReply.Offsets;
import io.millrace.partition.replica.PartitionReply.Overloaded;
import io.millrace.partition.replica.PartitionReply.Produced;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads of replicas that do not lead, linearizable ones, and those that begin with a time. */
class ReadsTest {
    private static final ReadMode COMMITTED = new ReadMode(true, false);
    private static final ReadMode LINEARIZABLE = new ReadMode(true, true);

    private static ActorTestKit kit;
    private static long lastTopicId;

    private final Path directory;

    ReadsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeAll
    static void startSystem() {
        kit = ActorTestKit.create("reads", ReplicaGroup.CONFIG);
    }

    @AfterAll
    static void stopSystem() {
        kit.shutdownTestKit();
    }

    private ReplicaGroup group(PartitionSettings settings, Integer... brokers) {
        return new ReplicaGroup(kit, directory, ++lastTopicId, settings, brokers);
    }

    private ReplicaGroup group(Integer... brokers) {
        return group(PartitionSettings.DEFAULT, brokers);
    }

    /** One that knows its leader: until then it refuses what waits there, and a majority elects without it. */
    private static int aFollowerOf(LeaderObserved leader, ReplicaGroup group) {
        int leading = leader.replica().brokerId();
        int follower = leading % 3 + 1;
        kit.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> assertThat(
                        group.status(follower).leader())
                .isEqualTo(leading));
        return follower;
    }

    private static ActorRef<PartitionCommand> ref(LeaderObserved leader) {
        return leader.leaderRef().orElseThrow();
    }

    private PartitionReply fetch(ActorRef<? super PartitionCommand> from, long offset, long waitMillis, ReadMode mode) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        from.tell(new PartitionCommand.Fetch(1, offset, 1 << 20, 1, waitMillis, mode, probe.getRef()));
        return probe.receiveMessage(ReplicaGroup.PATIENCE);
    }

    private Offsets offsets(ActorRef<? super PartitionCommand> from, long timestamp, ReadMode mode) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        from.tell(new PartitionCommand.GetOffsets(1, OptionalLong.of(timestamp), mode, probe.getRef()));
        return (Offsets) probe.receiveMessage(ReplicaGroup.PATIENCE);
    }

    @Test
    void aFollowerServesWhatItKnowsToBeCommittedAndOnlyToWhoAllowsIt() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            group.produce(ref(leader), "a", "b");
            ActorRef<ReplicaMessage> follower = group.replica(aFollowerOf(leader, group));
            Fetched fetched = (Fetched) fetch(follower, 0, 60_000, COMMITTED);
            assertThat(ReplicaGroup.records(fetched.batches())).hasSize(2);
            assertThat(fetched.highWatermark()).isEqualTo(2);
            assertThat(fetch(follower, 0, 0, ReadMode.LEADER)).isInstanceOf(NotLeader.class);
        }
    }

    @Test
    void aLongPollAtAFollowerIsWokenWhenItHearsOfTheCommit() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            group.produce(ref(leader), "a");
            ActorRef<ReplicaMessage> follower = group.replica(aFollowerOf(leader, group));
            fetch(follower, 0, 60_000, COMMITTED);
            TestProbe<PartitionReply> probe = kit.createTestProbe();
            follower.tell(new PartitionCommand.Fetch(7, 1, 1_000, 1, 60_000, COMMITTED, probe.getRef()));
            group.produce(ref(leader), "b");
            Fetched woken = (Fetched) probe.receiveMessage(ReplicaGroup.PATIENCE);
            assertThat(ReplicaGroup.records(woken.batches())).hasSize(1);
        }
    }

    /** Without it, a follower that has just started would send readers back to the beginning. */
    @Test
    void whatAFollowerDoesNotHaveItLeavesToTheLeader() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            group.produce(ref(leader), "a");
            int follower = aFollowerOf(leader, group);
            fetch(group.replica(follower), 0, 60_000, COMMITTED);
            NotLeader left = (NotLeader) fetch(group.replica(follower), 99, 60_000, COMMITTED);
            assertThat(left.leader()).hasValue(leader.replica().brokerId());
            assertThat(fetch(ref(leader), 99, 0, COMMITTED)).isInstanceOf(OffsetOutOfRange.class);
        }
    }

    @Test
    void aLinearizableReadSeesWhatWasAcknowledgedBeforeIt() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            ActorRef<ReplicaMessage> follower = group.replica(aFollowerOf(leader, group));
            kit.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
                assertThat(fetch(follower, 0, 0, LINEARIZABLE)).isInstanceOf(Fetched.class);
                return null;
            });
            for (int i = 0; i < 50; i++) {
                group.produce(ref(leader), "v" + i);
                Fetched fetched = (Fetched) fetch(follower, i, 0, LINEARIZABLE);
                assertThat(fetched.highWatermark()).isEqualTo(i + 1);
                assertThat(offsets(follower, 0, LINEARIZABLE).highWatermark()).isEqualTo(i + 1);
                Fetched fromLeader = (Fetched) fetch(ref(leader), i, 0, new ReadMode(false, true));
                assertThat(fromLeader.highWatermark()).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void aFollowerThatIsCutOffServesWhatItHasButNothingLinearizable() {
        try (ReplicaGroup group = group(1, 2, 3)) {
            LeaderObserved leader = group.awaitLeader(0);
            group.produce(ref(leader), "a");
            int follower = aFollowerOf(leader, group);
            fetch(group.replica(follower), 0, 60_000, COMMITTED);
            group.cutOff(follower);
            group.produce(ref(leader), "b");
            assertThat(fetch(group.replica(follower), 0, 60_000, COMMITTED)).isInstanceOf(Fetched.class);
            assertThat(fetch(group.replica(follower), 0, 60_000, LINEARIZABLE)).isInstanceOf(NotLeader.class);
        }
    }

    @Test
    void anAbandonedFetchTakesNoRoomAmongThoseThatWait() {
        PartitionSettings one =
                new PartitionSettings(1 << 20, 1 << 20, 4, 1, 1 << 20, PartitionSettings.PRODUCER_EXPIRY_USUAL);
        try (ReplicaGroup group = group(one, 1)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            TestProbe<PartitionReply> gone = kit.createTestProbe();
            leader.tell(new PartitionCommand.Fetch(1, 0, 1_000, 1, 60_000, gone.getRef()));
            assertThat(group.fetch(leader, 0, 1_000, 60_000)).isInstanceOf(Overloaded.class);

            leader.tell(new PartitionCommand.AbandonFetch(1, gone.getRef()));
            TestProbe<PartitionReply> stays = kit.createTestProbe();
            leader.tell(new PartitionCommand.Fetch(1, 0, 1_000, 1, 60_000, stays.getRef()));
            group.produce(leader, "a");
            assertThat(stays.receiveMessage(ReplicaGroup.PATIENCE)).isInstanceOf(Fetched.class);
            gone.expectNoMessage();
        }
    }

    @Test
    void theFirstRecordSinceATimeIsFoundWithinACompressedBatch() {
        try (ReplicaGroup group = group(1)) {
            ActorRef<PartitionCommand> leader = ref(group.awaitLeader(0));
            produce(leader, Compression.NONE, 100, 300, 200);
            produce(leader, Compression.LZ4, 150, 400, 350, 500);
            assertThat(offsets(leader, 0, ReadMode.LEADER).atTimestamp()).hasValue(new TimedOffset(0, 100));
            assertThat(offsets(leader, 101, ReadMode.LEADER).atTimestamp()).hasValue(new TimedOffset(1, 300));
            assertThat(offsets(leader, 301, ReadMode.LEADER).atTimestamp()).hasValue(new TimedOffset(4, 400));
            assertThat(offsets(leader, 500, ReadMode.LEADER).atTimestamp()).hasValue(new TimedOffset(6, 500));
            Offsets later = offsets(leader, 501, ReadMode.LEADER);
            assertThat(later).isEqualTo(new Offsets(1, 0, 7, Optional.empty()));
        }
    }

    private void produce(ActorRef<PartitionCommand> leader, Compression compression, long... timestamps) {
        RecordBatchBuilder builder = new RecordBatchBuilder(1 << 20);
        for (long timestamp : timestamps) {
            builder.tryAppend(timestamp, null, Bytes.utf8("at " + timestamp), List.of());
        }
        Bytes bytes = builder.build(compression);
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        Payload payload = Payload.wrap(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size());
        leader.tell(new PartitionCommand.Produce(1, payload, timestamps.length, probe.getRef()));
        assertThat(probe.receiveMessage(ReplicaGroup.PATIENCE)).isInstanceOf(Produced.class);
    }
}
