package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand.Produce;
import io.millrace.partition.replica.Proposals.Placed;
import io.millrace.partition.replica.Proposals.Proposal;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.SequenceVerdict;
import io.millrace.partition.state.WriteVerdict;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a replica does for those who write: it proposes what they send while it leads, and tells them what has become of it. */
final class Writes {
    /** So long, and up to twice as long, a batch waits for one before it that it has overtaken on the way. */
    private static final Duration EARLY_ROUND = Duration.ofMillis(50);

    /** Of a decision of this replica, which nobody waits for. */
    static final long NO_PROPOSAL = -1;

    /** The replica that is written to, as it stands at the time of each call. */
    interface Replica {
        /** Why it has ended; null while it has not. */
        @Nullable String problem();

        /** Whether that is a lack of room, and nothing else. */
        boolean isOutOfSpace();

        /** Whether it leads, and knows what is committed. */
        boolean isServing();

        /** Whether its log has more to write than it should; then {@link #propose} is called when it has caught up. */
        boolean isLogBehind();

        OptionalInt leader();

        long term();

        /** So many voters must have what was committed a second ago. */
        int minInSync();
    }

    /** What the replica's actor hears from here, and gives back to {@link #onEarlyRoundOver}. */
    enum EarlyRoundOver implements ReplicaMessage {
        INSTANCE
    }

    private final Replica replica;
    private final PartitionSettings settings;
    private final TimerScheduler<ReplicaMessage> timers;
    private final ActorRef<RaftCommand> raft;
    private final Admission admission;
    private final Disk disk;
    private final ReplicaMetrics metrics;
    private final LoadMeter load;
    private final Proposals proposals;
    private final BySequence sequencing = new BySequence();

    private long nextOffset;
    /** Voters that have what was committed a second ago, this one among them, if it leads. */
    private int inSync;
    /** As it was told. */
    private long queuedBytes;

    Writes(
            Replica replica,
            PartitionSettings settings,
            TimerScheduler<ReplicaMessage> timers,
            ActorRef<RaftCommand> raft,
            Admission admission,
            Disk disk,
            ReplicaMetrics metrics,
            LoadMeter load) {
        this.replica = replica;
        this.settings = settings;
        this.timers = timers;
        this.raft = raft;
        this.admission = admission;
        this.disk = disk;
        this.metrics = metrics;
        this.load = load;
        this.proposals = new Proposals(settings, System::nanoTime, metrics::committed);
    }

    // -------------------------------------------------------------------------------------------------------- requests

    void write(Produce produce) {
        String problem = replica.problem();
        if (replica.isOutOfSpace()) {
            produce.replyTo().tell(new PartitionReply.DiskFull(produce.requestId()));
        } else if (problem != null) {
            produce.replyTo().tell(new PartitionReply.ReplicaFailed(produce.requestId(), problem));
        } else if (!replica.isServing()) {
            answerNotLeader(produce);
        } else if (!disk.space().leadersTakeRecords()) {
            produce.replyTo().tell(new PartitionReply.DiskFull(produce.requestId()));
            raft.tell(RaftCommand.StepAside.INSTANCE);
        } else if (inSync < replica.minInSync()) {
            produce.replyTo()
                    .tell(new PartitionReply.NotEnoughReplicas(produce.requestId(), inSync, replica.minInSync()));
        } else if (!proposals.offer(produce)) {
            produce.replyTo().tell(new PartitionReply.Overloaded(produce.requestId(), settings.queueBytesMax()));
        } else {
            load.produced(produce.sizeBytes());
            propose();
        }
        tellQueued();
    }

    void write(PartitionCommand.ProduceInTerm message) {
        if (replica.isServing() && replica.term() != message.term()) {
            answerNotLeader(message.produce());
        } else {
            write(message.produce());
        }
    }

    /** Proposes what waits, as far as that is possible now. */
    void propose() {
        while (replica.isServing() && !replica.isLogBehind()) {
            ProposalCounters before = proposals.counters();
            Optional<Proposal> next = proposals.next(nextOffset, replica.term(), sequencing);
            armEarlyTimer();
            if (next.isEmpty()) {
                return;
            }
            Proposal proposal = next.get();
            nextOffset = proposal.nextOffset();
            ProposalCounters now = proposals.counters();
            metrics.proposed(
                    now.requests() - before.requests(),
                    now.records() - before.records(),
                    proposal.payload().sizeBytes());
            propose(proposal);
        }
    }

    /** The digest goes before the records, which must not be in the log without it. */
    private void propose(Proposal proposal) {
        long term = replica.term();
        boolean hasRecords = proposal.payload().sizeBytes() > 0;
        admission
                .takeTime()
                .ifPresent(time -> raft.tell(
                        new RaftCommand.Propose(term, NO_PROPOSAL, EntryType.TIME, Payload.wrap(time.toBytes()))));
        admission
                .takeDigest()
                .ifPresent(digest -> raft.tell(new RaftCommand.Propose(
                        term,
                        hasRecords ? NO_PROPOSAL : proposal.id(),
                        EntryType.DIGEST,
                        Payload.wrap(digest.toBytes()))));
        if (hasRecords) {
            raft.tell(new RaftCommand.Propose(term, proposal.id(), proposal.payload()));
        }
    }

    void onEarlyRoundOver() {
        proposals.refuseEarly(sequencing);
        tellQueued();
        armEarlyTimer();
    }

    private void armEarlyTimer() {
        if (proposals.hasEarly() && !timers.isTimerActive(EarlyRoundOver.INSTANCE)) {
            timers.startSingleTimer(EarlyRoundOver.INSTANCE, EARLY_ROUND);
        }
    }

    private final class BySequence implements Proposals.Sequencing {
        @Override
        public WriteVerdict decide(Produce request, long nextOffset) {
            return admission.decide(request, nextOffset);
        }

        @Override
        public void settled(Placed request) {
            answerProduced(request);
        }

        @Override
        public void refused(Produce request, SequenceVerdict why) {
            ProducerBatch batch = ProducerBatches.of(request.batches()).orElseThrow();
            request.replyTo().tell(new PartitionReply.SequenceRefused(request.requestId(), batch, why));
        }
    }

    // --------------------------------------------------------------------------------------- what becomes of the
    // replica

    /** @param nextOffset of the next record, now that it leads */
    void serves(long nextOffset) {
        this.nextOffset = nextOffset;
    }

    /** The role is another, or the same in another term. What was appended may yet be committed, or not. */
    void roleChanged() {
        admission.lostLeadership();
        proposals.abandonAppended(Writes::answerUnknown);
        proposals.drainWaiting(this::answerNotLeader);
    }

    void appended(RaftEvent.ProposalAppended proposal) {
        proposals.appended(proposal.proposalId(), proposal.index());
    }

    void refused(RaftEvent.ProposalRefused proposal) {
        proposals.refused(proposal.proposalId(), placed -> answerNotLeader(placed.request()));
    }

    void committed(long index) {
        proposals.committed(index, Writes::answerProduced);
    }

    /** @param voters that have what was committed a second ago, this replica among them */
    void membersInSync(int voters) {
        inSync = voters;
    }

    /** The replica has ended: nobody waits any longer. */
    void ended(String why) {
        proposals.abandonAll(Writes::answerUnknown, produce -> produce.replyTo()
                .tell(new PartitionReply.ReplicaFailed(produce.requestId(), why)));
        tellQueued();
    }

    /** To be called when anything may have left the queue. */
    void tellQueued() {
        long now = proposals.queuedBytes();
        if (now != queuedBytes) {
            metrics.queued(now - queuedBytes);
            queuedBytes = now;
        }
    }

    /** Of all proposals that were made. */
    ProposalCounters counters() {
        return proposals.counters();
    }

    // --------------------------------------------------------------------------------------------------------- answers

    private static void answerProduced(Placed placed) {
        Produce request = placed.request();
        request.replyTo()
                .tell(new PartitionReply.Produced(
                        request.requestId(),
                        placed.baseOffset(),
                        request.recordCount(),
                        placed.repeated(),
                        placed.duplicates()));
    }

    private static void answerUnknown(Placed placed) {
        placed.request()
                .replyTo()
                .tell(new PartitionReply.OutcomeUnknown(placed.request().requestId()));
    }

    private void answerNotLeader(Produce produce) {
        produce.replyTo().tell(new PartitionReply.NotLeader(produce.requestId(), replica.leader()));
    }
}
