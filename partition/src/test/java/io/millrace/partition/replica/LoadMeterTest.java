package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Payload;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker can tell of the load of what it leads. */
class LoadMeterTest {
    private static ActorTestKit kit;

    @BeforeAll
    static void startSystem() {
        kit = ActorTestKit.create("load", ReplicaGroup.CONFIG);
    }

    @AfterAll
    static void stopSystem() {
        kit.shutdownTestKit();
    }

    private static Map<ReplicaId, LoadMeter> led(ReplicaGroup group) {
        Map<ReplicaId, LoadMeter> led = new HashMap<>();
        group.led().forEach(led::put);
        return led;
    }

    private static void await(Runnable condition) {
        kit.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            condition.run();
            return null;
        });
    }

    @Test
    void itCountsWhatPassesTheLeaderAndWhoLacksIt(@TempDir Path directory) {
        try (ReplicaGroup group = new ReplicaGroup(
                kit,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.PATIENT_RAFT,
                7_000,
                PartitionSettings.DEFAULT,
                1,
                2,
                3)) {
            LeaderObserved leader = group.awaitLeader(0);
            ActorRef<PartitionCommand> ref = leader.leaderRef().orElseThrow();
            Payload batch = ReplicaGroup.batch("one", "two");
            int bytes = batch.sizeBytes();
            assertThat(group.produce(ref, 2, batch)).isInstanceOf(PartitionReply.Produced.class);
            assertThat(group.readAll(ref)).hasSize(2);

            assertThat(led(group)).containsOnlyKeys(leader.replica());
            LoadMeter meter = Objects.requireNonNull(led(group).get(leader.replica()));
            assertThat(meter.bytesIn()).isEqualTo(bytes);
            assertThat(meter.bytesOut()).isEqualTo(bytes);
            assertThat(meter.requests()).isEqualTo(2);
            assertThat(meter.sizeBytes()).isGreaterThan(bytes);
            assertThat(meter.behind()).isZero();

            int away = leader.replica().brokerId() % 3 + 1;
            group.stop(away);
            await(() -> assertThat(meter.behind()).isEqualTo(1));
            group.start(away);
            await(() -> assertThat(meter.behind()).isZero());

            TestProbe<PartitionReply> asker = kit.createTestProbe();
            group.replica(leader.replica().brokerId())
                    .tell(new PartitionCommand.TransferLeadership(1, OptionalInt.of(away), asker.getRef()));
            asker.expectMessage(ReplicaGroup.PATIENCE, new PartitionReply.HandedOver(1, away));
            await(() -> assertThat(led(group)).containsOnlyKeys(group.id(away)));
        }
    }
}
