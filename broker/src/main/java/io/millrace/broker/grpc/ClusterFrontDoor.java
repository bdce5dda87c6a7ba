package io.millrace.broker.grpc;

import akka.grpc.javadsl.Metadata;
import io.millrace.broker.Version;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.broker.health.Health;
import io.millrace.broker.health.HealthReport;
import io.millrace.broker.routing.LeaderView;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.v1.ClusterServicePowerApi;
import io.millrace.protocol.v1.GetHealthRequest;
import io.millrace.protocol.v1.GetHealthResponse;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.Problem;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;

/** What the cluster looks like, and what is wrong, from what this broker knows: nothing is asked of others. */
final class ClusterFrontDoor implements ClusterServicePowerApi {
    private final TopicLookup topics;
    private final LeaderView leaders;
    private final IntPredicate alive;
    private final Health health;
    private final DiskReserve reserve;
    private final DiskReport disk;

    ClusterFrontDoor(
            TopicLookup topics,
            LeaderView leaders,
            IntPredicate alive,
            Health health,
            DiskReserve reserve,
            DiskReport disk) {
        this.topics = topics;
        this.leaders = leaders;
        this.alive = alive;
        this.health = health;
        this.reserve = reserve;
        this.disk = disk;
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

    @Override
    public CompletionStage<GetHealthResponse> getHealth(GetHealthRequest request, Metadata metadata) {
        return health.now().thenApply(this::told);
    }

    private GetHealthResponse told(HealthReport report) {
        GetHealthResponse.Builder response = GetHealthResponse.newBuilder()
                .setBrokerId(report.brokerId())
                .setStatus(GetHealthResponse.Status.valueOf(report.status().name()))
                .setTimeMillis(System.currentTimeMillis())
                .setLeaders(report.figures().leaders())
                .setReplicas(report.figures().replicas())
                .setUnderReplicated(report.figures().underReplicated())
                .setLagEntriesMax(report.figures().lagEntriesMax())
                .setDiskFreeBytes(disk.state().freeBytes())
                .setDiskReserveBytes(reserve.bytes())
                .setVersion(Version.TEXT);
        for (HealthReport.Group group : report.problems()) {
            Problem.Builder problem = response.addProblemsBuilder()
                    .setName(group.problem().name())
                    .setSeverity(
                            GetHealthResponse.Status.valueOf(group.severity().name()))
                    .setCount(group.count())
                    .setSinceMillis(group.since().toEpochMilli())
                    .setWhatToDo(group.whatToDo());
            group.affected().forEach(one -> problem.addAffectedBuilder()
                    .setSubject(one.subject())
                    .setDetail(one.detail())
                    .setSinceMillis(one.since().toEpochMilli()));
        }
        return response.build();
    }
}
