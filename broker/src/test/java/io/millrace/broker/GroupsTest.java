package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.CommitOffsetsResponse;
import io.millrace.protocol.v1.CommittedOffset;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.DeleteGroupRequest;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DescribeGroupRequest;
import io.millrace.protocol.v1.DescribeGroupResponse;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchOffsetsRequest;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.GroupState;
import io.millrace.protocol.v1.GroupSummary;
import io.millrace.protocol.v1.HeartbeatRequest;
import io.millrace.protocol.v1.HeartbeatResponse;
import io.millrace.protocol.v1.LeaveGroupRequest;
import io.millrace.protocol.v1.ListGroupsRequest;
import io.millrace.protocol.v1.ListTopicsRequest;
import io.millrace.protocol.v1.Membership;
import io.millrace.protocol.v1.PartitionCommit;
import io.millrace.protocol.v1.ResetOffsetsRequest;
import io.millrace.protocol.v1.ResetOffsetsResponse;
import io.millrace.protocol.v1.Topic;
import io.millrace.protocol.v1.TopicPartitions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Consumer groups over gRPC and HTTP, as a client in any language meets them. */
class GroupsTest extends WithOneBroker {
    private final String group = "group-" + UUID.randomUUID();
    private GroupServiceGrpc.GroupServiceBlockingStub groups;
    private GroupServiceGrpc.GroupServiceFutureStub later;

    @BeforeEach
    void connect() {
        groups = GroupServiceGrpc.newBlockingStub(broker.channel());
        later = GroupServiceGrpc.newFutureStub(broker.channel());
    }

    private HeartbeatRequest.Builder joining(String member, String topic) {
        return HeartbeatRequest.newBuilder()
                .setGroup(group)
                .setMemberId(member)
                .setMembership(Membership.newBuilder().addTopics(topic));
    }

    private HeartbeatRequest.Builder beat(String member, HeartbeatResponse last) {
        return HeartbeatRequest.newBuilder()
                .setGroup(group)
                .setMemberId(member)
                .setMemberEpoch(last.getMemberEpoch())
                .addAllOwned(last.getAssignmentList());
    }

    private static List<Integer> partitions(HeartbeatResponse response) {
        return response.getAssignmentList().stream()
                .flatMap(one -> one.getPartitionsList().stream())
                .toList();
    }

    private CommitOffsetsRequest.Builder committing(String topic, int partition, long offset) {
        return CommitOffsetsRequest.newBuilder()
                .setGroup(group)
                .addOffsets(PartitionCommit.newBuilder()
                        .setTopic(topic)
                        .setPartition(partition)
                        .setOffset(offset)
                        .setMetadata("note"));
    }

    private List<CommittedOffset> committed() {
        return groups.fetchOffsets(
                        FetchOffsetsRequest.newBuilder().setGroup(group).build())
                .getOffsetsList();
    }

    private DescribeGroupResponse described() {
        return groups.describeGroup(
                DescribeGroupRequest.newBuilder().setGroup(group).build());
    }

    @Test
    void twoMembersShareATopicAndHearOfEachOtherWithoutDelay() throws Exception {
        String topic = newTopic(4);
        HeartbeatResponse alone = groups.heartbeat(joining("a", topic).build());
        assertThat(partitions(alone)).containsExactly(0, 1, 2, 3);
        assertThat(alone.getAssignment(0).getTopic()).isEqualTo(topic);
        assertThat(alone.getHeartbeatIntervalMillis()).isEqualTo(10_000);

        // Nothing new: the answer waits, and comes with b.
        Future<HeartbeatResponse> waits =
                later.heartbeat(beat("a", alone).setMaxWaitMillis(10_000).build());
        HeartbeatResponse b = groups.heartbeat(joining("b", topic).build());
        assertThat(partitions(b)).isEmpty();
        HeartbeatResponse half = waits.get(5, TimeUnit.SECONDS);
        assertThat(partitions(half)).hasSize(2);
        assertThat(described().getState()).isEqualTo(GroupState.GROUP_STATE_REBALANCING);

        // It still works on what it is to let go of.
        groups.heartbeat(beat("a", half)
                .clearOwned()
                .addAllOwned(alone.getAssignmentList())
                .build());
        Future<HeartbeatResponse> gets =
                later.heartbeat(beat("b", b).setMaxWaitMillis(10_000).build());
        HeartbeatResponse still = groups.heartbeat(beat("a", half).build());
        assertThat(still.getMemberEpoch()).isEqualTo(half.getMemberEpoch());
        b = gets.get(5, TimeUnit.SECONDS);
        assertThat(partitions(b)).hasSize(2).doesNotContainAnyElementsOf(partitions(half));

        DescribeGroupResponse described = described();
        assertThat(described.getState()).isEqualTo(GroupState.GROUP_STATE_STABLE);
        assertThat(described.getAssignor()).isEqualTo("sticky");
        assertThat(described.getMembersList())
                .extracting(member -> member.getMemberId())
                .containsExactly("a", "b");
        assertThat(described.getPartitionsList()).hasSize(4).allMatch(partition -> partition.hasMemberId());

        groups.leaveGroup(
                LeaveGroupRequest.newBuilder().setGroup(group).setMemberId("b").build());
        assertThat(partitions(groups.heartbeat(beat("a", half).build()))).hasSize(4);
        assertThat(failure(() ->
                        groups.heartbeat(joining("b", topic).setMemberEpoch(9).build())))
                .isEqualTo(new Told(
                        Status.Code.NOT_FOUND,
                        ErrorReason.UNKNOWN_MEMBER,
                        Map.of("group", group, "member_id", "b"),
                        false));
    }

    @Test
    void offsetsAreCommittedByTheirOwnersAndNotBeyondTheLog() {
        String topic = newTopic(2);
        messages.produce(records(topic, 0, value("x"), value("y"), value("z")));
        HeartbeatResponse a = groups.heartbeat(joining("a", topic).build());
        CommitOffsetsResponse response = groups.commitOffsets(committing(topic, 0, 3)
                .setMemberId("a")
                .setMemberEpoch(a.getMemberEpoch())
                .addOffsets(PartitionCommit.newBuilder()
                        .setTopic(topic)
                        .setPartition(1)
                        .setOffset(1))
                .addOffsets(PartitionCommit.newBuilder().setTopic(topic).setPartition(2))
                .addOffsets(PartitionCommit.newBuilder().setTopic("none-such"))
                .build());

        assertThat(response.getResults(0).getCommittedOffset()).isEqualTo(3);
        assertThat(response.getResults(1).getError().getReason()).isEqualTo(ErrorReason.OFFSET_BEYOND_LOG_END);
        assertThat(response.getResults(1).getError().getMetadataMap()).containsEntry("latest_offset", "0");
        assertThat(response.getResults(2).getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_PARTITION);
        assertThat(response.getResults(3).getError().getReason()).isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(committed())
                .containsExactly(CommittedOffset.newBuilder()
                        .setTopic(topic)
                        .setTopicId(topicNamed(topic).getId())
                        .setPartition(0)
                        .setOffset(3)
                        .setMetadata("note")
                        .build());
        messages.produce(records(topic, 0, value("unread")));
        assertThat(described().getPartitions(0).getLag()).isEqualTo(1);
        assertThat(failure(() -> groups.commitOffsets(committing(topic, 0, 3).build()))
                        .reason())
                .isEqualTo(ErrorReason.GROUP_NOT_EMPTY);
        assertThat(failure(() -> groups.commitOffsets(committing(topic, 0, 3)
                                .setMemberId("a")
                                .setMemberEpoch(a.getMemberEpoch() + 1)
                                .build()))
                        .reason())
                .isEqualTo(ErrorReason.FENCED_MEMBER_EPOCH);
        HeartbeatResponse b = groups.heartbeat(joining("b", topic).build());
        assertThat(groups.commitOffsets(committing(topic, 0, 3)
                                .setMemberId("b")
                                .setMemberEpoch(b.getMemberEpoch())
                                .build())
                        .getResults(0)
                        .getError()
                        .getReason())
                .isEqualTo(ErrorReason.PARTITION_NOT_OWNED);
    }

    @Test
    void offsetsAreResetInGroupsWithoutMembersOnly() {
        String topic = newTopic(1);
        for (String text : List.of("a", "b", "c", "d")) {
            messages.produce(records(topic, 0, value(text)));
        }
        groups.commitOffsets(committing(topic, 0, 2).build());
        ResetOffsetsRequest toLatest = ResetOffsetsRequest.newBuilder()
                .setGroup(group)
                .setLatest(true)
                .setDryRun(true)
                .build();

        ResetOffsetsResponse plan = groups.resetOffsets(toLatest);
        assertThat(plan.getOffsets(0).getBefore()).isEqualTo(2);
        assertThat(plan.getOffsets(0).getAfter()).isEqualTo(4);
        assertThat(committed().get(0).getOffset()).isEqualTo(2);

        groups.resetOffsets(ResetOffsetsRequest.newBuilder(toLatest)
                .setEarliest(true)
                .setDryRun(false)
                .build());
        assertThat(committed().get(0).getOffset()).isEqualTo(0);
        groups.resetOffsets(ResetOffsetsRequest.newBuilder(toLatest)
                .setOffset(99)
                .setDryRun(false)
                .build());
        assertThat(committed().get(0).getOffset()).isEqualTo(4);
        groups.resetOffsets(ResetOffsetsRequest.newBuilder(toLatest)
                .setTimestampMillis(1)
                .setDryRun(false)
                .addPartitions(TopicPartitions.newBuilder().setTopic(topic))
                .build());
        assertThat(committed().get(0).getOffset()).isEqualTo(0);

        groups.heartbeat(joining("a", topic).build());
        assertThat(failure(() -> groups.resetOffsets(toLatest)).reason()).isEqualTo(ErrorReason.GROUP_NOT_EMPTY);
        assertThat(failure(() -> groups.deleteGroup(
                                DeleteGroupRequest.newBuilder().setGroup(group).build()))
                        .reason())
                .isEqualTo(ErrorReason.GROUP_NOT_EMPTY);
        groups.leaveGroup(
                LeaveGroupRequest.newBuilder().setGroup(group).setMemberId("a").build());
        assertThat(groups.listGroups(ListGroupsRequest.getDefaultInstance()).getGroupsList())
                .extracting(GroupSummary::getGroup)
                .contains(group);
        groups.deleteGroup(DeleteGroupRequest.newBuilder().setGroup(group).build());
        assertThat(failure(() -> described()).reason()).isEqualTo(ErrorReason.UNKNOWN_GROUP);
        assertThat(committed()).isEmpty();
    }

    @Test
    void topicsAreFoundByPatternWhenTheyComeAndForgottenWhenTheyGo() throws Exception {
        String prefix = "pattern-" + UUID.randomUUID();
        HeartbeatResponse none = groups.heartbeat(HeartbeatRequest.newBuilder()
                .setGroup(group)
                .setMemberId("a")
                .setMembership(Membership.newBuilder().setPattern(prefix + ".*"))
                .build());
        assertThat(none.getAssignmentList()).isEmpty();
        Future<HeartbeatResponse> waits =
                later.heartbeat(beat("a", none).setMaxWaitMillis(10_000).build());
        admin.createTopic(CreateTopicRequest.newBuilder()
                .setName(prefix + "-1")
                .setPartitions(3)
                .setReplicationFactor(1)
                .build());
        HeartbeatResponse some = waits.get(5, TimeUnit.SECONDS);
        assertThat(partitions(some)).containsExactly(0, 1, 2);
        groups.commitOffsets(committing(prefix + "-1", 0, 0)
                .setMemberId("a")
                .setMemberEpoch(some.getMemberEpoch())
                .build());

        waits = later.heartbeat(beat("a", some).setMaxWaitMillis(10_000).build());
        admin.deleteTopic(DeleteTopicRequest.newBuilder().setName(prefix + "-1").build());
        assertThat(waits.get(5, TimeUnit.SECONDS).getAssignmentList()).isEmpty();
        assertThat(committed()).isEmpty();
    }

    @Test
    void badRequestsAreRefusedByField() {
        for (HeartbeatRequest bad : List.of(
                joining("a", "t").setGroup("").build(),
                joining("", "t").build(),
                joining("a\n", "t").build(),
                joining("a", "t").setMemberEpoch(-1).build(),
                joining("a", "t").clearMembership().build(),
                joining("a", "t")
                        .setMembership(Membership.newBuilder().setPattern("("))
                        .build(),
                joining("a", "t")
                        .setMembership(Membership.newBuilder().setPattern("((a{100}){100}){100}"))
                        .build(),
                joining("a", "t")
                        .setMembership(Membership.newBuilder().setAssignor("best"))
                        .build(),
                joining("a", "t")
                        .setMembership(Membership.newBuilder().setSessionTimeoutMillis(999))
                        .build())) {
            Told told = failure(() -> groups.heartbeat(bad));
            assertThat(told.reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
            assertThat(told.data()).containsKey("field");
        }
        assertThat(failure(() -> groups.heartbeat(joining("a", "__groups").build()))
                        .reason())
                .isEqualTo(ErrorReason.INVALID_TOPIC_NAME);
        assertThat(failure(() -> groups.commitOffsets(CommitOffsetsRequest.newBuilder()
                                .setGroup(group)
                                .build()))
                        .reason())
                .isEqualTo(ErrorReason.INVALID_REQUEST);
    }

    @Test
    void nobodyButBrokersWritesTheInternalTopic() {
        groups.heartbeat(joining("a", newTopic(1)).build());
        Topic internal =
                admin
                        .listTopics(ListTopicsRequest.newBuilder()
                                .setIncludeInternal(true)
                                .build())
                        .getTopicsList()
                        .stream()
                        .filter(topic -> topic.getName().equals("__groups"))
                        .findFirst()
                        .orElseThrow();
        assertThat(internal.getPartitionsCount()).isEqualTo(8);
        assertThat(internal.getSettingsMap()).containsEntry("retention.ms", "unlimited");
        assertThat(failure(() -> messages.produce(records("__groups", 0, value("x")))))
                .extracting(Told::reason)
                .isEqualTo(ErrorReason.INVALID_REQUEST);
        assertThat(messages.fetch(fetch("__groups", described().getCoordinatorPartition(), 0)
                                .build())
                        .getRecordsList())
                .isNotEmpty();
    }

    @Test
    void theSameCanBeReadOverHttp() throws Exception {
        String topic = newTopic(1);
        messages.produce(records(topic, 0, value("x"), value("y")));
        groups.commitOffsets(committing(topic, 0, 1).build());

        assertThat(broker.http("/api/v1/groups").body()).contains("\"" + group + "\"");
        String page = broker.http("/api/v1/groups/" + group).body();
        assertThat(page).contains("\"EMPTY\"").contains("\"lag\" : 1").contains("\"" + topic + "\"");
        assertThat(broker.http("/api/v1/groups/none-such").statusCode()).isEqualTo(404);
    }
}
