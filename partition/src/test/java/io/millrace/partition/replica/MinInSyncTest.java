package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A topic that takes records only while enough replicas are in sync. */
class MinInSyncTest {
    private static final ActorTestKit KIT = ActorTestKit.create("min-in-sync", ReplicaGroup.CONFIG);

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    @Test
    void recordsAreRefusedWhileAReplicaIsMissingThatTheTopicAsksFor(@TempDir Path directory) {
        try (ReplicaGroup group = new ReplicaGroup(
                KIT,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.PATIENT_RAFT,
                11_000,
                PartitionSettings.DEFAULT,
                1,
                2,
                3)) {
            LeaderObserved leader = group.awaitLeader(0);
            ActorRef<PartitionCommand> ref = leader.leaderRef().orElseThrow();
            setMinInSync(group, leader, 3);
            assertThat(group.produce(ref, "all are there")).isInstanceOf(PartitionReply.Produced.class);

            int away = leader.replica().brokerId() % 3 + 1;
            group.stop(away);
            awaitAnswer(group, ref, PartitionReply.NotEnoughReplicas.class);
            var refused = (PartitionReply.NotEnoughReplicas) group.produce(ref, "one is not");
            assertThat(refused.inSync()).isEqualTo(2);
            assertThat(refused.required()).isEqualTo(3);
            setMinInSync(group, leader, 2);
            assertThat(group.produce(ref, "two do")).isInstanceOf(PartitionReply.Produced.class);
            setMinInSync(group, leader, 3);
            assertThat(group.produce(ref, "not any more")).isInstanceOf(PartitionReply.NotEnoughReplicas.class);

            group.start(away);
            awaitAnswer(group, ref, PartitionReply.Produced.class);
            assertThat(group.readAll(ref))
                    .contains("all are there", "two do")
                    .doesNotContain("one is not", "not any more");
        }
    }

    private static void setMinInSync(ReplicaGroup group, LeaderObserved leader, int replicas) {
        group.reconfigureMinInSync(replicas);
        group.status(leader.replica().brokerId()); // its answer says that what was told before has arrived
    }

    private static void awaitAnswer(
            ReplicaGroup group, ActorRef<PartitionCommand> leader, Class<? extends PartitionReply> kind) {
        TestProbe<Void> probe = KIT.createTestProbe();
        probe.awaitAssert(ReplicaGroup.PATIENCE, () -> {
            assertThat(group.produce(leader, "meanwhile")).isInstanceOf(kind);
            return null;
        });
    }
}
