package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Payload;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a front door, on this broker or another, asks of a partition's replica. Each is answered by exactly one
 * {@link PartitionReply} with the same {@code requestId}, unless it says otherwise, or the replica or its broker dies first.
 */
public sealed interface PartitionCommand extends ReplicaMessage {

    /**
     * Append these records, all or none. Answers: {@link PartitionReply.Produced}, {@link PartitionReply.SequenceRefused},
     * {@link PartitionReply.NotLeader}, {@link PartitionReply.Overloaded}, {@link PartitionReply.DiskFull}, {@link PartitionReply.NotEnoughReplicas}, {@link PartitionReply.OutcomeUnknown},
     * {@link PartitionReply.ReplicaFailed}.
     *
     * @param batches one or more record batches, or one of an idempotent producer, whose repetition is answered as the
     *     original was; valid (the front door has checked them), their offsets not yet set. The
     *     leader writes offsets into these very bytes: the sender must not keep them
     * @param recordCount in all batches together
     * @param hashes of the records, {@link ContentHashes}; empty if the partition does not compare them by content
     */
    record Produce(long requestId, Payload batches, int recordCount, Payload hashes, ActorRef<PartitionReply> replyTo)
            implements PartitionCommand {
        public Produce(long requestId, Payload batches, int recordCount, ActorRef<PartitionReply> replyTo) {
            this(requestId, batches, recordCount, Payload.EMPTY, replyTo);
        }

        int sizeBytes() {
            return batches.sizeBytes() + hashes.sizeBytes();
        }
    }

    /**
     * Read committed batches. Answers: {@link PartitionReply.Fetched}, {@link PartitionReply.NotLeader},
     * {@link PartitionReply.OffsetOutOfRange}, {@link PartitionReply.Overloaded}, {@link PartitionReply.ReplicaFailed}.
     *
     * @param offset the first record wanted; the batch that holds it may begin earlier
     * @param maxBytes stop there, but give at least one batch
     * @param minBytes answer when there is so much or the wait is over
     * @param maxWaitMillis 0: answer at once
     */
    record Fetch(
            long requestId,
            long offset,
            int maxBytes,
            int minBytes,
            long maxWaitMillis,
            ReadMode mode,
            ActorRef<PartitionReply> replyTo)
            implements PartitionCommand {
        public Fetch(
                long requestId,
                long offset,
                int maxBytes,
                int minBytes,
                long maxWaitMillis,
                ActorRef<PartitionReply> replyTo) {
            this(requestId, offset, maxBytes, minBytes, maxWaitMillis, ReadMode.LEADER, replyTo);
        }
    }

    /**
     * Nobody waits for the answer to this fetch any more; it may come all the same. Not answered itself.
     *
     * @param replyTo the fetch's
     */
    record AbandonFetch(long requestId, ActorRef<PartitionReply> replyTo) implements PartitionCommand {}

    /**
     * Answers: {@link PartitionReply.Offsets}, {@link PartitionReply.NotLeader}, {@link PartitionReply.Overloaded},
     * {@link PartitionReply.ReplicaFailed}.
     *
     * @param timestampMillis also look for the first record that has this timestamp or a later one
     */
    record GetOffsets(long requestId, OptionalLong timestampMillis, ReadMode mode, ActorRef<PartitionReply> replyTo)
            implements PartitionCommand {
        public GetOffsets(long requestId, ActorRef<PartitionReply> replyTo) {
            this(requestId, OptionalLong.empty(), ReadMode.LEADER, replyTo);
        }
    }

    /** Only from the replica's own broker, for what is built upon its partition. */
    sealed interface Local extends PartitionCommand permits ProduceInTerm, TrimBefore {}

    /**
     * Append, if the replica still leads in that term; else it was surely not done ({@link PartitionReply.NotLeader}). For those who
     * decide by what is in the log, so that nobody else's decisions come between.
     */
    record ProduceInTerm(long term, Produce produce) implements Local {}

    /**
     * Records before this offset are needed no longer: whole segments of them go, as retention lets them go. Not
     * answered; if it is lost, the next one makes up for it.
     *
     * @param term in which the replica leads; else nothing happens
     * @param nowMillis since 1970
     */
    record TrimBefore(long term, long offset, long nowMillis) implements Local {}

    /**
     * For what is built upon the partition, on the broker that leads it, and knows what the bytes mean. Answers:
     * {@link PartitionReply.Coordinated}, {@link PartitionReply.NotLeader}, {@link PartitionReply.Overloaded}, {@link PartitionReply.DiskFull},
     * {@link PartitionReply.OutcomeUnknown}. A replica itself answers that it does not lead.
     *
     * @param maxWaitMillis the answer may be held back for so long; 0: not at all
     */
    record Coordinate(long requestId, Payload request, long maxWaitMillis, ActorRef<PartitionReply> replyTo)
            implements PartitionCommand {}

    /**
     * Hand leadership over. Answers: {@link PartitionReply.HandedOver}, {@link PartitionReply.NotHandedOver},
     * {@link PartitionReply.NotLeader}.
     *
     * @param target the broker that shall lead; empty: any that can
     */
    record TransferLeadership(long requestId, OptionalInt target, ActorRef<PartitionReply> replyTo)
            implements PartitionCommand {}

    /** Any replica, leader or not, answers with {@link PartitionReply.Status}. */
    record GetStatus(long requestId, ActorRef<PartitionReply> replyTo) implements PartitionCommand {}
}
