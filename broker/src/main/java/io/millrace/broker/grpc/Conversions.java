package io.millrace.broker.grpc;

import io.millrace.broker.routing.Leader;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.metadata.TopicSettings;
import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.v1.Broker;
import io.millrace.protocol.v1.Partition;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.Topic;

/** Metadata as the public API has it. */
final class Conversions {
    private Conversions() {}

    static Topic topic(TopicMetadata topic, LeaderView leaders) {
        Topic.Builder told = Topic.newBuilder()
                .setName(topic.name())
                .setId(topic.id())
                .setReplicationFactor(topic.replicationFactor())
                .putAllSettings(TopicSettings.of(topic.settings()).toMap());
        for (int number = 0; number < topic.partitionCount(); number++) {
            Partition.Builder partition =
                    Partition.newBuilder().setPartition(number).addAllReplicas(topic.replicas(number));
            leaders.leaderOf(new PartitionKey(topic.id(), number))
                    .filter(Leader::reachable)
                    .ifPresent(leader -> {
                        leader.broker().ifPresent(partition::setLeader);
                        partition.setLeaderTerm(leader.term());
                    });
            told.addPartitions(partition);
        }
        return told.build();
    }

    static ProduceResponse.FlushPolicy flushPolicy(FlushPolicy.When when) {
        return switch (when) {
            case COMMIT -> ProduceResponse.FlushPolicy.COMMIT;
            case INTERVAL -> ProduceResponse.FlushPolicy.INTERVAL;
            case OS -> ProduceResponse.FlushPolicy.OS;
        };
    }

    static Broker broker(BrokerRegistration broker, boolean alive) {
        return Broker.newBuilder()
                .setId(broker.brokerId())
                .setHost(broker.client().host())
                .setPort(broker.client().port())
                .setHttpHost(broker.http().host())
                .setHttpPort(broker.http().port())
                .setAlive(alive)
                .setRack(broker.rack().orElse(""))
                .build();
    }
}
