package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import io.millrace.broker.Failure;
import io.millrace.partition.replica.TransferFailure;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.Rejections;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code errors.proto} promises, row by row. */
class StatusesTest {
    private record Row(Failure failure, Code code, ErrorReason reason, boolean retry, Set<String> data) {}

    private static Row row(Failure failure, Code code, ErrorReason reason, boolean retry, String... data) {
        return new Row(failure, code, reason, retry, Set.of(data));
    }

    static List<Row> table() {
        Optional<String> none = Optional.empty();
        return List.of(
                row(new Failure.UnknownTopic("t"), Code.NOT_FOUND, ErrorReason.UNKNOWN_TOPIC, false, "topic"),
                row(
                        new Failure.LeaderNotTransferred("t", 3, 2, TransferFailure.BEHIND),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.LEADER_NOT_TRANSFERRED,
                        false,
                        "topic",
                        "partition",
                        "broker",
                        "problem"),
                row(
                        new Failure.UnknownPartition("t", 3, 2),
                        Code.NOT_FOUND,
                        ErrorReason.UNKNOWN_PARTITION,
                        false,
                        "topic",
                        "partition",
                        "partitions"),
                row(
                        new Failure.OffsetOutOfRange("t", 0, 9, 1, 5),
                        Code.OUT_OF_RANGE,
                        ErrorReason.OFFSET_OUT_OF_RANGE,
                        false,
                        "offset",
                        "earliest_offset",
                        "latest_offset"),
                row(
                        new Failure.MessageTooLarge("record 0", 2, 1),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.MESSAGE_TOO_LARGE,
                        false,
                        "size_bytes",
                        "limit_bytes"),
                row(new Failure.UnknownBroker(9), Code.NOT_FOUND, ErrorReason.UNKNOWN_BROKER, false, "broker"),
                row(
                        new Failure.ReassignmentRefused("no"),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.REASSIGNMENT_REFUSED,
                        false,
                        "problem"),
                row(new Failure.EmptyBatch(), Code.INVALID_ARGUMENT, ErrorReason.EMPTY_BATCH, false),
                row(
                        new Failure.CompressionNotAllowed(Compression.GZIP, CompressionTypes.of("none,lz4")),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.COMPRESSION_NOT_ALLOWED,
                        false,
                        "compression",
                        "allowed"),
                row(
                        new Failure.CorruptBatch("bad", 7),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.CORRUPT_BATCH,
                        false,
                        "problem",
                        "position"),
                row(
                        new Failure.MessagesRejected(new TreeMap<>(
                                Map.of(9, new Failure.EmptyBatch(), 2, new Failure.InvalidRequest("f", "wrong")))),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.INVALID_REQUEST,
                        false,
                        "field"),
                row(
                        new Failure.InvalidRequest("f", "wrong"),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.INVALID_REQUEST,
                        false,
                        "field"),
                row(
                        new Failure.UnknownProducer("t", 0, 7),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.UNKNOWN_PRODUCER,
                        false,
                        "topic",
                        "partition",
                        "producer_id"),
                row(
                        new Failure.ProducerFenced("t", 0, 7, 1, 2),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.PRODUCER_FENCED,
                        false,
                        "topic",
                        "partition",
                        "producer_id",
                        "epoch",
                        "current_epoch"),
                row(
                        new Failure.OutOfOrderSequence("t", 0, 7, 9, 5),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.OUT_OF_ORDER_SEQUENCE,
                        false,
                        "topic",
                        "partition",
                        "producer_id",
                        "sequence",
                        "expected_sequence"),
                row(
                        new Failure.DuplicateTooOld("t", 0, 7, 9),
                        Code.ALREADY_EXISTS,
                        ErrorReason.DUPLICATE_TOO_OLD,
                        false,
                        "topic",
                        "partition",
                        "producer_id",
                        "sequence"),
                row(
                        new Failure.InvalidTopicName("/", "bad"),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.INVALID_TOPIC_NAME,
                        false,
                        "topic"),
                row(
                        new Failure.InvalidPartitions(0, 10),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.INVALID_PARTITIONS,
                        false,
                        "partitions",
                        "limit"),
                row(
                        new Failure.InvalidReplicationFactor(-1, 3),
                        Code.INVALID_ARGUMENT,
                        ErrorReason.INVALID_REPLICATION_FACTOR,
                        false,
                        "replication_factor",
                        "brokers"),
                row(
                        new Failure.TooFewBrokers(4, 3),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.INVALID_REPLICATION_FACTOR,
                        false,
                        "replication_factor",
                        "brokers"),
                row(
                        new Failure.TopicAlreadyExists("t"),
                        Code.ALREADY_EXISTS,
                        ErrorReason.TOPIC_ALREADY_EXISTS,
                        false,
                        "topic"),
                row(
                        new Failure.NoLeader("t", 0, OptionalInt.empty(), none),
                        Code.UNAVAILABLE,
                        ErrorReason.NO_LEADER,
                        true,
                        "topic",
                        "partition"),
                row(
                        new Failure.NoLeader("t", 0, OptionalInt.of(2), Optional.of("h:1")),
                        Code.UNAVAILABLE,
                        ErrorReason.NO_LEADER,
                        true,
                        "topic",
                        "partition",
                        "leader",
                        "leader_address"),
                row(
                        new Failure.OutcomeUnknown("t", OptionalInt.of(0), "why"),
                        Code.UNAVAILABLE,
                        ErrorReason.OUTCOME_UNKNOWN,
                        false,
                        "topic",
                        "partition"),
                row(
                        new Failure.OutcomeUnknown("t", OptionalInt.empty(), "why"),
                        Code.UNAVAILABLE,
                        ErrorReason.OUTCOME_UNKNOWN,
                        false,
                        "topic"),
                row(
                        new Failure.Overloaded("full", 5),
                        Code.RESOURCE_EXHAUSTED,
                        ErrorReason.OVERLOADED,
                        true,
                        "limit_bytes"),
                row(
                        new Failure.ControllerUnavailable("no"),
                        Code.UNAVAILABLE,
                        ErrorReason.CONTROLLER_UNAVAILABLE,
                        true),
                row(new Failure.BrokerNotReady(List.of("x")), Code.UNAVAILABLE, ErrorReason.BROKER_NOT_READY, true),
                row(
                        new Failure.DiskFull("t", 0),
                        Code.RESOURCE_EXHAUSTED,
                        ErrorReason.DISK_FULL,
                        true,
                        "topic",
                        "partition"),
                row(
                        new Failure.NotEnoughReplicas("t", 0, 1, 2),
                        Code.UNAVAILABLE,
                        ErrorReason.NOT_ENOUGH_REPLICAS,
                        true,
                        "topic",
                        "partition",
                        "in_sync",
                        "required"),
                row(
                        new Failure.ReplicaFailed("t", 0, "disk"),
                        Code.UNAVAILABLE,
                        ErrorReason.REPLICA_FAILED,
                        false,
                        "topic",
                        "partition",
                        "problem"),
                row(new Failure.DeadlinePassed(), Code.DEADLINE_EXCEEDED, ErrorReason.DEADLINE_PASSED, true),
                row(new Failure.UnknownGroup("g"), Code.NOT_FOUND, ErrorReason.UNKNOWN_GROUP, false, "group"),
                row(
                        new Failure.UnknownMember("g", "m"),
                        Code.NOT_FOUND,
                        ErrorReason.UNKNOWN_MEMBER,
                        false,
                        "group",
                        "member_id"),
                row(
                        new Failure.FencedMemberEpoch("g", "m", 3, 4),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.FENCED_MEMBER_EPOCH,
                        false,
                        "group",
                        "member_id",
                        "member_epoch",
                        "current_epoch"),
                row(
                        new Failure.InstanceIdInUse("g", "i", "m"),
                        Code.ALREADY_EXISTS,
                        ErrorReason.INSTANCE_ID_IN_USE,
                        false,
                        "group",
                        "instance_id",
                        "member_id"),
                row(
                        new Failure.GroupNotEmpty("g", 2),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.GROUP_NOT_EMPTY,
                        false,
                        "group",
                        "members"),
                row(
                        new Failure.PartitionNotOwned("g", "m", "t", 0),
                        Code.FAILED_PRECONDITION,
                        ErrorReason.PARTITION_NOT_OWNED,
                        false,
                        "group",
                        "member_id",
                        "topic",
                        "partition"),
                row(
                        new Failure.OffsetBeyondLogEnd("t", 0, 9, 5),
                        Code.OUT_OF_RANGE,
                        ErrorReason.OFFSET_BEYOND_LOG_END,
                        false,
                        "topic",
                        "partition",
                        "offset",
                        "latest_offset"),
                row(
                        new Failure.CoordinatorUnavailable("no leader"),
                        Code.UNAVAILABLE,
                        ErrorReason.COORDINATOR_UNAVAILABLE,
                        true,
                        "problem"),
                row(
                        new Failure.GroupFull("g", 7),
                        Code.RESOURCE_EXHAUSTED,
                        ErrorReason.GROUP_FULL,
                        false,
                        "group",
                        "limit"),
                row(
                        new Failure.TooManyGroups("g", 7),
                        Code.RESOURCE_EXHAUSTED,
                        ErrorReason.TOO_MANY_GROUPS,
                        false,
                        "group",
                        "limit"),
                row(new Failure.InternalFault("a1"), Code.INTERNAL, ErrorReason.INTERNAL_FAULT, false, "incident"));
    }

    @ParameterizedTest
    @MethodSource("table")
    void aFailureIsToldAsTheContractSays(Row row) throws InvalidProtocolBufferException {
        var trailers = Statuses.trailers(row.failure());
        com.google.rpc.Status details = com.google.rpc.Status.parseFrom(trailers.getMetadata()
                .getBinary(Statuses.DETAILS_TRAILER)
                .orElseThrow()
                .toArray());
        ErrorInfo info = details.getDetails(0).unpack(ErrorInfo.class);
        boolean retry = details.getDetailsList().stream().anyMatch(any -> any.is(RetryInfo.class));

        assertThat(trailers.getStatus().getCode()).isEqualTo(row.code());
        assertThat(trailers.getStatus().getDescription()).isNotBlank();
        assertThat(details.getCode()).isEqualTo(row.code().value());
        assertThat(info.getDomain()).isEqualTo("millrace");
        assertThat(info.getReason()).isEqualTo(row.reason().name());
        assertThat(info.getMetadataMap().keySet()).isEqualTo(row.data());
        assertThat(retry).isEqualTo(row.retry());
    }

    @ParameterizedTest
    @MethodSource("table")
    void insideAStreamTheSameIsSaid(Row row) {
        Error error = Statuses.inStream(row.failure());

        assertThat(error.getStatusCode()).isEqualTo(row.code().value());
        assertThat(error.getReason()).isEqualTo(row.reason());
        assertThat(error.getMessage()).isNotBlank();
        assertThat(error.getMetadataMap().keySet()).isEqualTo(row.data());
        assertThat(error.getRetryDelayMillis() > 0).isEqualTo(row.retry());
    }

    @Test
    void theFirstBadMessagesOfManyAreTold() {
        TreeMap<Integer, Failure> bad = new TreeMap<>();
        for (int i = 0; i < 1_000; i++) {
            bad.put(3 * i, new Failure.CorruptBatch("x".repeat(100), i));
        }
        Rejections rejections =
                Statuses.inStream(new Failure.MessagesRejected(bad)).getRejections();
        var trailers = Statuses.trailers(new Failure.MessagesRejected(bad));

        assertThat(rejections.getCount()).isEqualTo(1_000);
        assertThat(rejections.getFirstList())
                .extracting(rejection -> rejection.getIndex())
                .startsWith(0, 3, 6)
                .hasSize(10);
        assertThat(trailers.getMetadata()
                        .getBinary(Statuses.DETAILS_TRAILER)
                        .orElseThrow()
                        .size())
                .isLessThan(8 * 1024 * 3 / 4);
    }

    @Test
    void theTableHasEveryFailureAndEveryReason() {
        Set<Class<?>> failures =
                table().stream().map(row -> row.failure().getClass()).collect(Collectors.toSet());
        Set<ErrorReason> reasons = table().stream().map(Row::reason).collect(Collectors.toSet());

        assertThat(failures).containsExactlyInAnyOrder(Failure.class.getPermittedSubclasses());
        assertThat(reasons)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ErrorReason.values())
                        .filter(reason ->
                                reason != ErrorReason.UNRECOGNIZED && reason != ErrorReason.ERROR_REASON_UNSPECIFIED)
                        .toList());
    }
}
