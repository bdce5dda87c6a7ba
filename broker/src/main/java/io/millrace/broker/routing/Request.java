package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import java.util.OptionalLong;

/** What the front door asks of a partition's leader, or of any of its replicas. */
public sealed interface Request {
    /** As the leader takes it. */
    PartitionCommand command(long requestId, long nowMillis, ActorRef<PartitionReply> replyTo);

    /** Whether a replica that does not lead may answer. */
    default boolean mayAskAnyReplica() {
        return false;
    }

    /** Whether no harm is done if a leader that was lost has done it too. */
    default boolean mayBeRepeated() {
        return true;
    }

    /** Whether it may have been done although no answer came. */
    default boolean isChange() {
        return false;
    }

    /** Of records; what it counts against the limit of pending bytes. */
    default int sizeBytes() {
        return 0;
    }

    /**
     * Append. The leader writes into the bytes: nobody else may keep them.
     *
     * @param hashes of the records, as {@link PartitionCommand.Produce} has them
     */
    record Produce(Payload batches, int recordCount, Payload hashes) implements Request {
        public Produce(Payload batches, int recordCount) {
            this(batches, recordCount, Payload.EMPTY);
        }

        @Override
        public PartitionCommand command(long requestId, long nowMillis, ActorRef<PartitionReply> replyTo) {
            return new PartitionCommand.Produce(requestId, batches, recordCount, hashes, replyTo);
        }

        @Override
        public boolean mayBeRepeated() {
            return false;
        }

        @Override
        public boolean isChange() {
            return true;
        }

        @Override
        public int sizeBytes() {
            return batches.sizeBytes() + hashes.sizeBytes();
        }
    }

    /** @param waitUntilMillis by the router's clock: a second attempt does not begin to wait anew */
    record Fetch(long offset, int maxBytes, int minBytes, long waitUntilMillis, ReadMode mode) implements Request {
        @Override
        public PartitionCommand command(long requestId, long nowMillis, ActorRef<PartitionReply> replyTo) {
            long wait = Math.max(0, waitUntilMillis - nowMillis);
            return new PartitionCommand.Fetch(requestId, offset, maxBytes, minBytes, wait, mode, replyTo);
        }

        @Override
        public boolean mayAskAnyReplica() {
            return mode.anyReplica();
        }
    }

    /** Which offsets can be read; and, if a timestamp is given, which is the first record with it or a later one. */
    record Offsets(OptionalLong timestampMillis, ReadMode mode) implements Request {
        @Override
        public PartitionCommand command(long requestId, long nowMillis, ActorRef<PartitionReply> replyTo) {
            return new PartitionCommand.GetOffsets(requestId, timestampMillis, mode, replyTo);
        }

        @Override
        public boolean mayAskAnyReplica() {
            return mode.anyReplica();
        }
    }

    /**
     * For what is built upon the partition.
     *
     * @param waitUntilMillis as with {@link Fetch}
     */
    record Coordinate(Payload request, long waitUntilMillis, boolean mayBeRepeated) implements Request {
        @Override
        public PartitionCommand command(long requestId, long nowMillis, ActorRef<PartitionReply> replyTo) {
            long wait = Math.max(0, waitUntilMillis - nowMillis);
            return new PartitionCommand.Coordinate(requestId, request, wait, replyTo);
        }

        @Override
        public boolean isChange() {
            return true;
        }
    }
}
