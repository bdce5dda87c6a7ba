package io.millrace.broker;

import io.millrace.partition.replica.TransferFailure;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.CompressionTypes;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Why a request cannot be answered as wished: one case for each reason of the public API ({@code errors.proto}), with the
 * data that lets the caller act. How it is told is decided elsewhere, once: {@code grpc.Statuses} for gRPC,
 * {@code management.Json} for HTTP.
 */
public sealed interface Failure {
    record UnknownTopic(String topic) implements Failure {}

    record UnknownPartition(String topic, int partition, int partitions) implements Failure {}

    record UnknownBroker(int broker) implements Failure {}

    /** @param why of these, those that are about the broker that was to lead */
    record LeaderNotTransferred(String topic, int partition, int broker, TransferFailure why) implements Failure {}

    record OffsetOutOfRange(String topic, int partition, long offset, long earliest, long latest) implements Failure {}

    record MessageTooLarge(String what, long sizeBytes, long limitBytes) implements Failure {}

    record EmptyBatch() implements Failure {}

    record CorruptBatch(String problem, int position) implements Failure {}

    /** @param allowed by the topic */
    record CompressionNotAllowed(Compression compression, CompressionTypes allowed) implements Failure {}

    record InvalidRequest(String field, String problem) implements Failure {}

    /**
     * Messages of an atomic request are bad, and told as the first of them.
     *
     * @param bad by their places in the request; at least one
     */
    record MessagesRejected(SortedMap<Integer, Failure> bad) implements Failure {
        public MessagesRejected {
            bad = Collections.unmodifiableSortedMap(new TreeMap<>(bad));
        }

        public Failure first() {
            return Objects.requireNonNull(bad.get(bad.firstKey()));
        }
    }

    record InvalidTopicName(String topic, String problem) implements Failure {}

    record InvalidPartitions(int partitions, int limit) implements Failure {}

    /** Never possible: not a positive number. */
    record InvalidReplicationFactor(int replicationFactor, int brokers) implements Failure {}

    /** Not possible now: more than there are brokers. */
    record TooFewBrokers(int replicationFactor, int brokers) implements Failure {}

    record TopicAlreadyExists(String topic) implements Failure {}

    record ReassignmentRefused(String problem) implements Failure {}

    record UnknownProducer(String topic, int partition, long producerId) implements Failure {}

    record ProducerFenced(String topic, int partition, long producerId, int epoch, int currentEpoch)
            implements Failure {}

    record OutOfOrderSequence(String topic, int partition, long producerId, int sequence, int expectedSequence)
            implements Failure {}

    record DuplicateTooOld(String topic, int partition, long producerId, int sequence) implements Failure {}

    /** @param leaderAddress host:port, known only if the leader is */
    record NoLeader(String topic, int partition, OptionalInt leader, Optional<String> leaderAddress)
            implements Failure {}

    /** @param partition empty for a change of the topic itself */
    record OutcomeUnknown(String topic, OptionalInt partition, String problem) implements Failure {}

    /** @param limit what is full, for people */
    record Overloaded(String limit, long limitBytes) implements Failure {}

    record ControllerUnavailable(String problem) implements Failure {}

    record BrokerNotReady(List<String> missing) implements Failure {
        public BrokerNotReady {
            missing = List.copyOf(missing);
        }
    }

    /** The broker of the partition's leader keeps what is left of its disk in reserve. */
    record DiskFull(String topic, int partition) implements Failure {}

    /** @param inSync members of the partition, its leader among them, that have what is committed and answer */
    record NotEnoughReplicas(String topic, int partition, int inSync, int required) implements Failure {}

    record ReplicaFailed(String topic, int partition, String problem) implements Failure {}

    record DeadlinePassed() implements Failure {}

    record UnknownGroup(String group) implements Failure {}

    record UnknownMember(String group, String memberId) implements Failure {}

    record FencedMemberEpoch(String group, String memberId, long memberEpoch, long currentEpoch) implements Failure {}

    /** @param memberId of the one that has it */
    record InstanceIdInUse(String group, String instanceId, String memberId) implements Failure {}

    record GroupNotEmpty(String group, int members) implements Failure {}

    record PartitionNotOwned(String group, String memberId, String topic, int partition) implements Failure {}

    /** @param latest the offset that the next record will get */
    record OffsetBeyondLogEnd(String topic, int partition, long offset, long latest) implements Failure {}

    record CoordinatorUnavailable(String problem) implements Failure {}

    record GroupFull(String group, int limit) implements Failure {}

    /** @param limit of one coordinator */
    record TooManyGroups(String group, int limit) implements Failure {}

    record InternalFault(String incident) implements Failure {}

    default FailureException asException() {
        return new FailureException(this);
    }
}
