package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.at;
import static io.millrace.partition.raft.CoreOnBench.follower;
import static io.millrace.partition.raft.CoreOnBench.leader;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static io.millrace.partition.raft.CoreOnBench.voters;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Membership.Standing;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a leader does about the members that its group shall have (decision 018). */
class RaftRelocationTest {
    private static Input target(int... ids) {
        TreeSet<NodeId> target = new TreeSet<>();
        for (int id : ids) {
            target.add(node(id));
        }
        return new Input.Target(target);
    }

    @Test
    void itTakesOneStepAfterTheOtherAsEachIsCommitted() {
        CoreOnBench bench = settledLeader(3, 1);
        bench.step(target(1, 2, 4));
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 3).with(node(4), Standing.LEARNER, 0));
        bench.allDurable();
        bench.allAccepted(2, 3);
        assertThat(bench.membership()).as("the learner has nothing yet").hasToString("1, 2, 3, 4 learner");
        bench.allAccepted(4);
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 3, 4));
        bench.allDurable();
        bench.allAccepted(2, 4);
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 4));
        assertThat(bench.core.isMembershipSettled()).isFalse();
        bench.allDurable();
        bench.allAccepted(2, 4);
        assertThat(bench.core.isMembershipSettled()).isTrue();
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 4));
    }

    @Test
    void aLeaderThatShallNotBeAMemberHandsOver() {
        CoreOnBench bench = settledLeader(3, 1);
        bench.step(target(2, 3));
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 3));
        assertThat(messages(bench.allAccepted(2), Message.TimeoutNow.class))
                .extracting(Message::to)
                .containsExactly(node(2));
        assertThat(bench.core.isTransferring()).isTrue();
    }

    @Test
    void ifThatFailsItTriesAnotherButNotAtOnce() {
        CoreOnBench bench = settledLeader(3, 1);
        bench.step(target(2, 3));
        bench.allAccepted(2, 3);
        while (bench.core.isTransferring()) {
            bench.timeOut();
            bench.allAccepted(2, 3);
        }
        bench.allAccepted(2, 3);
        assertThat(bench.core.isTransferring()).isFalse();
        for (int i = 0; i < 10 && !bench.core.isTransferring(); i++) {
            bench.elapse(CoreOnBench.SETTINGS.electionTimeoutMillisMax() / 5);
            bench.allAccepted(2, 3);
        }
        assertThat(bench.core.isTransferring()).isTrue();
    }

    @Test
    void whatWasSaidToAFollowerCountsWhenItLeads() {
        CoreOnBench bench = follower(3, 1);
        bench.step(target(1, 2, 3, 4));
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 3));
        bench.winElection();
        bench.allDurable();
        bench.allAccepted(2);
        assertThat(bench.membership()).hasToString("1, 2, 3, 4 learner");
    }

    @Test
    void nothingIsBegunBeforeAnEntryOfTheTermIsCommitted() {
        CoreOnBench bench = leader(3, 1);
        bench.step(target(1, 2, 4));
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 3));
    }

    @Test
    void aGroupWakesForItAndSleepsWhenItIsDone() {
        RaftSettings settings = CoreOnBench.SETTINGS.withQuiesceAfterMillis(100);
        CoreOnBench bench = leader(1, settings, 1);
        bench.allDurable();
        while (!bench.core.isAsleep()) {
            bench.elapse(100);
        }
        sendAll(bench, bench.step(target(1, 2)));
        assertThat(bench.core.isAsleep()).isFalse();
        for (int i = 0; i < 10; i++) {
            sendAll(bench, bench.elapse(100));
            sendAll(bench, bench.allDurable());
            sendAll(bench, bench.allAccepted(2));
        }
        assertThat(bench.membership()).isEqualTo(voters(1, 2));
        assertThat(bench.core.isAsleep()).isTrue();
    }

    /** What is asked for is read. */
    private static void sendAll(CoreOnBench bench, Output output) {
        output.replicate().forEach(asked -> sendAll(bench, bench.sent(asked, asked.lastIndex(), 1)));
    }

    @Test
    void aGroupThatWaitsForAMemberDoesNotSleep() {
        RaftSettings settings = CoreOnBench.SETTINGS.withQuiesceAfterMillis(100);
        CoreOnBench bench = leader(1, settings, 1);
        bench.allDurable();
        bench.step(target(1, 2));
        bench.allDurable();
        for (int i = 0; i < 50; i++) {
            bench.elapse(100);
        }
        assertThat(bench.core.isAsleep()).isFalse();
        assertThat(bench.membership()).hasToString("1, 2 learner");
    }

    @Test
    void aLearnerOfAnEarlierTargetGoes() {
        CoreOnBench bench = settledLeader(3, 1);
        bench.step(target(1, 2, 4));
        bench.allDurable();
        bench.allAccepted(2, 3);
        bench.step(target(1, 2, 3));
        assertThat(bench.membership()).isEqualTo(voters(1, 2, 3));
    }

    @Test
    void withoutATargetThingsStayAsTheyAre() {
        CoreOnBench bench = settledLeader(3, 1);
        bench.step(target(1, 2, 4));
        bench.step(new Input.Target(Set.of()));
        bench.allDurable();
        bench.allAccepted(2, 3, 4);
        bench.elapse(100);
        bench.allAccepted(2, 3, 4);
        assertThat(bench.membership()).hasToString("1, 2, 3, 4 learner");
        assertThat(bench.core.status().lastPosition()).isEqualTo(at(3, 2));
    }
}
