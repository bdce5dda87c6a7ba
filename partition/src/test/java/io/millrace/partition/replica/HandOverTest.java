package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.millrace.partition.raft.RaftStatus;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A leader that is asked to hand over, in a group of real replicas. */
class HandOverTest {
    private static ActorTestKit kit;
    private static long topicId = 900;

    private ReplicaGroup group;
    private LeaderObserved leader;
    private int leading;

    @BeforeAll
    static void startSystem() {
        kit = ActorTestKit.create("hand-over", ReplicaGroup.CONFIG);
    }

    @AfterAll
    static void stopSystem() {
        kit.shutdownTestKit();
    }

    @BeforeEach
    void start(@TempDir Path directory) {
        topicId++;
        group = new ReplicaGroup(
                kit,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                ReplicaGroup.PATIENT_RAFT,
                topicId,
                PartitionSettings.DEFAULT,
                1,
                2,
                3);
        leader = group.awaitLeader(0);
        leading = leader.replica().brokerId();
        assertThat(group.produce(leader.leaderRef().orElseThrow(), "before"))
                .isInstanceOf(PartitionReply.Produced.class);
        // A majority has it; the third replica may have been started just now.
        kit.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            RaftStatus status = group.raftStatus(leading);
            assertThat(status.peers().values())
                    .allMatch(peer -> peer.matchIndex() == status.lastPosition().index());
            return status;
        });
    }

    @AfterEach
    void stop() {
        group.close();
    }

    private PartitionReply askToHandOver(int asked, OptionalInt target) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        group.replica(asked).tell(new PartitionCommand.TransferLeadership(7, target, probe.getRef()));
        return probe.receiveMessage(ReplicaGroup.PATIENCE);
    }

    private static int other(int broker) {
        return broker % 3 + 1;
    }

    @Test
    void leadershipGoesToTheBrokerNamedAndNothingIsLost() {
        int target = other(leading);
        assertThat(askToHandOver(leading, OptionalInt.of(target))).isEqualTo(new PartitionReply.HandedOver(7, target));

        LeaderObserved next = group.awaitLeader(leader.term());
        assertThat(next.replica().brokerId()).isEqualTo(target);
        assertThat(group.readAll(next.leaderRef().orElseThrow())).containsExactly("before");
    }

    @Test
    void withoutANameItGoesToWhoCanBeReached() {
        int away = other(leading);
        int left = other(away);
        group.cutOff(away);
        assertThat(askToHandOver(leading, OptionalInt.empty())).isEqualTo(new PartitionReply.HandedOver(7, left));
        assertThat(group.awaitLeader(leader.term()).replica().brokerId()).isEqualTo(left);
    }

    @Test
    void itIsToldWhyThereIsNobody() {
        int away = other(leading);
        group.cutOff(away);
        assertThat(askToHandOver(leading, OptionalInt.of(away)))
                .isEqualTo(new PartitionReply.NotHandedOver(7, TransferFailure.UNREACHABLE));
        assertThat(askToHandOver(leading, OptionalInt.of(9)))
                .isEqualTo(new PartitionReply.NotHandedOver(7, TransferFailure.NOT_A_VOTER));
        assertThat(askToHandOver(leading, OptionalInt.of(leading)))
                .isEqualTo(new PartitionReply.NotHandedOver(7, TransferFailure.LEADS_ALREADY));
        group.cutOff(other(away));
        assertThat(askToHandOver(leading, OptionalInt.empty()))
                .isEqualTo(new PartitionReply.NotHandedOver(7, TransferFailure.NOBODY));
    }

    @Test
    void whoDoesNotLeadSaysWhoDoes() {
        assertThat(askToHandOver(other(leading), OptionalInt.empty()))
                .isEqualTo(new PartitionReply.NotLeader(7, OptionalInt.of(leading)));
    }
}
