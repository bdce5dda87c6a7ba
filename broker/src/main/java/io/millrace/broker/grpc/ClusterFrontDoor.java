package io.millrace.broker.grpc;

import akka.grpc.javadsl.Metadata;
import io.millrace.broker.routing.LeaderView;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.v1.ClusterServicePowerApi;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GetMetadataResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;

/** What the cluster looks like, from what this broker knows: nothing is asked of others. */
final class ClusterFrontDoor implements ClusterServicePowerApi {
    private final TopicLookup topics;
    private final LeaderView leaders;
    private final IntPredicate alive;

    ClusterFrontDoor(TopicLookup topics, LeaderView leaders, IntPredicate alive) {
        this.topics = topics;
        this.leaders = leaders;
        this.alive = alive;
    }

    @Override
    public CompletionStage<GetMetadataResponse> getMetadata(GetMetadataRequest request, Metadata metadata) {
        ClusterMetadata known = topics.metadata();
        GetMetadataResponse.Builder response = GetMetadataResponse.newBuilder();
        known.clusterId().ifPresent(response::setClusterId);
        known.controllerId().ifPresent(response::setControllerId);
        known.brokers()
                .values()
                .forEach(broker -> response.addBrokers(Conversions.broker(broker, alive.test(broker.brokerId()))));
        List<TopicMetadata> wanted = request.getTopicsCount() == 0
                ? known.topics().values().stream()
                        .filter(topic -> !TopicName.isInternal(topic.name()))
                        .toList()
                : request.getTopicsList().stream().map(topics::topic).toList();
        wanted.forEach(topic -> response.addTopics(Conversions.topic(topic, leaders)));
        return CompletableFuture.completedFuture(response.build());
    }
}
