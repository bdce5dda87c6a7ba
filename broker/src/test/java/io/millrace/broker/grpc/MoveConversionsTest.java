package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.broker.routing.LeaderView;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.protocol.v1.Reassignment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MoveConversionsTest {
    private static final long TOPIC = 17;

    @Test
    void aMoveThatNobodyLeadsSaysWhatItWaitsFor() {
        TreeMap<Integer, BrokerRegistration> brokers = new TreeMap<>();
        for (int broker = 1; broker <= 3; broker++) {
            brokers.put(
                    broker,
                    new BrokerRegistration(
                            broker, "d" + broker, new Endpoint("h", 1), new Endpoint("h", 2), Optional.empty()));
        }
        TreeMap<String, TopicMetadata> topics = new TreeMap<>();
        topics.put("orders", new TopicMetadata("orders", TOPIC, 2, List.of(List.of(1, 2))));
        ClusterMetadata metadata =
                new ClusterMetadata(Optional.of("c"), 1, OptionalInt.of(1), brokers, new TreeSet<>(), topics, 100);
        ClusterMetadata moving = metadata.apply(
                        101,
                        new MetadataCommand.ReassignPartitions(
                                1,
                                List.of(new MetadataCommand.PartitionTarget(
                                        "orders", TOPIC, 0, List.of(1, 3), ReassignmentCause.REQUESTED))))
                .next();

        assertThat(MoveConversions.reassignments(moving, new LeaderView()).getReassignmentsList())
                .extracting(Reassignment::getWaitsFor)
                .containsExactly(
                        "orders-0 has no leader: nothing moves until a majority of its replicas, on brokers [1, 2],"
                                + " has elected one");
    }
}
