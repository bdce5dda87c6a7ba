package io.millrace.partition.raft;

import static io.millrace.partition.raft.CoreOnBench.SELF;
import static io.millrace.partition.raft.CoreOnBench.messages;
import static io.millrace.partition.raft.CoreOnBench.node;
import static io.millrace.partition.raft.CoreOnBench.settledLeader;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A leader that hands over because another member can serve better. */
class RaftSuccessionTest {
    private static final long REST_MILLIS = 10_000;

    private final CoreOnBench bench = settledLeader(3, 1);

    /** Members 2 and 3 answer every 100 ms that they have everything; for so long, or until somebody is told to stand. */
    private List<Message.TimeoutNow> elapse(long millis, int... answering) {
        List<Message.TimeoutNow> told = new ArrayList<>();
        for (long passed = 0; passed < millis && told.isEmpty(); passed += 100) {
            told.addAll(messages(bench.elapse(100), Message.TimeoutNow.class));
            for (int member : answering) {
                told.addAll(messages(bench.allAccepted(member), Message.TimeoutNow.class));
            }
        }
        return told;
    }

    private void ownDiskHasEverything() {
        bench.allDurable();
    }

    @Test
    void whatTheOthersHaveCommittedIsNotOnTheOwnDiskAnElectionTimeoutLater() {
        elapse(REST_MILLIS, 2, 3);
        bench.propose(1);
        bench.allAccepted(2, 3);
        assertThat(bench.core.commitIndex()).isEqualTo(3);
        long since = bench.nowMillis();
        assertThat(elapse(5_000, 2, 3)).contains(new Message.TimeoutNow(SELF, node(2), 2));
        assertThat(bench.nowMillis() - since).isBetween(1_000L, 1_300L);
    }

    @Test
    void aDiskThatIsBehindAndKeepsMovingIsGoodEnough() {
        elapse(REST_MILLIS, 2, 3);
        bench.propose(1);
        bench.allAccepted(2, 3);
        for (int i = 0; i < 20; i++) {
            LogPosition all = bench.core.status().lastPosition();
            bench.propose(1);
            bench.allAccepted(2, 3);
            assertThat(elapse(400, 2, 3)).isEmpty();
            bench.durable(0, all); // and never the last one
        }
        assertThat(bench.role()).isEqualTo(Role.LEADER);
    }

    @Test
    void aProcessThatStoodStillDoesNotTakeItsDiskForSlow() {
        elapse(REST_MILLIS, 2, 3);
        bench.propose(1);
        bench.allAccepted(2, 3);
        elapse(100, 2, 3);
        assertThat(messages(bench.elapse(3_000), Message.TimeoutNow.class)).isEmpty();
        ownDiskHasEverything(); // this was waiting behind
        assertThat(elapse(3_000, 2, 3)).isEmpty();
    }

    @Test
    void whoHasJustBegunToLeadWaits() {
        assertThat(messages(bench.step(new Input.StepAside()), Message.TimeoutNow.class))
                .isEmpty();
        assertThat(elapse(REST_MILLIS, 2, 3)).isEmpty();
        assertThat(messages(bench.step(new Input.StepAside()), Message.TimeoutNow.class))
                .hasSize(1);
    }

    @Test
    void nobodyIsAskedWhoIsSilentOrLacksWhatIsCommitted() {
        elapse(REST_MILLIS, 2, 3);
        bench.propose(1);
        ownDiskHasEverything();
        bench.receiveAccepted(3, 3);
        assertThat(bench.core.commitIndex()).isEqualTo(3);
        for (int i = 0; i < 7; i++) {
            bench.elapse(100);
            bench.receiveAccepted(2, 2);
        }
        bench.step(new Input.StepAside());
        assertThat(bench.core.isTransferring()).isFalse();
        bench.receiveAccepted(2, 3);
        assertThat(messages(bench.step(new Input.StepAside()), Message.TimeoutNow.class))
                .containsExactly(new Message.TimeoutNow(SELF, node(2), 2));
    }

    @Test
    void whoWouldNotTakeOverIsNotAskedNextTimeAndNothingHappensInBetween() {
        elapse(REST_MILLIS, 2, 3);
        assertThat(messages(bench.step(new Input.StepAside()), Message.TimeoutNow.class))
                .containsExactly(new Message.TimeoutNow(SELF, node(2), 2));
        for (int i = 0; i < 10; i++) {
            bench.elapse(100);
            bench.allAccepted(2, 3);
        }
        assertThat(bench.core.isTransferring()).isFalse();
        assertThat(messages(bench.step(new Input.StepAside()), Message.TimeoutNow.class))
                .isEmpty();
        elapse(REST_MILLIS, 2, 3);
        assertThat(messages(bench.step(new Input.StepAside()), Message.TimeoutNow.class))
                .containsExactly(new Message.TimeoutNow(SELF, node(3), 2));
    }

    @Test
    void aSlowDiskCostsNoMoreThanOneLookAHeartbeatWhileNobodyCanTakeOver() {
        bench.propose(1);
        bench.receiveAccepted(2, 3);
        bench.receiveAccepted(3, 2);
        int looks = 0;
        for (long until = bench.nowMillis() + 3_000; bench.nowMillis() < until; looks++) {
            bench.timeOut();
            bench.receiveAccepted(2, 2);
            bench.receiveAccepted(3, 2);
        }
        assertThat(looks).isLessThan(70);
    }
}
