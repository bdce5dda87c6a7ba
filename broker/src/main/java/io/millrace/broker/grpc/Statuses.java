package io.millrace.broker.grpc;

import akka.grpc.Trailers;
import akka.grpc.javadsl.MetadataBuilder;
import akka.util.ByteString;
import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.millrace.broker.Failure;
import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.Rejection;
import io.millrace.protocol.v1.Rejections;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The one table of how each {@link Failure} is told over gRPC: status code, reason, data, and when to try again. What it
 * says is the contract in {@code errors.proto}.
 */
final class Statuses {
    static final String DOMAIN = "millrace";
    static final String DETAILS_TRAILER = "grpc-status-details-bin";

    /** Trailers may have 8 KiB with most clients, and these take a third more as base64. */
    private static final int REJECTIONS_MAX = 10;

    private static final Duration NEVER = Duration.ZERO;
    /** An election takes about this long. */
    private static final Duration AFTER_ELECTION = Duration.ofMillis(250);

    private static final Duration AFTER_OVERLOAD = Duration.ofMillis(100);
    /** Somebody has to do something about it. */
    private static final Duration AFTER_DISK_FULL = Duration.ofSeconds(1);

    private static final Duration AFTER_START = Duration.ofMillis(500);

    private Statuses() {}

    /** @param retryDelay zero: not without a change */
    record Told(Status.Code code, ErrorReason reason, String message, Map<String, String> data, Duration retryDelay) {
        Told with(String key, Object value) {
            Map<String, String> more = new LinkedHashMap<>(data);
            more.put(key, value.toString());
            return new Told(code, reason, message, more, retryDelay);
        }

        Told retryAfter(Duration delay) {
            return new Told(code, reason, message, data, delay);
        }
    }

    static Told tell(Failure failure) {
        if (failure instanceof Failure.MessagesRejected f) {
            return tell(f.first());
        } else if (failure instanceof Failure.UnknownTopic f) {
            return told(Status.Code.NOT_FOUND, ErrorReason.UNKNOWN_TOPIC, "there is no topic '" + f.topic() + "'")
                    .with("topic", f.topic());
        } else if (failure instanceof Failure.UnknownPartition f) {
            return told(
                            Status.Code.NOT_FOUND,
                            ErrorReason.UNKNOWN_PARTITION,
                            "topic '" + f.topic() + "' has partitions 0 to " + (f.partitions() - 1) + ", not "
                                    + f.partition())
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("partitions", f.partitions());
        } else if (failure instanceof Failure.UnknownBroker f) {
            return told(Status.Code.NOT_FOUND, ErrorReason.UNKNOWN_BROKER, "there is no broker " + f.broker())
                    .with("broker", f.broker());
        } else if (failure instanceof Failure.LeaderNotTransferred f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.LEADER_NOT_TRANSFERRED,
                            "broker " + f.broker() + " does not lead " + f.topic() + "-" + f.partition() + ": "
                                    + f.why().text())
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("broker", f.broker())
                    .with("problem", f.why().name());
        } else if (failure instanceof Failure.OffsetOutOfRange f) {
            return told(
                            Status.Code.OUT_OF_RANGE,
                            ErrorReason.OFFSET_OUT_OF_RANGE,
                            f.topic() + "-" + f.partition() + " can be read from offset " + f.earliest() + " to "
                                    + f.latest() + ", not from " + f.offset())
                    .with("offset", f.offset())
                    .with("earliest_offset", f.earliest())
                    .with("latest_offset", f.latest());
        } else if (failure instanceof Failure.MessageTooLarge f) {
            return told(
                            Status.Code.INVALID_ARGUMENT,
                            ErrorReason.MESSAGE_TOO_LARGE,
                            f.what() + " has " + f.sizeBytes() + " bytes, the limit is " + f.limitBytes())
                    .with("size_bytes", f.sizeBytes())
                    .with("limit_bytes", f.limitBytes());
        } else if (failure instanceof Failure.EmptyBatch) {
            return told(Status.Code.INVALID_ARGUMENT, ErrorReason.EMPTY_BATCH, "the request has no records");
        } else if (failure instanceof Failure.CorruptBatch f) {
            return told(Status.Code.INVALID_ARGUMENT, ErrorReason.CORRUPT_BATCH, f.problem())
                    .with("problem", f.problem())
                    .with("position", f.position());
        } else if (failure instanceof Failure.CompressionNotAllowed f) {
            String compression = CompressionTypes.nameOf(f.compression());
            return told(
                            Status.Code.INVALID_ARGUMENT,
                            ErrorReason.COMPRESSION_NOT_ALLOWED,
                            "the topic takes batches compressed with " + f.allowed() + ", not with " + compression)
                    .with("compression", compression)
                    .with("allowed", f.allowed().toString());
        } else if (failure instanceof Failure.InvalidRequest f) {
            return told(Status.Code.INVALID_ARGUMENT, ErrorReason.INVALID_REQUEST, f.field() + ": " + f.problem())
                    .with("field", f.field());
        }
        return tellTopics(failure);
    }

    private static Told tellTopics(Failure failure) {
        if (failure instanceof Failure.InvalidTopicName f) {
            return told(Status.Code.INVALID_ARGUMENT, ErrorReason.INVALID_TOPIC_NAME, f.problem())
                    .with("topic", f.topic());
        } else if (failure instanceof Failure.InvalidPartitions f) {
            return told(
                            Status.Code.INVALID_ARGUMENT,
                            ErrorReason.INVALID_PARTITIONS,
                            "a topic has 1 to " + f.limit() + " partitions, not " + f.partitions())
                    .with("partitions", f.partitions())
                    .with("limit", f.limit());
        } else if (failure instanceof Failure.InvalidReplicationFactor f) {
            return told(
                            Status.Code.INVALID_ARGUMENT,
                            ErrorReason.INVALID_REPLICATION_FACTOR,
                            "a replication factor of " + f.replicationFactor() + " is not possible")
                    .with("replication_factor", f.replicationFactor())
                    .with("brokers", f.brokers());
        } else if (failure instanceof Failure.TooFewBrokers f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.INVALID_REPLICATION_FACTOR,
                            "a replication factor of " + f.replicationFactor()
                                    + " needs as many brokers, and there are " + f.brokers())
                    .with("replication_factor", f.replicationFactor())
                    .with("brokers", f.brokers());
        } else if (failure instanceof Failure.TopicAlreadyExists f) {
            return told(
                            Status.Code.ALREADY_EXISTS,
                            ErrorReason.TOPIC_ALREADY_EXISTS,
                            "there is a topic '" + f.topic() + "' already")
                    .with("topic", f.topic());
        }
        return tellProducers(failure);
    }

    private static Told tellProducers(Failure failure) {
        if (failure instanceof Failure.UnknownProducer f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.UNKNOWN_PRODUCER,
                            f.topic() + "-" + f.partition() + " knows nothing of producer " + f.producerId()
                                    + ", whose sequence can begin with 0 only")
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("producer_id", f.producerId());
        } else if (failure instanceof Failure.ProducerFenced f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.PRODUCER_FENCED,
                            "producer " + f.producerId() + " is in epoch " + f.currentEpoch() + " of " + f.topic() + "-"
                                    + f.partition() + ", this batch is of epoch " + f.epoch())
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("producer_id", f.producerId())
                    .with("epoch", f.epoch())
                    .with("current_epoch", f.currentEpoch());
        } else if (failure instanceof Failure.OutOfOrderSequence f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.OUT_OF_ORDER_SEQUENCE,
                            "the next batch of producer " + f.producerId() + " in " + f.topic() + "-" + f.partition()
                                    + " must have sequence " + f.expectedSequence() + ", not " + f.sequence())
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("producer_id", f.producerId())
                    .with("sequence", f.sequence())
                    .with("expected_sequence", f.expectedSequence());
        } else if (failure instanceof Failure.ReassignmentRefused f) {
            return told(Status.Code.FAILED_PRECONDITION, ErrorReason.REASSIGNMENT_REFUSED, f.problem())
                    .with("problem", f.problem());
        } else if (failure instanceof Failure.DuplicateTooOld f) {
            return told(
                            Status.Code.ALREADY_EXISTS,
                            ErrorReason.DUPLICATE_TOO_OLD,
                            "producer " + f.producerId() + " has written sequence " + f.sequence() + " to " + f.topic()
                                    + "-" + f.partition() + " before, and its offset is not known any more")
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("producer_id", f.producerId())
                    .with("sequence", f.sequence());
        }
        return tellGroups(failure);
    }

    private static Told tellGroups(Failure failure) {
        if (failure instanceof Failure.UnknownGroup f) {
            return told(Status.Code.NOT_FOUND, ErrorReason.UNKNOWN_GROUP, "there is no group '" + f.group() + "'")
                    .with("group", f.group());
        } else if (failure instanceof Failure.UnknownMember f) {
            return told(
                            Status.Code.NOT_FOUND,
                            ErrorReason.UNKNOWN_MEMBER,
                            "group '" + f.group() + "' has no member '" + f.memberId() + "', or not any more")
                    .with("group", f.group())
                    .with("member_id", f.memberId());
        } else if (failure instanceof Failure.FencedMemberEpoch f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.FENCED_MEMBER_EPOCH,
                            "member '" + f.memberId() + "' of group '" + f.group() + "' is in epoch " + f.currentEpoch()
                                    + ", not " + f.memberEpoch())
                    .with("group", f.group())
                    .with("member_id", f.memberId())
                    .with("member_epoch", f.memberEpoch())
                    .with("current_epoch", f.currentEpoch());
        } else if (failure instanceof Failure.InstanceIdInUse f) {
            return told(
                            Status.Code.ALREADY_EXISTS,
                            ErrorReason.INSTANCE_ID_IN_USE,
                            "instance '" + f.instanceId() + "' of group '" + f.group() + "' is member '" + f.memberId()
                                    + "', which has neither left nor been silent for its session timeout")
                    .with("group", f.group())
                    .with("instance_id", f.instanceId())
                    .with("member_id", f.memberId());
        } else if (failure instanceof Failure.GroupNotEmpty f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.GROUP_NOT_EMPTY,
                            "group '" + f.group() + "' has members (" + f.members()
                                    + "), and this is possible without only")
                    .with("group", f.group())
                    .with("members", f.members());
        } else if (failure instanceof Failure.PartitionNotOwned f) {
            return told(
                            Status.Code.FAILED_PRECONDITION,
                            ErrorReason.PARTITION_NOT_OWNED,
                            f.topic() + "-" + f.partition() + " does not belong to member '" + f.memberId()
                                    + "' of group '" + f.group() + "', or did not in that epoch")
                    .with("group", f.group())
                    .with("member_id", f.memberId())
                    .with("topic", f.topic())
                    .with("partition", f.partition());
        } else if (failure instanceof Failure.OffsetBeyondLogEnd f) {
            return told(
                            Status.Code.OUT_OF_RANGE,
                            ErrorReason.OFFSET_BEYOND_LOG_END,
                            "the next record of " + f.topic() + "-" + f.partition() + " will have offset " + f.latest()
                                    + ": " + f.offset() + " cannot be committed")
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("offset", f.offset())
                    .with("latest_offset", f.latest());
        } else if (failure instanceof Failure.CoordinatorUnavailable f) {
            return told(Status.Code.UNAVAILABLE, ErrorReason.COORDINATOR_UNAVAILABLE, f.problem())
                    .with("problem", f.problem())
                    .retryAfter(AFTER_ELECTION);
        } else if (failure instanceof Failure.GroupFull f) {
            return told(
                            Status.Code.RESOURCE_EXHAUSTED,
                            ErrorReason.GROUP_FULL,
                            "group '" + f.group() + "' has " + f.limit() + " members, and takes no more")
                    .with("group", f.group())
                    .with("limit", f.limit());
        } else if (failure instanceof Failure.TooManyGroups f) {
            return told(
                            Status.Code.RESOURCE_EXHAUSTED,
                            ErrorReason.TOO_MANY_GROUPS,
                            "the coordinator of group '" + f.group() + "' has " + f.limit()
                                    + " others, and takes no more")
                    .with("group", f.group())
                    .with("limit", f.limit());
        }
        return tellState(failure);
    }

    private static Told tellState(Failure failure) {
        if (failure instanceof Failure.NoLeader f) {
            Told told = told(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.NO_LEADER,
                            f.topic() + "-" + f.partition() + " has no leader that could be reached")
                    .with("topic", f.topic())
                    .with("partition", f.partition());
            if (f.leader().isPresent()) {
                told = told.with("leader", f.leader().getAsInt());
            }
            if (f.leaderAddress().isPresent()) {
                told = told.with("leader_address", f.leaderAddress().get());
            }
            return told.retryAfter(AFTER_ELECTION);
        } else if (failure instanceof Failure.OutcomeUnknown f) {
            Told told = told(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.OUTCOME_UNKNOWN,
                            "it is not known whether this was done, since " + f.problem())
                    .with("topic", f.topic());
            return f.partition().isPresent()
                    ? told.with("partition", f.partition().getAsInt())
                    : told;
        } else if (failure instanceof Failure.Overloaded f) {
            return told(Status.Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED, f.limit())
                    .with("limit_bytes", f.limitBytes())
                    .retryAfter(AFTER_OVERLOAD);
        } else if (failure instanceof Failure.ControllerUnavailable f) {
            return told(Status.Code.UNAVAILABLE, ErrorReason.CONTROLLER_UNAVAILABLE, f.problem())
                    .retryAfter(AFTER_ELECTION);
        } else if (failure instanceof Failure.BrokerNotReady f) {
            return told(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.BROKER_NOT_READY,
                            "this broker is not ready: " + String.join(", ", f.missing()))
                    .retryAfter(AFTER_START);
        } else if (failure instanceof Failure.DiskFull f) {
            return told(
                            Status.Code.RESOURCE_EXHAUSTED,
                            ErrorReason.DISK_FULL,
                            "the disk of the broker that leads " + f.topic() + "-" + f.partition()
                                    + " is full: it takes no records until there is more room")
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .retryAfter(AFTER_DISK_FULL);
        } else if (failure instanceof Failure.NotEnoughReplicas f) {
            return told(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.NOT_ENOUGH_REPLICAS,
                            f.topic() + "-" + f.partition() + " has " + f.inSync() + " replicas in sync and takes no"
                                    + " records with fewer than " + f.required())
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("in_sync", f.inSync())
                    .with("required", f.required())
                    .retryAfter(AFTER_ELECTION);
        } else if (failure instanceof Failure.ReplicaFailed f) {
            return told(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.REPLICA_FAILED,
                            "the replica of " + f.topic() + "-" + f.partition() + " on its leader has failed: "
                                    + f.problem())
                    .with("topic", f.topic())
                    .with("partition", f.partition())
                    .with("problem", f.problem());
        } else if (failure instanceof Failure.DeadlinePassed) {
            return told(
                            Status.Code.DEADLINE_EXCEEDED,
                            ErrorReason.DEADLINE_PASSED,
                            "the deadline passed before the request was sent to the partition's leader")
                    .retryAfter(AFTER_OVERLOAD);
        } else if (failure instanceof Failure.InternalFault f) {
            return told(
                            Status.Code.INTERNAL,
                            ErrorReason.INTERNAL_FAULT,
                            "a fault of the broker; its log tells more under incident " + f.incident())
                    .with("incident", f.incident());
        }
        throw new IllegalStateException("not in the table: " + failure);
    }

    /** Whether it may be over by itself. */
    static boolean mayPass(Failure failure) {
        Told told = tell(failure);
        return told.code() == Status.Code.UNAVAILABLE || !told.retryDelay().equals(NEVER);
    }

    /** As the end of a call. */
    static Trailers trailers(Failure failure) {
        Told told = tell(failure);
        com.google.rpc.Status.Builder details = com.google.rpc.Status.newBuilder()
                .setCode(told.code().value())
                .setMessage(told.message())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain(DOMAIN)
                        .setReason(told.reason().name())
                        .putAllMetadata(told.data())
                        .build()));
        if (!told.retryDelay().equals(NEVER)) {
            details.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(toProto(told.retryDelay()))
                    .build()));
        }
        if (failure instanceof Failure.MessagesRejected rejected) {
            details.addDetails(Any.pack(rejections(rejected)));
        }
        return new Trailers(
                told.code().toStatus().withDescription(told.message()),
                new MetadataBuilder()
                        .addBinary(
                                DETAILS_TRAILER,
                                ByteString.fromArrayUnsafe(details.build().toByteArray()))
                        .build());
    }

    /** As a part of an answer. */
    static Error inStream(Failure failure) {
        Told told = tell(failure);
        Error.Builder error = Error.newBuilder()
                .setStatusCode(told.code().value())
                .setReason(told.reason())
                .setMessage(told.message())
                .putAllMetadata(told.data())
                .setRetryDelayMillis((int) told.retryDelay().toMillis());
        if (failure instanceof Failure.MessagesRejected rejected) {
            error.setRejections(rejections(rejected));
        }
        return error.build();
    }

    private static Rejections rejections(Failure.MessagesRejected rejected) {
        Rejections.Builder rejections =
                Rejections.newBuilder().setCount(rejected.bad().size());
        rejected.bad().entrySet().stream()
                .limit(REJECTIONS_MAX)
                .forEach(bad -> rejections.addFirst(
                        Rejection.newBuilder().setIndex(bad.getKey()).setError(inStream(bad.getValue()))));
        return rejections.build();
    }

    private static com.google.protobuf.Duration toProto(Duration duration) {
        return com.google.protobuf.Duration.newBuilder()
                .setSeconds(duration.toSeconds())
                .setNanos(duration.toNanosPart())
                .build();
    }

    private static Told told(Status.Code code, ErrorReason reason, String message) {
        return new Told(code, reason, message, Map.of(), NEVER);
    }
}
