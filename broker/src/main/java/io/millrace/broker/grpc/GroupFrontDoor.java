package io.millrace.broker.grpc;

import akka.grpc.javadsl.Metadata;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.group.Groups;
import io.millrace.broker.group.state.Committed;
import io.millrace.broker.group.state.GroupCommand;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.group.state.Membership;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.CommitOffsetsResponse;
import io.millrace.protocol.v1.CommitResult;
import io.millrace.protocol.v1.DeleteGroupRequest;
import io.millrace.protocol.v1.DeleteGroupResponse;
import io.millrace.protocol.v1.DescribeGroupRequest;
import io.millrace.protocol.v1.DescribeGroupResponse;
import io.millrace.protocol.v1.FetchOffsetsRequest;
import io.millrace.protocol.v1.FetchOffsetsResponse;
import io.millrace.protocol.v1.GroupServicePowerApi;
import io.millrace.protocol.v1.HeartbeatRequest;
import io.millrace.protocol.v1.HeartbeatResponse;
import io.millrace.protocol.v1.LeaveGroupRequest;
import io.millrace.protocol.v1.LeaveGroupResponse;
import io.millrace.protocol.v1.ListGroupsRequest;
import io.millrace.protocol.v1.ListGroupsResponse;
import io.millrace.protocol.v1.PartitionCommit;
import io.millrace.protocol.v1.ResetOffsetsRequest;
import io.millrace.protocol.v1.ResetOffsetsResponse;
import io.millrace.protocol.v1.TopicPartitions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;

/** Members of consumer groups, and those who look after groups: checks what they ask, and asks the coordinators. */
final class GroupFrontDoor implements GroupServicePowerApi {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final long PATIENCE_MILLIS = 3_000;
    private static final int NAME_LENGTH_MAX = 249;
    private static final int PATTERN_LENGTH_MAX = 1_000;
    private static final int TOPICS_MAX = 1_000;
    private static final int PARTITIONS_MAX = 10_000;
    private static final int METADATA_BYTES_MAX = 4_096;
    /** It must fit into a frame between brokers, with room to spare. */
    private static final int REQUEST_BYTES_MAX = 1 << 20;

    private static final long SESSION_MILLIS_USUAL = 30_000;
    private static final long REBALANCE_MILLIS_USUAL = 300_000;

    private final TopicLookup topics;
    private final Groups groups;
    private final LogEnds logEnds;
    private final Deadlines deadlines;

    GroupFrontDoor(TopicLookup topics, Groups groups, LogEnds logEnds, Deadlines deadlines) {
        this.topics = topics;
        this.groups = groups;
        this.logEnds = logEnds;
        this.deadlines = deadlines;
    }

    // -------------------------------------------------------------------------------------------------------- members

    @Override
    public CompletionStage<HeartbeatResponse> heartbeat(HeartbeatRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        checkName("member_id", request.getMemberId());
        checkSize(request.getSerializedSize());
        long wait = Integer.toUnsignedLong(request.getMaxWaitMillis());
        check(request.getMemberEpoch() >= 0, "member_epoch", "is 0 or more");
        Set<PartitionKey> owned = new TreeSet<>();
        for (TopicPartitions of : request.getOwnedList()) {
            of.getPartitionsList().forEach(partition -> owned.add(new PartitionKey(of.getTopicId(), partition)));
        }
        GroupCommand.Heartbeat heartbeat = new GroupCommand.Heartbeat(
                request.getGroup(),
                request.getMemberId(),
                request.getMemberEpoch(),
                request.hasMembership() ? Optional.of(membership(request.getMembership())) : Optional.empty(),
                owned);
        return groups.ask(
                        request.getGroup(),
                        heartbeat,
                        GroupReply.Assigned.class,
                        wait,
                        deadlines.timeoutMillis(metadata, TIMEOUT.plusMillis(wait)))
                .thenApply(assigned -> HeartbeatResponse.newBuilder()
                        .setMemberEpoch(assigned.memberEpoch())
                        .addAllAssignment(GroupConversions.partitions(assigned.assignment(), assigned.names()))
                        .setHeartbeatIntervalMillis((int) assigned.heartbeatIntervalMillis())
                        .setSessionTimeoutMillis((int) assigned.sessionTimeoutMillis())
                        .setRebalanceTimeoutMillis((int) assigned.rebalanceTimeoutMillis())
                        .build());
    }

    private static Membership membership(io.millrace.protocol.v1.Membership given) {
        check(given.getTopicsCount() <= TOPICS_MAX, "topics", "are " + TOPICS_MAX + " at most; a pattern takes more");
        for (String topic : given.getTopicsList()) {
            TopicName.problemWithCreating(topic).ifPresent(problem -> {
                throw new Failure.InvalidTopicName(topic, problem).asException();
            });
        }
        check(
                given.getPattern().length() <= PATTERN_LENGTH_MAX,
                "pattern",
                "has " + PATTERN_LENGTH_MAX + " characters at most");
        checkOptional("instance_id", given.getInstanceId());
        checkOptional("rack", given.getRack());
        return new Membership(
                new TreeSet<>(given.getTopicsList()),
                given.getPattern(),
                given.getInstanceId(),
                given.getRack(),
                given.getAssignor(),
                millis("session_timeout_millis", given.getSessionTimeoutMillis(), SESSION_MILLIS_USUAL, 1_800_000),
                millis(
                        "rebalance_timeout_millis",
                        given.getRebalanceTimeoutMillis(),
                        REBALANCE_MILLIS_USUAL,
                        86_400_000));
    }

    private static long millis(String field, int given, long usual, long max) {
        long millis = Integer.toUnsignedLong(given);
        check(millis == 0 || (millis >= 1_000 && millis <= max), field, "is 0, or 1000 to " + max);
        return millis == 0 ? usual : millis;
    }

    @Override
    public CompletionStage<LeaveGroupResponse> leaveGroup(LeaveGroupRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        checkName("member_id", request.getMemberId());
        return groups.ask(
                        request.getGroup(),
                        new GroupCommand.Leave(request.getGroup(), request.getMemberId(), request.getKeepPlace()),
                        GroupReply.Done.class,
                        timeout(metadata))
                .thenApply(done -> LeaveGroupResponse.getDefaultInstance());
    }

    // -------------------------------------------------------------------------------------------------------- offsets

    @Override
    public CompletionStage<CommitOffsetsResponse> commitOffsets(CommitOffsetsRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        checkOptional("member_id", request.getMemberId());
        checkSize(request.getSerializedSize());
        int count = request.getOffsetsCount();
        check(count >= 1 && count <= PARTITIONS_MAX, "offsets", "are 1 to " + PARTITIONS_MAX);
        long timeout = timeout(metadata);
        List<CompletionStage<Checked>> checks = new ArrayList<>();
        Set<PartitionKey> seen = new HashSet<>();
        for (PartitionCommit commit : request.getOffsetsList()) {
            checks.add(checked(commit, seen, Math.min(PATIENCE_MILLIS, timeout / 2)));
        }
        return all(checks).thenCompose(offsets -> commit(request, offsets, timeout));
    }

    /** One of the two. */
    private record Checked(Optional<GroupCommand.PartitionOffset> offset, Optional<Failure> refusal) {
        static Checked refused(Failure failure) {
            return new Checked(Optional.empty(), Optional.of(failure));
        }
    }

    private CompletionStage<Checked> checked(PartitionCommit commit, Set<PartitionKey> seen, long patienceMillis) {
        check(commit.getOffset() >= 0, "offset", "is 0 or more");
        check(
                commit.getMetadata().getBytes(StandardCharsets.UTF_8).length <= METADATA_BYTES_MAX,
                "metadata",
                "has " + METADATA_BYTES_MAX + " bytes at most");
        PartitionTarget target;
        try {
            TopicMetadata topic = consumed(topics.metadata(), commit.getTopic());
            if (commit.getTopicId() != 0 && commit.getTopicId() != topic.id()) {
                throw new Failure.UnknownTopic(commit.getTopic()).asException();
            }
            target = topics.partition(topic, commit.getPartition());
        } catch (FailureException e) {
            return CompletableFuture.completedFuture(Checked.refused(e.failure()));
        }
        check(seen.add(target.key()), "offsets", target + " is there twice");
        return logEnds.problemWith(commit.getOffset(), target, patienceMillis)
                .thenApply(problem -> problem.isPresent()
                        ? Checked.refused(problem.get())
                        : new Checked(
                                Optional.of(new GroupCommand.PartitionOffset(
                                        target.key(),
                                        target.topic(),
                                        new Committed(commit.getOffset(), commit.getMetadata()))),
                                Optional.empty()));
    }

    private CompletionStage<CommitOffsetsResponse> commit(
            CommitOffsetsRequest request, List<Checked> checked, long timeoutMillis) {
        List<GroupCommand.PartitionOffset> good =
                checked.stream().flatMap(one -> one.offset().stream()).toList();
        return groups.ask(
                        request.getGroup(),
                        new GroupCommand.Commit(
                                request.getGroup(),
                                request.getMemberId(),
                                request.getMemberEpoch(),
                                good,
                                request.getAllowBack()),
                        GroupReply.OffsetsCommitted.class,
                        timeoutMillis)
                .thenApply(committed -> {
                    CommitOffsetsResponse.Builder response = CommitOffsetsResponse.newBuilder();
                    int next = 0;
                    for (int i = 0; i < checked.size(); i++) {
                        GroupReply.CommitOutcome outcome =
                                checked.get(i).refusal().isPresent()
                                        ? new GroupReply.CommitOutcome(
                                                Optional.empty(), checked.get(i).refusal())
                                        : committed.outcomes().get(next++);
                        response.addResults(result(request.getOffsets(i), outcome));
                    }
                    return response.build();
                });
    }

    private static CommitResult result(PartitionCommit commit, GroupReply.CommitOutcome outcome) {
        CommitResult.Builder result =
                CommitResult.newBuilder().setTopic(commit.getTopic()).setPartition(commit.getPartition());
        outcome.offset().ifPresent(result::setCommittedOffset);
        outcome.refusal().ifPresent(failure -> result.setError(Statuses.inStream(failure)));
        return result.build();
    }

    @Override
    public CompletionStage<FetchOffsetsResponse> fetchOffsets(FetchOffsetsRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        checkOptional("member_id", request.getMemberId());
        Set<PartitionKey> wanted = new HashSet<>();
        targets(request.getPartitionsList()).forEach(target -> wanted.add(target.key()));
        return groups.ask(
                        request.getGroup(),
                        new GroupCommand.FetchOffsets(
                                request.getGroup(), request.getMemberId(), request.getMemberEpoch()),
                        GroupReply.Offsets.class,
                        timeout(metadata))
                .thenApply(offsets -> {
                    FetchOffsetsResponse.Builder response = FetchOffsetsResponse.newBuilder();
                    for (GroupReply.OffsetOf offset : offsets.offsets()) {
                        if (request.getPartitionsCount() == 0 || wanted.contains(offset.partition())) {
                            response.addOffsets(GroupConversions.offset(offset, offsets.names()));
                        }
                    }
                    return response.build();
                });
    }

    @Override
    public CompletionStage<ResetOffsetsResponse> resetOffsets(ResetOffsetsRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        Groups.Destination to = destination(request);
        List<PartitionTarget> chosen = targets(request.getPartitionsList());
        return groups.reset(
                        request.getGroup(),
                        had -> request.getPartitionsCount() == 0 ? had : chosen,
                        to,
                        request.getDryRun(),
                        timeout(metadata))
                .thenApply(resets -> ResetOffsetsResponse.newBuilder()
                        .addAllOffsets(
                                resets.stream().map(GroupConversions::reset).toList())
                        .build());
    }

    private static Groups.Destination destination(ResetOffsetsRequest request) {
        OptionalLong none = OptionalLong.empty();
        return switch (request.getToCase()) {
            case EARLIEST -> new Groups.Destination(none, PartitionReply.Offsets::logStartOffset);
            case LATEST -> new Groups.Destination(none, PartitionReply.Offsets::highWatermark);
            case TIMESTAMP_MILLIS ->
                new Groups.Destination(
                        OptionalLong.of(request.getTimestampMillis()),
                        found -> found.atTimestamp().map(at -> at.offset()).orElse(found.highWatermark()));
            case OFFSET -> {
                check(request.getOffset() >= 0, "offset", "is 0 or more");
                yield new Groups.Destination(
                        none,
                        range ->
                                Math.max(range.logStartOffset(), Math.min(request.getOffset(), range.highWatermark())));
            }
            case TO_NOT_SET ->
                throw new Failure.InvalidRequest("to", "must be one of earliest, latest, timestamp_millis, offset")
                        .asException();
        };
    }

    // ----------------------------------------------------------------------------------------------- looking after
    // them

    @Override
    public CompletionStage<ListGroupsResponse> listGroups(ListGroupsRequest request, Metadata metadata) {
        topics.metadata(); // or this broker is not ready
        return groups.list(timeout(metadata)).thenApply(GroupConversions::list);
    }

    @Override
    public CompletionStage<DescribeGroupResponse> describeGroup(DescribeGroupRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        return groups.describe(request.getGroup(), timeout(metadata), PATIENCE_MILLIS)
                .thenApply(description ->
                        GroupConversions.description(description, groups.coordinatorPartition(request.getGroup())));
    }

    @Override
    public CompletionStage<DeleteGroupResponse> deleteGroup(DeleteGroupRequest request, Metadata metadata) {
        checkName("group", request.getGroup());
        return groups.ask(
                        request.getGroup(),
                        new GroupCommand.Delete(request.getGroup()),
                        GroupReply.Done.class,
                        timeout(metadata))
                .thenApply(done -> DeleteGroupResponse.getDefaultInstance());
    }

    // --------------------------------------------------------------------------------------------------------- checks

    private List<PartitionTarget> targets(List<TopicPartitions> wanted) {
        ClusterMetadata metadata = topics.metadata();
        TreeMap<PartitionKey, PartitionTarget> targets = new TreeMap<>();
        for (TopicPartitions one : wanted) {
            TopicMetadata topic = consumed(metadata, one.getTopic());
            List<Integer> numbers = one.getPartitionsList();
            if (numbers.isEmpty()) {
                numbers = IntStream.range(0, topic.partitionCount()).boxed().toList();
            }
            for (int number : numbers) {
                PartitionTarget target = topics.partition(topic, number);
                targets.put(target.key(), target);
            }
        }
        return List.copyOf(targets.values());
    }

    /** Groups have nothing to do with the cluster's own topics. */
    private static TopicMetadata consumed(ClusterMetadata metadata, String name) {
        return metadata.topic(name)
                .filter(topic -> !TopicName.isInternal(name))
                .orElseThrow(() -> new Failure.UnknownTopic(name).asException());
    }

    private static <T> CompletionStage<List<T>> all(List<CompletionStage<T>> stages) {
        CompletionStage<List<T>> all = CompletableFuture.completedFuture(new ArrayList<>());
        for (CompletionStage<T> stage : stages) {
            all = all.thenCombine(stage, (list, one) -> {
                list.add(one);
                return list;
            });
        }
        return all;
    }

    private static void checkName(String field, String name) {
        check(!name.isEmpty(), field, "must not be empty");
        checkOptional(field, name);
    }

    private static void checkOptional(String field, String name) {
        check(name.length() <= NAME_LENGTH_MAX, field, "has " + NAME_LENGTH_MAX + " characters at most");
        check(name.chars().noneMatch(Character::isISOControl), field, "has no control characters");
    }

    private static void checkSize(int bytes) {
        if (bytes > REQUEST_BYTES_MAX) {
            throw new Failure.MessageTooLarge("the request", bytes, REQUEST_BYTES_MAX).asException();
        }
    }

    private static void check(boolean holds, String field, String rule) {
        if (!holds) {
            throw new Failure.InvalidRequest(field, rule).asException();
        }
    }

    private long timeout(Metadata metadata) {
        return deadlines.timeoutMillis(metadata, TIMEOUT);
    }
}
