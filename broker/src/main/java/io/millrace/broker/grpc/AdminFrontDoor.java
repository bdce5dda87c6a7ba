package io.millrace.broker.grpc;

import akka.grpc.javadsl.Metadata;
import io.millrace.broker.Failure;
import io.millrace.broker.LeaderChanges;
import io.millrace.broker.TopicChanges;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.ConfiguredValue;
import io.millrace.broker.config.LiveSettings;
import io.millrace.broker.routing.Inspection;
import io.millrace.broker.routing.LeaderView;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.v1.AdminServicePowerApi;
import io.millrace.protocol.v1.AlterBrokerConfigRequest;
import io.millrace.protocol.v1.AlterBrokerConfigResponse;
import io.millrace.protocol.v1.AlterTopicRequest;
import io.millrace.protocol.v1.AlterTopicResponse;
import io.millrace.protocol.v1.BrokerShare;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.CreateTopicResponse;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DeleteTopicResponse;
import io.millrace.protocol.v1.DescribeBrokerConfigRequest;
import io.millrace.protocol.v1.DescribeBrokerConfigResponse;
import io.millrace.protocol.v1.DescribeTopicRequest;
import io.millrace.protocol.v1.DescribeTopicResponse;
import io.millrace.protocol.v1.DrainBrokerRequest;
import io.millrace.protocol.v1.LeaderMove;
import io.millrace.protocol.v1.ListBrokersRequest;
import io.millrace.protocol.v1.ListBrokersResponse;
import io.millrace.protocol.v1.ListReassignmentsRequest;
import io.millrace.protocol.v1.ListReassignmentsResponse;
import io.millrace.protocol.v1.ListTopicsRequest;
import io.millrace.protocol.v1.ListTopicsResponse;
import io.millrace.protocol.v1.MovePlan;
import io.millrace.protocol.v1.Partition;
import io.millrace.protocol.v1.PartitionReplicas;
import io.millrace.protocol.v1.PartitionState;
import io.millrace.protocol.v1.ReassignPartitionsRequest;
import io.millrace.protocol.v1.RebalanceLeadersRequest;
import io.millrace.protocol.v1.RebalanceLeadersResponse;
import io.millrace.protocol.v1.RebalanceReplicasRequest;
import io.millrace.protocol.v1.RebalanceReplicasResponse;
import io.millrace.protocol.v1.Topic;
import io.millrace.protocol.v1.TransferLeaderRequest;
import io.millrace.protocol.v1.TransferLeaderResponse;
import io.millrace.protocol.v1.UndrainBrokerRequest;
import io.millrace.protocol.v1.UndrainBrokerResponse;
import io.millrace.protocol.v1.UnregisterBrokerRequest;
import io.millrace.protocol.v1.UnregisterBrokerResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;

/** Creating, altering, deleting and listing topics. */
final class AdminFrontDoor implements AdminServicePowerApi {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Duration DESCRIBE_TIMEOUT_MAX = Duration.ofSeconds(3);

    private final TopicLookup topics;
    private final TopicChanges changes;
    private final LeaderChanges leaderChanges;
    private final LeaderView leaders;
    private final Inspection inspection;
    private final Deadlines deadlines;
    private final IntPredicate alive;
    private final Set<Integer> metadataVoters;
    private final LiveSettings settings;

    AdminFrontDoor(
            TopicLookup topics,
            TopicChanges changes,
            LeaderChanges leaderChanges,
            LeaderView leaders,
            Inspection inspection,
            Deadlines deadlines,
            IntPredicate alive,
            Set<Integer> metadataVoters,
            LiveSettings settings) {
        this.settings = settings;
        this.alive = alive;
        this.metadataVoters = metadataVoters;
        this.topics = topics;
        this.changes = changes;
        this.leaderChanges = leaderChanges;
        this.leaders = leaders;
        this.inspection = inspection;
        this.deadlines = deadlines;
    }

    @Override
    public CompletionStage<CreateTopicResponse> createTopic(CreateTopicRequest request, Metadata metadata) {
        Optional<String> problem = TopicName.problemWithCreating(request.getName());
        if (problem.isPresent()) {
            throw new Failure.InvalidTopicName(request.getName(), problem.get()).asException();
        }
        Duration timeout = timeout(metadata);
        return toldWithLeaders(
                        timeout,
                        request.hasLeaderWaitMs() ? millis(request.getLeaderWaitMs()) : timeout,
                        changes.create(
                                request.getName(),
                                request.getPartitions(),
                                request.getReplicationFactor(),
                                assignment(request.getAssignmentList()),
                                request.getSettingsMap(),
                                timeout))
                .thenApply(topic ->
                        CreateTopicResponse.newBuilder().setTopic(topic).build());
    }

    @Override
    public CompletionStage<AlterTopicResponse> alterTopic(AlterTopicRequest request, Metadata metadata) {
        if (TopicName.isInternal(request.getName())) {
            throw new Failure.InvalidRequest("name", "the cluster's own topics cannot be altered").asException();
        }
        Duration timeout = timeout(metadata);
        return toldWithLeaders(
                        timeout,
                        request.hasLeaderWaitMs() ? millis(request.getLeaderWaitMs()) : timeout,
                        changes.alter(
                                request.getName(),
                                request.getSettingsMap(),
                                request.getResetSettingsList(),
                                request.getPartitions(),
                                assignment(request.getAssignmentList()),
                                timeout))
                .thenApply(
                        topic -> AlterTopicResponse.newBuilder().setTopic(topic).build());
    }

    private static List<List<Integer>> assignment(List<PartitionReplicas> partitions) {
        return partitions.stream().map(PartitionReplicas::getBrokersList).toList();
    }

    private static Duration millis(int unsigned) {
        return Duration.ofMillis(Integer.toUnsignedLong(unsigned));
    }

    /** When each partition has a leader, time is over, or they have been waited for for so long. */
    private CompletionStage<Topic> toldWithLeaders(
            Duration timeout, Duration leaderWait, CompletionStage<TopicMetadata> changed) {
        long deadline = System.nanoTime() + timeout.toNanos();
        return changed.thenCompose(topic -> {
            long leftNanos = Math.max(0, deadline - System.nanoTime());
            return inspection
                    .awaitLeaders(topic, Duration.ofNanos(Math.min(leftNanos, leaderWait.toNanos())))
                    .thenApply(inTime -> Conversions.topic(topic, leaders));
        });
    }

    @Override
    public CompletionStage<DeleteTopicResponse> deleteTopic(DeleteTopicRequest request, Metadata metadata) {
        if (TopicName.isInternal(request.getName())) {
            throw new Failure.InvalidRequest("name", "the cluster's own topics cannot be deleted").asException();
        }
        return changes.delete(request.getName(), timeout(metadata))
                .thenApply(done -> DeleteTopicResponse.getDefaultInstance());
    }

    @Override
    public CompletionStage<ListTopicsResponse> listTopics(ListTopicsRequest request, Metadata metadata) {
        ListTopicsResponse.Builder response = ListTopicsResponse.newBuilder();
        topics.metadata().topics().values().stream()
                .filter(topic -> request.getIncludeInternal() || !TopicName.isInternal(topic.name()))
                .forEach(topic -> response.addTopics(Conversions.topic(topic, leaders)));
        return CompletableFuture.completedFuture(response.build());
    }

    @Override
    public CompletionStage<DescribeTopicResponse> describeTopic(DescribeTopicRequest request, Metadata metadata) {
        TopicMetadata topic = topics.topic(request.getName());
        Duration timeout = timeout(metadata);
        Duration patience = timeout.compareTo(DESCRIBE_TIMEOUT_MAX) < 0 ? timeout : DESCRIBE_TIMEOUT_MAX;
        Topic told = Conversions.topic(topic, leaders);
        List<ReplicaId> asked = told.getPartitionsList().stream()
                .filter(Partition::hasLeader)
                .map(p -> new ReplicaId(topic.name(), topic.id(), p.getPartition(), p.getLeader()))
                .toList();
        return inspection.ask(asked, patience).thenApply(statuses -> {
            Map<Integer, PartitionStatus> byPartition = new HashMap<>();
            statuses.forEach(
                    (replica, answer) -> answer.ifPresent(status -> byPartition.put(replica.partition(), status)));
            DescribeTopicResponse.Builder response =
                    DescribeTopicResponse.newBuilder().setTopic(told);
            for (int i = 0; i < told.getPartitionsCount(); i++) {
                response.addPartitions(state(i, Optional.ofNullable(byPartition.get(i))));
            }
            return response.build();
        });
    }

    @Override
    public CompletionStage<MovePlan> reassignPartitions(ReassignPartitionsRequest request, Metadata metadata) {
        List<ControllerCommand.Destination> destinations = request.getPartitionsList().stream()
                .map(to -> new ControllerCommand.Destination(to.getTopic(), to.getPartition(), to.getBrokersList()))
                .toList();
        return changes.reassign(destinations, request.getDryRun(), timeout(metadata))
                .thenApply(MoveConversions::plan);
    }

    @Override
    public CompletionStage<RebalanceReplicasResponse> rebalanceReplicas(
            RebalanceReplicasRequest request, Metadata metadata) {
        if (request.getStop() && request.getDryRun()) {
            throw new Failure.InvalidRequest("stop", "cannot be tried: dry_run is set as well").asException();
        }
        ControllerCommand.RebalanceReplicas.Mode mode = request.getStop()
                ? ControllerCommand.RebalanceReplicas.Mode.STOP
                : request.getDryRun()
                        ? ControllerCommand.RebalanceReplicas.Mode.DRY_RUN
                        : ControllerCommand.RebalanceReplicas.Mode.BEGIN;
        return changes.rebalanceReplicas(mode, timeout(metadata)).thenApply(MoveConversions::balance);
    }

    @Override
    public CompletionStage<ListReassignmentsResponse> listReassignments(
            ListReassignmentsRequest request, Metadata metadata) {
        return CompletableFuture.completedFuture(MoveConversions.reassignments(topics.metadata(), leaders));
    }

    @Override
    public CompletionStage<MovePlan> drainBroker(DrainBrokerRequest request, Metadata metadata) {
        return changes.setState(request.getBroker(), BrokerState.DRAINING, request.getDryRun(), timeout(metadata))
                .thenApply(MoveConversions::plan);
    }

    @Override
    public CompletionStage<UndrainBrokerResponse> undrainBroker(UndrainBrokerRequest request, Metadata metadata) {
        return changes.setState(request.getBroker(), BrokerState.ACTIVE, false, timeout(metadata))
                .thenApply(done -> UndrainBrokerResponse.getDefaultInstance());
    }

    @Override
    public CompletionStage<UnregisterBrokerResponse> unregisterBroker(
            UnregisterBrokerRequest request, Metadata metadata) {
        return changes.unregister(request.getBroker(), timeout(metadata))
                .thenApply(done -> UnregisterBrokerResponse.getDefaultInstance());
    }

    @Override
    public CompletionStage<AlterBrokerConfigResponse> alterBrokerConfig(
            AlterBrokerConfigRequest request, Metadata metadata) {
        return changes.alterBrokerSettings(
                        ConfigConversions.broker(request),
                        ConfigConversions.settings(request),
                        ConfigConversions.reset(request),
                        timeout(metadata))
                .thenApply(done -> AlterBrokerConfigResponse.getDefaultInstance());
    }

    @Override
    public CompletionStage<DescribeBrokerConfigResponse> describeBrokerConfig(
            DescribeBrokerConfigRequest request, Metadata metadata) {
        BrokerSettings now = settings.get();
        return CompletableFuture.completedFuture(ConfigConversions.describe(
                now.brokerId(),
                ConfiguredValue.allOf(now.akka()),
                topics.metadata().brokerSettings()));
    }

    @Override
    public CompletionStage<ListBrokersResponse> listBrokers(ListBrokersRequest request, Metadata metadata) {
        return CompletableFuture.completedFuture(
                MoveConversions.brokers(topics.metadata(), leaders, alive, metadataVoters));
    }

    private static PartitionState state(int partition, Optional<PartitionStatus> leader) {
        PartitionState.Builder state = PartitionState.newBuilder().setPartition(partition);
        leader.ifPresent(status -> {
            state.setLogStartOffset(status.logStartOffset())
                    .setHighWatermark(status.highWatermark())
                    .setSizeBytes(status.sizeBytes())
                    .addInSyncReplicas(status.brokerId());
            status.peers().stream()
                    .filter(peer -> peer.matchIndex() >= status.commitIndex())
                    .forEach(peer -> state.addInSyncReplicas(peer.brokerId()));
        });
        return state.build();
    }

    @Override
    public CompletionStage<TransferLeaderResponse> transferLeader(TransferLeaderRequest request, Metadata metadata) {
        return leaderChanges
                .transfer(request.getTopic(), request.getPartition(), request.getBroker(), timeout(metadata))
                .thenApply(done -> TransferLeaderResponse.getDefaultInstance());
    }

    @Override
    public CompletionStage<RebalanceLeadersResponse> rebalanceLeaders(
            RebalanceLeadersRequest request, Metadata metadata) {
        return leaderChanges.rebalance(request.getDryRun(), timeout(metadata)).thenApply(plan -> {
            RebalanceLeadersResponse.Builder response = RebalanceLeadersResponse.newBuilder();
            plan.moves()
                    .forEach(move -> response.addMoves(LeaderMove.newBuilder()
                            .setTopic(move.topic())
                            .setPartition(move.partition())
                            .setFrom(move.from())
                            .setTo(move.to())
                            .setReason(move.reason())));
            plan.carried()
                    .forEach((broker, carried) -> response.addBrokers(BrokerShare.newBuilder()
                            .setBroker(broker)
                            .setBefore(carried)
                            .setAfter(plan.carriedAfter().getOrDefault(broker, carried))));
            return response.build();
        });
    }

    private Duration timeout(Metadata metadata) {
        return Duration.ofMillis(deadlines.timeoutMillis(metadata, TIMEOUT));
    }
}
