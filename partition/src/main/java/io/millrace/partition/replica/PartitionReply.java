package io.millrace.partition.replica;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.SequenceVerdict;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** How a replica answers a {@link PartitionCommand}; outcomes are named for what the caller may do next. */
public sealed interface PartitionReply {
    long requestId();

    /**
     * The records are on disk at a majority; they have the offsets from {@code baseOffset} on, but for the duplicates.
     *
     * @param baseOffset -1 if all are duplicates
     * @param recordCount of the request
     * @param repeated whether an earlier request wrote them, and this one nothing
     * @param duplicates records that were not written, by their places: each has the offset of one with the same content
     */
    record Produced(
            long requestId, long baseOffset, int recordCount, boolean repeated, List<DuplicateRecord> duplicates)
            implements PartitionReply {
        public Produced {
            duplicates = List.copyOf(duplicates);
        }

        public Produced(long requestId, long baseOffset, int recordCount, boolean repeated) {
            this(requestId, baseOffset, recordCount, repeated, List.of());
        }
    }

    /**
     * Not done, and never will be: an idempotent producer's batch that is not the next of its sequence.
     *
     * @param verdict anything but accepted or a duplicate with an offset
     */
    record SequenceRefused(long requestId, ProducerBatch batch, SequenceVerdict verdict) implements PartitionReply {}

    /**
     * @param batches whole record batches, the first holding the offset asked for; empty if there was nothing in time
     * @param highWatermark the offset after the last committed record
     */
    record Fetched(long requestId, Payload batches, long logStartOffset, long highWatermark) implements PartitionReply {
        /** How the log stands, and nothing of what is in it. */
        public Fetched withoutBatches() {
            return new Fetched(requestId, Payload.EMPTY, logStartOffset, highWatermark);
        }
    }

    /** @param atTimestamp the record that was looked for by its timestamp; empty if there is none, or none was looked for */
    record Offsets(long requestId, long logStartOffset, long highWatermark, Optional<TimedOffset> atTimestamp)
            implements PartitionReply {}

    /** From what is built upon the partition. */
    record Coordinated(long requestId, Payload answer) implements PartitionReply {}

    /** It leads no more; most likely that broker does, or is about to. */
    record HandedOver(long requestId, int broker) implements PartitionReply {}

    /** It leads on. */
    record NotHandedOver(long requestId, TransferFailure why) implements PartitionReply {}

    record Status(long requestId, PartitionStatus status) implements PartitionReply, ControlMessage {}

    /** Surely not done: ask that broker, or wait until one is elected. */
    record NotLeader(long requestId, OptionalInt leader) implements PartitionReply {}

    /** Legal are offsets from {@code earliest} to {@code latest}, both included. */
    record OffsetOutOfRange(long requestId, long earliest, long latest) implements PartitionReply {}

    /** Surely not done: more than {@code limitBytes} wait already. Try again later. */
    record Overloaded(long requestId, long limitBytes) implements PartitionReply {}

    /** Surely not done: the leader's broker keeps what is left of its disk in reserve. Try again when there is more room. */
    record DiskFull(long requestId) implements PartitionReply {}

    /** Surely not done: only so many voters are in sync, and the topic asks for {@code required}. Try again later. */
    record NotEnoughReplicas(long requestId, int inSync, int required) implements PartitionReply {}

    /** Leadership was lost after the records were proposed: they may yet be committed, or be gone. */
    record OutcomeUnknown(long requestId) implements PartitionReply {}

    /** Surely not done: the replica has stopped after a fault of its storage. */
    record ReplicaFailed(long requestId, String problem) implements PartitionReply {}
}
