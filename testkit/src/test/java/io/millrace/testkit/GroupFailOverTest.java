package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupListing;
import io.millrace.client.MillraceClient;
import io.millrace.client.OffsetReset;
import io.millrace.client.TopicDescription;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.DescribeGroupRequest;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.HeartbeatRequest;
import io.millrace.protocol.v1.HeartbeatResponse;
import io.millrace.protocol.v1.Membership;
import io.millrace.protocol.v1.PartitionCommit;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A group outlives the broker that coordinates it. */
class GroupFailOverTest {
    private static final String GROUP = "orders-readers";
    private static final String TOPIC = "orders";

    private static HeartbeatRequest.Builder beat(String member, HeartbeatResponse last) {
        return HeartbeatRequest.newBuilder()
                .setGroup(GROUP)
                .setMemberId(member)
                .setMemberEpoch(last.getMemberEpoch())
                .addAllOwned(last.getAssignmentList())
                .setMaxWaitMillis(200);
    }

    private static HeartbeatRequest joining(String member) {
        return HeartbeatRequest.newBuilder()
                .setGroup(GROUP)
                .setMemberId(member)
                .setMembership(Membership.newBuilder().addTopics(TOPIC))
                .build();
    }

    private static List<Integer> partitions(HeartbeatResponse response) {
        return response.getAssignmentList().stream()
                .flatMap(one -> one.getPartitionsList().stream())
                .toList();
    }

    @Test
    void aCoordinatorThatStopsDuringARebalanceIsReplacedAndNothingIsLost() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(3);
                MillraceClient client = cluster.client()) {
            client.admin().createTopic(TOPIC, 6, 3);
            List<String> addresses = List.of(cluster.bootstrap().split(","));
            ManagedChannel channel = channel(addresses.get(0));
            var groups = GroupServiceGrpc.newBlockingStub(channel);
            HeartbeatResponse a = groups.heartbeat(joining("a"));
            assertThat(partitions(a)).hasSize(6);
            groups.commitOffsets(CommitOffsetsRequest.newBuilder()
                    .setGroup(GROUP)
                    .setMemberId("a")
                    .setMemberEpoch(a.getMemberEpoch())
                    .addOffsets(PartitionCommit.newBuilder()
                            .setTopic(TOPIC)
                            .setPartition(3)
                            .setMetadata("kept"))
                    .build());
            HeartbeatResponse b = groups.heartbeat(joining("b"));
            assertThat(partitions(b)).isEmpty();

            int partition = groups.describeGroup(
                            DescribeGroupRequest.newBuilder().setGroup(GROUP).build())
                    .getCoordinatorPartition();
            TopicDescription internal = client.admin().describeTopic("__groups");
            assertThat(internal.replicationFactor()).isEqualTo(3);
            int coordinator = internal.partitions().get(partition).leader().orElseThrow();
            cluster.stopBroker(coordinator);
            channel.shutdownNow();
            ManagedChannel other = channel(addresses.get(coordinator == 1 ? 1 : 0));
            groups = GroupServiceGrpc.newBlockingStub(other).withDeadlineAfter(60, TimeUnit.SECONDS);

            // They go on where they were: a lets go, b gets, and nobody had to join again.
            HeartbeatResponse half = groups.heartbeat(beat("a", a).build());
            while (half.getMemberEpoch() == a.getMemberEpoch()) {
                half = groups.heartbeat(beat("a", a).build());
            }
            assertThat(partitions(half)).hasSize(3);
            groups.heartbeat(beat("a", half).build());
            while (partitions(b).size() < 3) {
                b = groups.heartbeat(beat("b", b).build());
            }
            List<Integer> all = new ArrayList<>(partitions(half));
            all.addAll(partitions(b));
            assertThat(all).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);

            GroupDescription described = client.admin().describeGroup(GROUP);
            assertThat(described.state()).isEqualTo("STABLE");
            assertThat(described.members())
                    .extracting(member -> member.memberId())
                    .containsExactly("a", "b");
            assertThat(described.partitions().get(3).metadata()).isEqualTo("kept");
            assertThat(described.partitions().get(3).committed()).hasValue(0);
            assertThat(client.admin().listGroups()).containsExactly(new GroupListing(GROUP, "STABLE", 2));
            assertThat(client.admin().resetOffsets("other", List.of(TOPIC), OffsetReset.Target.End.LATEST, false))
                    .hasSize(6)
                    .contains(new OffsetReset(new TopicPartition(TOPIC, 0), OptionalLong.empty(), 0));
            client.admin().deleteGroup("other");
            other.shutdownNow();
        }
    }

    private static ManagedChannel channel(String address) {
        return NettyChannelBuilder.forTarget(address).usePlaintext().build();
    }
}
