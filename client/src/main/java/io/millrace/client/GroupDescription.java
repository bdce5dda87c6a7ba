package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.DescribeGroupResponse;
import io.millrace.protocol.v1.GroupState;
import io.millrace.protocol.v1.TopicPartitions;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A consumer group: who is in it, and how far it has read.
 *
 * @param state EMPTY, REBALANCING or STABLE
 * @param epoch grows with each change of members or assignment
 * @param assignor the one in use
 */
public record GroupDescription(
        String group,
        String state,
        long epoch,
        String assignor,
        List<MemberDescription> members,
        List<PartitionOfGroup> partitions) {
    private static final String STATE_PREFIX = "GROUP_STATE_";

    /**
     * One member.
     *
     * @param instanceId empty unless it is a static member
     * @param rack empty if it named none
     * @param assignment what it may act on
     * @param revoking what it is to let go of
     * @param away it left and is expected back
     */
    public record MemberDescription(
            String memberId,
            String instanceId,
            String rack,
            List<TopicPartition> assignment,
            List<TopicPartition> revoking,
            boolean away) {}

    /**
     * A partition that the group reads or has read.
     *
     * @param memberId empty: nobody's just now
     * @param committed offset of the next record to read; empty: nothing committed
     * @param metadata committed with it
     * @param latest the offset that the next record will get; empty if the partition's leader did not answer
     * @param lag records left to read
     */
    public record PartitionOfGroup(
            TopicPartition partition,
            Optional<String> memberId,
            OptionalLong committed,
            String metadata,
            OptionalLong latest,
            OptionalLong lag) {}

    public GroupDescription {
        members = List.copyOf(members);
        partitions = List.copyOf(partitions);
    }

    static String told(GroupState state) {
        String name = state.name();
        return name.startsWith(STATE_PREFIX) ? name.substring(STATE_PREFIX.length()) : name;
    }

    static GroupDescription of(DescribeGroupResponse response) {
        return new GroupDescription(
                response.getGroup(),
                told(response.getState()),
                response.getEpoch(),
                response.getAssignor(),
                response.getMembersList().stream()
                        .map(member -> new MemberDescription(
                                member.getMemberId(),
                                member.getMembership().getInstanceId(),
                                member.getMembership().getRack(),
                                partitions(member.getAssignmentList()),
                                partitions(member.getRevokingList()),
                                member.getAway()))
                        .toList(),
                response.getPartitionsList().stream()
                        .map(partition -> new PartitionOfGroup(
                                new TopicPartition(partition.getTopic(), partition.getPartition()),
                                partition.hasMemberId() ? Optional.of(partition.getMemberId()) : Optional.empty(),
                                known(partition.hasCommittedOffset(), partition.getCommittedOffset()),
                                partition.getMetadata(),
                                known(partition.hasLatestOffset(), partition.getLatestOffset()),
                                known(partition.hasLag(), partition.getLag())))
                        .toList());
    }

    private static OptionalLong known(boolean is, long value) {
        return is ? OptionalLong.of(value) : OptionalLong.empty();
    }

    private static List<TopicPartition> partitions(List<TopicPartitions> topics) {
        return topics.stream()
                .flatMap(topic ->
                        topic.getPartitionsList().stream().map(number -> new TopicPartition(topic.getTopic(), number)))
                .toList();
    }
}
