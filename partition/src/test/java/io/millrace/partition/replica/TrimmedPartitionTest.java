package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.FileStorage;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.PartitionReply.OffsetOutOfRange;
import io.millrace.partition.replica.PartitionReply.Produced;
import io.millrace.partition.state.DedupBounds;
import io.millrace.partition.state.DuplicateRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A partition whose first messages are gone. */
class TrimmedPartitionTest {
    private static final ActorTestKit KIT = ActorTestKit.create("trimmed", ReplicaGroup.CONFIG);
    private static final long PRODUCER = 7;
    private static final int BATCHES = 60;

    private final Path directory;

    TrimmedPartitionTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoLostItsLogLeadsAsIfItHadReadItFromTheBeginning(boolean byContent) throws IOException {
        try (ReplicaGroup group = new ReplicaGroup(
                KIT,
                broker -> Disk.in(directoryOf(broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.FAST,
                byContent ? 2 : 1,
                PartitionSettings.DEFAULT,
                LogSettings.DEFAULT.withSegmentBytes(1_000),
                Retention.FOREVER,
                byContent ? Optional.of(new DedupBounds(60_000, 1_000)) : Optional.empty(),
                1,
                2,
                3)) {
            LeaderObserved first = group.awaitLeader(0);
            ActorRef<PartitionCommand> leader = first.leaderRef().orElseThrow();
            for (int i = 0; i < BATCHES; i++) {
                assertThat(produce(group, leader, i)).isEqualTo(new Produced(i + 1, i, 1, false));
            }
            int leading = first.replica().brokerId();
            int lost = leading == 1 ? 2 : 1;
            group.stop(lost);
            SegmentedLog.delete(
                    FileStorage.in(directoryOf(lost).resolve(group.id(lost).group())));
            for (int broker : List.of(1, 2, 3)) {
                if (broker != lost) {
                    awaitTrimmed(group, broker);
                }
            }
            group.start(lost);
            KIT.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
                assertThat(group.status(lost).highWatermark()).isEqualTo(BATCHES);
                assertThat(group.raftStatus(lost).membership().isVoter(new NodeId(lost)))
                        .isTrue();
                return null;
            });

            TestProbe<TransferOutcome> outcome = KIT.createTestProbe();
            group.raft(leading).tell(new RaftCommand.TransferLeadership(new NodeId(lost), outcome.getRef()));
            outcome.expectMessage(ReplicaGroup.PATIENCE, new TransferOutcome.HandedOver());
            LeaderObserved second = group.awaitLeader(first.term());
            assertThat(second.replica().brokerId()).isEqualTo(lost);
            ActorRef<PartitionCommand> successor = second.leaderRef().orElseThrow();
            assertThat(produce(group, successor, BATCHES - 1)).satisfies(reply -> {
                assertThat(((Produced) reply).repeated()).isTrue();
                assertThat(((Produced) reply).baseOffset()).isEqualTo(BATCHES - 1);
            });
            assertThat(((Produced) produce(group, successor, BATCHES)).baseOffset())
                    .isEqualTo(BATCHES);
            if (byContent) {
                assertThat(((Produced) group.produce(successor, "new", "value 1", "value " + (BATCHES - 2)))
                                .duplicates())
                        .containsExactly(new DuplicateRecord(1, 1), new DuplicateRecord(2, BATCHES - 2));
            }
            OffsetOutOfRange gone = (OffsetOutOfRange) group.fetch(successor, 0, 1 << 20, 0);
            assertThat(gone.earliest()).isBetween(1L, BATCHES / 2L);
            assertThat(group.fetch(successor, gone.earliest(), 1 << 20, 0)).isInstanceOf(PartitionReply.Fetched.class);
        }
    }

    private Path directoryOf(int broker) {
        return directory.resolve("broker-" + broker);
    }

    private static PartitionReply produce(ReplicaGroup group, ActorRef<PartitionCommand> leader, int sequence) {
        return group.produceAs(leader, PRODUCER, 0, sequence, "value " + sequence);
    }

    private static void awaitTrimmed(ReplicaGroup group, int broker) {
        KIT.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            group.raft(broker).tell(new RaftCommand.Trim(BATCHES / 2));
            assertThat(group.raftStatus(broker).logStart().index()).isPositive();
            return null;
        });
    }
}
