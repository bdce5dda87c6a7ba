package io.millrace.broker.grpc;

import io.millrace.broker.group.Groups;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.group.state.Member;
import io.millrace.broker.group.state.Membership;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.protocol.v1.CommittedOffset;
import io.millrace.protocol.v1.DescribeGroupResponse;
import io.millrace.protocol.v1.GroupMember;
import io.millrace.protocol.v1.GroupPartition;
import io.millrace.protocol.v1.GroupState;
import io.millrace.protocol.v1.GroupSummary;
import io.millrace.protocol.v1.ListGroupsResponse;
import io.millrace.protocol.v1.OffsetReset;
import io.millrace.protocol.v1.TopicPartitions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Groups as the public API has them. */
final class GroupConversions {
    private GroupConversions() {}

    static List<TopicPartitions> partitions(Collection<PartitionKey> partitions, SortedMap<Long, String> names) {
        SortedMap<Long, TopicPartitions.Builder> byTopic = new TreeMap<>();
        for (PartitionKey partition : partitions) {
            byTopic.computeIfAbsent(
                            partition.topicId(),
                            id -> TopicPartitions.newBuilder().setTopicId(id).setTopic(names.getOrDefault(id, "")))
                    .addPartitions(partition.partition());
        }
        return byTopic.values().stream().map(TopicPartitions.Builder::build).toList();
    }

    static CommittedOffset offset(GroupReply.OffsetOf offset, SortedMap<Long, String> names) {
        PartitionKey partition = offset.partition();
        return CommittedOffset.newBuilder()
                .setTopic(names.getOrDefault(partition.topicId(), ""))
                .setTopicId(partition.topicId())
                .setPartition(partition.partition())
                .setOffset(offset.committed().offset())
                .setMetadata(offset.committed().metadata())
                .build();
    }

    static ListGroupsResponse list(List<Groups.OfCoordinator> coordinators) {
        List<GroupSummary> groups = new ArrayList<>();
        for (Groups.OfCoordinator coordinator : coordinators) {
            for (GroupReply.Summary group : coordinator.groups()) {
                groups.add(GroupSummary.newBuilder()
                        .setGroup(group.group())
                        .setState(state(group.state()))
                        .setMembers(group.members())
                        .setCoordinatorPartition(coordinator.partition())
                        .build());
            }
        }
        groups.sort(Comparator.comparing(GroupSummary::getGroup));
        return ListGroupsResponse.newBuilder().addAllGroups(groups).build();
    }

    static DescribeGroupResponse description(Groups.Description description, int coordinatorPartition) {
        GroupReply.Described group = description.group();
        DescribeGroupResponse.Builder told = DescribeGroupResponse.newBuilder()
                .setGroup(group.group())
                .setState(state(group.state()))
                .setEpoch(group.epoch())
                .setAssignor(group.assignor())
                .setCoordinatorPartition(coordinatorPartition);
        group.members().forEach((id, member) -> told.addMembers(member(id, member, group.names())));
        description.partitions().forEach(partition -> told.addPartitions(partition(partition)));
        return told.build();
    }

    private static GroupMember member(String id, Member member, SortedMap<Long, String> names) {
        Membership membership = member.membership();
        return GroupMember.newBuilder()
                .setMemberId(id)
                .setMemberEpoch(member.epoch())
                .setMembership(io.millrace.protocol.v1.Membership.newBuilder()
                        .addAllTopics(membership.topics())
                        .setPattern(membership.pattern())
                        .setInstanceId(membership.instanceId())
                        .setRack(membership.rack())
                        .setAssignor(membership.assignor())
                        .setSessionTimeoutMillis((int) membership.sessionTimeoutMillis())
                        .setRebalanceTimeoutMillis((int) membership.rebalanceTimeoutMillis()))
                .addAllAssignment(partitions(member.ownedSince().keySet(), names))
                .addAllRevoking(partitions(member.revokingSince().keySet(), names))
                .setAway(member.away())
                .build();
    }

    private static GroupPartition partition(Groups.PartitionOfGroup partition) {
        GroupPartition.Builder told = GroupPartition.newBuilder()
                .setTopic(partition.topic())
                .setTopicId(partition.partition().topicId())
                .setPartition(partition.partition().partition());
        partition.owner().ifPresent(told::setMemberId);
        partition.committed().ifPresent(committed -> told.setCommittedOffset(committed.offset())
                .setMetadata(committed.metadata()));
        partition.range().ifPresent(range -> told.setEarliestOffset(range.earliest())
                .setLatestOffset(range.latest()));
        partition.lag().ifPresent(told::setLag);
        return told.build();
    }

    static OffsetReset reset(Groups.Reset reset) {
        OffsetReset.Builder told = OffsetReset.newBuilder()
                .setTopic(reset.partition().topic())
                .setPartition(reset.partition().partition())
                .setAfter(reset.after());
        reset.before().ifPresent(told::setBefore);
        return told.build();
    }

    private static GroupState state(GroupReply.State state) {
        return switch (state) {
            case EMPTY -> GroupState.GROUP_STATE_EMPTY;
            case REBALANCING -> GroupState.GROUP_STATE_REBALANCING;
            case STABLE -> GroupState.GROUP_STATE_STABLE;
        };
    }
}
