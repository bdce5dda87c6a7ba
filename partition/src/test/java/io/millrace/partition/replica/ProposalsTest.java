package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand.Produce;
import io.millrace.partition.replica.Proposals.Placed;
import io.millrace.partition.replica.Proposals.Proposal;
import io.millrace.partition.state.SequenceVerdict;
import io.millrace.partition.state.WriteHistory;
import io.millrace.partition.state.WriteVerdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What becomes of batches that are sent again, at each point of the first one's way. */
class ProposalsTest {
    private static final TestInbox<PartitionReply> ANYONE = TestInbox.create();
    private static final long PRODUCER = 7;

    private long nowNanos;
    private final List<Long> commitNanos = new ArrayList<>();
    private final Proposals proposals = new Proposals(
            new PartitionSettings(1 << 20, 1 << 20, 3, 1, 1 << 20, PartitionSettings.PRODUCER_EXPIRY_USUAL),
            () -> nowNanos,
            commitNanos::add);
    private final WriteHistory history = new WriteHistory(Optional.empty());
    private final List<String> answers = new ArrayList<>();
    private long requestId;
    private long nextOffset;
    private long index;

    private final Proposals.Sequencing sequencing = new Proposals.Sequencing() {
        @Override
        public WriteVerdict decide(Produce request, long nextOffset) {
            return history.propose(
                    ProducerBatches.of(request.batches()), request.recordCount(), List.of(), nextOffset, 0);
        }

        @Override
        public void settled(Placed request) {
            answers.add(request.request().requestId() + " at once " + request.baseOffset());
        }

        @Override
        public void refused(Produce request, SequenceVerdict why) {
            answers.add(request.requestId() + " " + why);
        }
    };

    private void offer(int sequence, int records) {
        String[] values = new String[records];
        java.util.Arrays.fill(values, "x");
        Payload batch = ReplicaGroup.batchOf(PRODUCER, 0, sequence, values);
        assertThat(proposals.offer(new Produce(++requestId, batch, records, ANYONE.getRef())))
                .isTrue();
    }

    /** Proposes, if there is anything new. */
    private Optional<Proposal> propose() {
        Optional<Proposal> proposal = proposals.next(nextOffset, 1, sequencing);
        proposal.ifPresent(made -> nextOffset = made.nextOffset());
        return proposal;
    }

    private void append(Proposal proposal) {
        proposals.appended(proposal.id(), ++index);
    }

    private void commitAll() {
        proposals.committed(index, this::answered);
    }

    private void answered(Placed placed) {
        answers.add(placed.request().requestId() + " at " + placed.baseOffset() + (placed.repeated() ? " again" : ""));
    }

    @Test
    void aRepetitionOfWhatIsOnItsWayIsAnsweredTogetherWithIt() {
        offer(0, 2);
        append(propose().orElseThrow());
        offer(2, 3);
        append(propose().orElseThrow());
        commitAll();
        answers.clear();

        offer(5, 1);
        append(propose().orElseThrow());
        offer(5, 1);
        assertThat(propose()).isEmpty();
        assertThat(answers).isEmpty();
        commitAll();
        assertThat(answers).containsExactly("3 at 5", "4 at 5 again");
    }

    @Test
    void aRepetitionInTheSameProposalIsLeftOutOfIt() {
        offer(0, 2);
        offer(0, 2);
        offer(2, 1);
        Proposal proposal = propose().orElseThrow();
        assertThat(proposal.nextOffset()).isEqualTo(3);
        assertThat(ReplicaGroup.records(proposal.payload())).hasSize(3);
        append(proposal);
        commitAll();
        assertThat(answers).containsExactly("1 at 0", "2 at 0 again", "3 at 2");
    }

    @Test
    void aRepetitionOfWhatIsCommittedIsAnsweredAtOnce() {
        offer(0, 2);
        append(propose().orElseThrow());
        commitAll();
        offer(2, 2);
        append(propose().orElseThrow());
        answers.clear();

        offer(0, 2); // while the other one is on its way
        assertThat(propose()).isEmpty();
        assertThat(answers).containsExactly("3 at once 0");
    }

    @Test
    void whatIsRefusedHoldsUpNothingBehindIt() {
        offer(0, 2);
        offer(5, 2);
        offer(2, 2);
        append(propose().orElseThrow());
        commitAll();
        assertThat(answers).containsExactly("1 at 0", "3 at 2");
        answers.clear();
        waitForTheEarlyInVain();
        assertThat(answers).containsExactly("2 " + new SequenceVerdict.OutOfOrder(4));
    }

    @Test
    void batchesThatOvertookEachOtherAreProposedInOrder() {
        offer(3, 1);
        offer(1, 2);
        assertThat(propose()).isEmpty();
        offer(4, 1);
        proposals.refuseEarly(sequencing); // none of them has waited for long
        offer(0, 1);
        offer(7, 1);
        Proposal proposal = propose().orElseThrow();
        assertThat(proposal.nextOffset()).isEqualTo(5);
        append(proposal);
        commitAll();
        assertThat(answers).containsExactly("4 at 0", "2 at 1", "1 at 3", "3 at 4");
        answers.clear();
        waitForTheEarlyInVain();
        assertThat(answers).containsExactly("5 " + new SequenceVerdict.OutOfOrder(5));
        assertThat(proposals.hasEarly()).isFalse();
    }

    @Test
    void whoeverWaitsWhenTheLeadershipEndsHearsOfIt() {
        offer(3, 1);
        propose();
        proposals.drainWaiting(request -> answers.add(request.requestId() + " not done"));
        assertThat(answers).containsExactly("1 not done");
        waitForTheEarlyInVain();
        assertThat(answers).hasSize(1);
    }

    private void waitForTheEarlyInVain() {
        proposals.refuseEarly(sequencing);
        proposals.refuseEarly(sequencing);
    }

    @Test
    void repetitionsShareTheFateOfALostProposal() {
        offer(0, 2);
        append(propose().orElseThrow());
        offer(0, 2);
        propose();
        offer(2, 2);
        Proposal refused = propose().orElseThrow();
        offer(2, 2);
        propose();
        proposals.abandonAppended(this::answered);
        assertThat(answers).containsExactly("1 at 0", "2 at 0 again");
        answers.clear();
        proposals.refused(refused.id(), this::answered);
        assertThat(answers).containsExactly("3 at 2", "4 at 2 again");
    }

    @Test
    void theCountersTellHowManyRequestsAndRecordsWereMerged() {
        assertThat(proposals.counters()).isEqualTo(ProposalCounters.NONE);
        offer(0, 2);
        append(propose().orElseThrow());
        offer(2, 3);
        offer(5, 4);
        offer(5, 4); // a repetition is answered, and not proposed
        append(propose().orElseThrow());

        assertThat(proposals.counters()).isEqualTo(new ProposalCounters(2, 3, 9));
    }

    @Test
    void eachProposalThatIsCommittedTellsHowLongThatTook() {
        offer(0, 1);
        append(propose().orElseThrow());
        nowNanos = 5;
        offer(1, 1);
        append(propose().orElseThrow());
        offer(2, 1);
        proposals.refused(propose().orElseThrow().id(), this::answered);
        nowNanos = 12;
        commitAll();
        assertThat(commitNanos).containsExactly(12L, 7L);
    }

    @Test
    void whateverBecomesOfARequestItsRoomInTheQueueIsFreedOnce() {
        Proposals small = new Proposals(
                new PartitionSettings(1, 1 << 20, 2, 1, 1 << 20, PartitionSettings.PRODUCER_EXPIRY_USUAL),
                () -> nowNanos,
                commitNanos::add);
        for (int round = 0; round < 3; round++) {
            Produce request = new Produce(++requestId, ReplicaGroup.batchOf(PRODUCER, 0, 9, "gap"), 1, ANYONE.getRef());
            assertThat(small.offer(request)).isTrue();
            assertThat(small.offer(request)).isFalse();
            small.next(0, 1, sequencing);
            small.refuseEarly(sequencing);
            small.refuseEarly(sequencing);
        }
        assertThat(answers).hasSize(3);
    }
}
