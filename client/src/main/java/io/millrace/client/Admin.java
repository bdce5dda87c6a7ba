package io.millrace.client;

import io.grpc.MethodDescriptor;
import io.millrace.client.Calls.Reply;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.AlterBrokerConfigRequest;
import io.millrace.protocol.v1.AlterTopicRequest;
import io.millrace.protocol.v1.ClusterServiceGrpc;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.DeleteGroupRequest;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DescribeBrokerConfigRequest;
import io.millrace.protocol.v1.DescribeGroupRequest;
import io.millrace.protocol.v1.DescribeTopicRequest;
import io.millrace.protocol.v1.DrainBrokerRequest;
import io.millrace.protocol.v1.GetHealthRequest;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.ListBrokersRequest;
import io.millrace.protocol.v1.ListGroupsRequest;
import io.millrace.protocol.v1.ListReassignmentsRequest;
import io.millrace.protocol.v1.ListTopicsRequest;
import io.millrace.protocol.v1.PartitionDestination;
import io.millrace.protocol.v1.PartitionReplicas;
import io.millrace.protocol.v1.ReassignPartitionsRequest;
import io.millrace.protocol.v1.RebalanceLeadersRequest;
import io.millrace.protocol.v1.RebalanceReplicasRequest;
import io.millrace.protocol.v1.ResetOffsetsRequest;
import io.millrace.protocol.v1.Topic;
import io.millrace.protocol.v1.TopicPartitions;
import io.millrace.protocol.v1.TransferLeaderRequest;
import io.millrace.protocol.v1.UndrainBrokerRequest;
import io.millrace.protocol.v1.UnregisterBrokerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Changes and lists topics, looks after consumer groups, and shows the cluster. Each method blocks until it is done, for at most the client's time-out, and
 * fails with a {@link MillraceException}.
 *
 * <p>A change is repeated only while it was surely not applied: one that may have been ends with an unknown outcome, and a
 * look at the topics tells.
 */
public final class Admin {
    /** Leaves the number of replicas to the cluster: 3, or as many as there are brokers. */
    public static final int REPLICATION_FACTOR_DEFAULT = 0;

    private final ClientSettings settings;
    private final Calls calls;

    Admin(ClientSettings settings, Calls calls) {
        this.settings = settings;
        this.calls = calls;
    }

    /**
     * Creates a topic; then its partitions have leaders, unless time was too short.
     *
     * @param replicationFactor at most the number of brokers, or {@link #REPLICATION_FACTOR_DEFAULT}
     * @throws MillraceException INVALID_TOPIC_NAME, INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, TOPIC_ALREADY_EXISTS, or
     *     what any call may fail with
     */
    public TopicDescription createTopic(String name, int partitions, int replicationFactor) {
        return createTopic(new NewTopic(name, partitions, replicationFactor));
    }

    /**
     * The same, for a topic with settings of its own.
     *
     * @param settings by name, as {@code CreateTopicRequest} in {@code admin.proto} lists them, such as {@code flush.policy}
     * @throws MillraceException also INVALID_REQUEST, for settings that are unknown or make no sense
     */
    public TopicDescription createTopic(
            String name, int partitions, int replicationFactor, Map<String, String> settings) {
        return createTopic(new NewTopic(name, partitions, replicationFactor).withSettings(settings));
    }

    /**
     * The same, of which more can be said: also which brokers shall hold its partitions.
     *
     * @throws MillraceException also INVALID_REQUEST, for brokers that cannot be had
     */
    public TopicDescription createTopic(NewTopic wanted) {
        return createTopic(wanted, leaderWait());
    }

    /**
     * The same, for a topic of thousands of partitions, which may take longer to have leaders than a call should.
     *
     * @param leaderWait for how long to wait for leaders when the topic is there; otherwise that is half of the client's time-out
     */
    public TopicDescription createTopic(NewTopic wanted, Duration leaderWait) {
        CreateTopicRequest request = CreateTopicRequest.newBuilder()
                .setName(wanted.name())
                .setPartitions(wanted.partitions())
                .setReplicationFactor(wanted.replicationFactor())
                .addAllAssignment(assignment(wanted.assignment()))
                .putAllSettings(wanted.settings())
                .setLeaderWaitMs(millis(leaderWait))
                .build();
        Topic topic = Futures.await(change(AdminServiceGrpc.getCreateTopicMethod(), request))
                .getTopic();
        calls.metadata().learn(topic);
        return TopicDescription.of(topic, List.of());
    }

    /**
     * Gives a topic other settings; those that are not named stay as they are.
     *
     * @param settings by name, as {@code CreateTopicRequest} in {@code admin.proto} lists them
     * @param reset the names of those that are to be the default again
     * @throws MillraceException UNKNOWN_TOPIC, INVALID_REQUEST for settings that are unknown or make no sense, or what any call may fail
     *     with
     */
    public TopicDescription alterTopic(String name, Map<String, String> settings, List<String> reset) {
        return alterTopic(name, settings, reset, 0);
    }

    /**
     * Gives a topic more partitions, which are empty. Keys may belong to other partitions from then on.
     *
     * @param partitions how many there shall be
     * @throws MillraceException UNKNOWN_TOPIC, INVALID_PARTITIONS, INVALID_REQUEST if there are more already,
     *     INVALID_REPLICATION_FACTOR if too few brokers can be reached, or what any call may fail with
     */
    public TopicDescription growTopic(String name, int partitions) {
        return alterTopic(name, Map.of(), List.of(), partitions);
    }

    /**
     * Both in one step.
     *
     * @param partitions 0: as many as there are
     */
    public TopicDescription alterTopic(String name, Map<String, String> settings, List<String> reset, int partitions) {
        return alterTopic(new TopicChange(name, settings, reset, partitions), leaderWait());
    }

    /**
     * The same, of which more can be said: also which brokers shall hold the partitions that are added.
     *
     * @param leaderWait for how long to wait for leaders when that is done; otherwise that is half of the client's time-out
     * @throws MillraceException also INVALID_REQUEST, for brokers that cannot be had
     */
    public TopicDescription alterTopic(TopicChange change, Duration leaderWait) {
        AlterTopicRequest request = AlterTopicRequest.newBuilder()
                .setName(change.name())
                .putAllSettings(change.settings())
                .addAllResetSettings(change.reset())
                .setPartitions(change.partitions())
                .addAllAssignment(assignment(change.assignment()))
                .setLeaderWaitMs(millis(leaderWait))
                .build();
        Topic topic = Futures.await(change(AdminServiceGrpc.getAlterTopicMethod(), request))
                .getTopic();
        calls.metadata().learn(topic);
        return TopicDescription.of(topic, List.of());
    }

    /**
     * Deletes a topic and all its records.
     *
     * @throws MillraceException UNKNOWN_TOPIC, or what any call may fail with
     */
    public void deleteTopic(String name) {
        DeleteTopicRequest request =
                DeleteTopicRequest.newBuilder().setName(name).build();
        Futures.await(change(AdminServiceGrpc.getDeleteTopicMethod(), request));
        calls.metadata().forget(name);
    }

    /**
     * All topics, by name.
     *
     * @param includeInternal also the cluster's own
     * @throws MillraceException what any call may fail with
     */
    public List<TopicDescription> listTopics(boolean includeInternal) {
        ListTopicsRequest request = ListTopicsRequest.newBuilder()
                .setIncludeInternal(includeInternal)
                .build();
        return Futures.await(calls.read(AdminServiceGrpc.getListTopicsMethod(), request)).getTopicsList().stream()
                .map(topic -> TopicDescription.of(topic, List.of()))
                .sorted(Comparator.comparing(TopicDescription::name))
                .toList();
    }

    /**
     * One topic, with what the leaders of its partitions say.
     *
     * @throws MillraceException UNKNOWN_TOPIC, or what any call may fail with
     */
    public TopicDescription describeTopic(String name) {
        DescribeTopicRequest request =
                DescribeTopicRequest.newBuilder().setName(name).build();
        var answer = Futures.await(calls.read(AdminServiceGrpc.getDescribeTopicMethod(), request));
        return TopicDescription.of(answer.getTopic(), answer.getPartitionsList());
    }

    /**
     * Has a partition led by that broker, which holds a replica of it; no error if it leads already. For some minutes the cluster
     * leaves the partition there.
     *
     * @throws MillraceException UNKNOWN_TOPIC, UNKNOWN_PARTITION, UNKNOWN_BROKER, LEADER_NOT_TRANSFERRED, or what any call may fail
     *     with
     */
    public void transferLeader(String topic, int partition, int broker) {
        TransferLeaderRequest request = TransferLeaderRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setBroker(broker)
                .build();
        Futures.await(change(AdminServiceGrpc.getTransferLeaderMethod(), request));
        calls.metadata().forget(topic);
    }

    /**
     * Makes what brokers lead as even as it can be, by number and load, and all at once. Returns when that is begun.
     *
     * @param dryRun only tell what would be done
     * @throws MillraceException CONTROLLER_UNAVAILABLE, also while a fault keeps leaders where they are, or what any call may fail
     *     with
     */
    public LeaderPlan rebalanceLeaders(boolean dryRun) {
        RebalanceLeadersRequest request =
                RebalanceLeadersRequest.newBuilder().setDryRun(dryRun).build();
        return LeaderPlan.of(Futures.await(change(AdminServiceGrpc.getRebalanceLeadersMethod(), request)));
    }

    /**
     * Makes what brokers carry in replicas as even as it can be, for their capacity. Returns when that is begun; it goes on, a few moves at
     * a time, until brokers are even.
     *
     * @param dryRun only tell what would be done
     * @throws MillraceException CONTROLLER_UNAVAILABLE, also while a fault keeps replicas where they are, or what any call may fail
     *     with
     */
    public ReplicaPlan rebalanceReplicas(boolean dryRun) {
        return rebalanceReplicas(
                RebalanceReplicasRequest.newBuilder().setDryRun(dryRun).build());
    }

    /**
     * Begins no more of the moves of {@link #rebalanceReplicas}, and undoes those that are under way.
     *
     * @throws MillraceException what any call may fail with
     */
    public void stopRebalancingReplicas() {
        rebalanceReplicas(RebalanceReplicasRequest.newBuilder().setStop(true).build());
    }

    private ReplicaPlan rebalanceReplicas(RebalanceReplicasRequest request) {
        return ReplicaPlan.of(Futures.await(change(AdminServiceGrpc.getRebalanceReplicasMethod(), request)));
    }

    /**
     * The brokers and the controller.
     *
     * @throws MillraceException what any call may fail with
     */
    public ClusterDescription describeCluster() {
        return ClusterDescription.of(Futures.await(
                calls.read(ClusterServiceGrpc.getGetMetadataMethod(), GetMetadataRequest.getDefaultInstance())));
    }

    /**
     * What each of these brokers says of itself, asked at once, each once.
     *
     * @return by broker, of those that have answered
     */
    public SortedMap<Integer, BrokerHealth> askHealth(Collection<ClusterDescription.BrokerDescription> brokers) {
        SortedMap<Integer, BrokerHealth> answers = new ConcurrentSkipListMap<>();
        List<CompletableFuture<?>> asked = new ArrayList<>();
        for (ClusterDescription.BrokerDescription broker : brokers) {
            asked.add(calls.once(
                            broker.client(),
                            ClusterServiceGrpc.getGetHealthMethod(),
                            GetHealthRequest.getDefaultInstance())
                    .thenApply(BrokerHealth::of)
                    .handle((health, thrown) -> thrown == null ? answers.put(broker.id(), health) : null));
        }
        Futures.await(CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)));
        return answers;
    }

    /**
     * All registered brokers and what they hold.
     *
     * @throws MillraceException what any call may fail with
     */
    public List<BrokerListing> listBrokers() {
        return Futures.await(
                        calls.read(AdminServiceGrpc.getListBrokersMethod(), ListBrokersRequest.getDefaultInstance()))
                .getBrokersList()
                .stream()
                .map(BrokerListing::of)
                .toList();
    }

    /**
     * Has all replicas of a broker moved to others, a few at a time, and none placed on it any more. Returns when that is
     * committed; it is done when {@link #listBrokers} shows no replicas on it.
     *
     * @param dryRun only say what would be moved
     * @throws MillraceException UNKNOWN_BROKER, REASSIGNMENT_REFUSED, or what any call may fail with
     */
    public MovePlan drainBroker(int broker, boolean dryRun) {
        DrainBrokerRequest request = DrainBrokerRequest.newBuilder()
                .setBroker(broker)
                .setDryRun(dryRun)
                .build();
        return MovePlan.of(Futures.await(change(AdminServiceGrpc.getDrainBrokerMethod(), request)));
    }

    /**
     * Lets a broker have replicas again. What was moved off it stays where it is.
     *
     * @throws MillraceException UNKNOWN_BROKER, or what any call may fail with
     */
    public void undrainBroker(int broker) {
        UndrainBrokerRequest request =
                UndrainBrokerRequest.newBuilder().setBroker(broker).build();
        Futures.await(change(AdminServiceGrpc.getUndrainBrokerMethod(), request));
    }

    /**
     * Forgets a broker that has no replicas and is stopped.
     *
     * @throws MillraceException UNKNOWN_BROKER, REASSIGNMENT_REFUSED, or what any call may fail with
     */
    public void unregisterBroker(int broker) {
        UnregisterBrokerRequest request =
                UnregisterBrokerRequest.newBuilder().setBroker(broker).build();
        Futures.await(change(AdminServiceGrpc.getUnregisterBrokerMethod(), request));
    }

    /**
     * Changes settings of one broker, or of all, while they run; {@link BrokerConfig.Setting#live} tells which can be.
     *
     * @param broker whose; empty: those of all brokers that have none of their own
     * @param settings to be so from now on, by key
     * @param reset the keys of those that are not to be given any more
     * @throws MillraceException UNKNOWN_BROKER, INVALID_REQUEST for settings that are unknown, need a restart or make no sense, or what any
     *     call may fail with
     */
    public void alterBrokerConfig(OptionalInt broker, Map<String, String> settings, List<String> reset) {
        AlterBrokerConfigRequest.Builder request =
                AlterBrokerConfigRequest.newBuilder().putAllSettings(settings).addAllResetSettings(reset);
        broker.ifPresent(request::setBroker);
        Futures.await(change(AdminServiceGrpc.getAlterBrokerConfigMethod(), request.build()));
    }

    /**
     * How a broker is configured.
     *
     * @param broker which; empty: any
     * @throws MillraceException UNKNOWN_BROKER, or what any call may fail with
     */
    public BrokerConfig describeBrokerConfig(OptionalInt broker) {
        DescribeBrokerConfigRequest request = DescribeBrokerConfigRequest.getDefaultInstance();
        if (broker.isEmpty()) {
            return BrokerConfig.of(
                    Futures.await(calls.read(AdminServiceGrpc.getDescribeBrokerConfigMethod(), request)));
        }
        HostPort address = describeCluster().brokers().stream()
                .filter(known -> known.id() == broker.getAsInt())
                .map(ClusterDescription.BrokerDescription::client)
                .findFirst()
                .orElseThrow(() -> new MillraceException(
                        FailureReason.UNKNOWN_BROKER,
                        "there is no broker " + broker.getAsInt(),
                        Map.of("broker", "" + broker.getAsInt())));
        return BrokerConfig.of(
                Futures.await(calls.once(address, AdminServiceGrpc.getDescribeBrokerConfigMethod(), request)));
    }

    /**
     * Moves partitions to other brokers: all of them, or none. Returns when that is committed; it is done when {@link
     * #listReassignments} does not have them any more.
     *
     * @param destinations the brokers that shall hold each, the preferred leader first; none: those that do now, so that a move that is
     *     under way is undone
     * @param dryRun only say what would be moved
     * @throws MillraceException UNKNOWN_TOPIC, UNKNOWN_PARTITION, UNKNOWN_BROKER, REASSIGNMENT_REFUSED, or what any call may fail
     *     with
     */
    public MovePlan reassignPartitions(Map<TopicPartition, List<Integer>> destinations, boolean dryRun) {
        ReassignPartitionsRequest.Builder request =
                ReassignPartitionsRequest.newBuilder().setDryRun(dryRun);
        destinations.forEach((partition, brokers) -> request.addPartitions(PartitionDestination.newBuilder()
                .setTopic(partition.topic())
                .setPartition(partition.partition())
                .addAllBrokers(brokers)));
        return MovePlan.of(Futures.await(change(AdminServiceGrpc.getReassignPartitionsMethod(), request.build())));
    }

    /**
     * The partitions that are under way to other brokers.
     *
     * @throws MillraceException what any call may fail with
     */
    public List<PartitionReassignment> listReassignments() {
        return Futures.await(calls.read(
                        AdminServiceGrpc.getListReassignmentsMethod(), ListReassignmentsRequest.getDefaultInstance()))
                .getReassignmentsList()
                .stream()
                .map(PartitionReassignment::of)
                .toList();
    }

    /**
     * All consumer groups, by name.
     *
     * @throws MillraceException COORDINATOR_UNAVAILABLE, or what any call may fail with
     */
    public List<GroupListing> listGroups() {
        return Futures.await(calls.read(GroupServiceGrpc.getListGroupsMethod(), ListGroupsRequest.getDefaultInstance()))
                .getGroupsList()
                .stream()
                .map(group ->
                        new GroupListing(group.getGroup(), GroupDescription.told(group.getState()), group.getMembers()))
                .toList();
    }

    /**
     * One group, with what is left for it to read.
     *
     * @throws MillraceException UNKNOWN_GROUP, COORDINATOR_UNAVAILABLE, or what any call may fail with
     */
    public GroupDescription describeGroup(String group) {
        DescribeGroupRequest request =
                DescribeGroupRequest.newBuilder().setGroup(group).build();
        return GroupDescription.of(Futures.await(calls.read(GroupServiceGrpc.getDescribeGroupMethod(), request)));
    }

    /**
     * Forgets a group without members.
     *
     * @throws MillraceException UNKNOWN_GROUP, GROUP_NOT_EMPTY, COORDINATOR_UNAVAILABLE, or what any call may fail with
     */
    public void deleteGroup(String group) {
        DeleteGroupRequest request =
                DeleteGroupRequest.newBuilder().setGroup(group).build();
        Futures.await(change(GroupServiceGrpc.getDeleteGroupMethod(), request));
    }

    /**
     * Lets a group without members go on from another place.
     *
     * @param topics only these; none: all that the group has read
     * @param dryRun only say what would be done
     * @throws MillraceException GROUP_NOT_EMPTY, UNKNOWN_TOPIC, NO_LEADER, COORDINATOR_UNAVAILABLE, or what any call may fail with
     */
    public List<OffsetReset> resetOffsets(
            String group, List<String> topics, OffsetReset.Target target, boolean dryRun) {
        ResetOffsetsRequest.Builder request =
                ResetOffsetsRequest.newBuilder().setGroup(group).setDryRun(dryRun);
        topics.forEach(
                topic -> request.addPartitions(TopicPartitions.newBuilder().setTopic(topic)));
        if (target instanceof OffsetReset.Target.Offset offset) {
            request.setOffset(offset.offset());
        } else if (target instanceof OffsetReset.Target.Time time) {
            request.setTimestampMillis(time.time().toEpochMilli());
        } else if (target == OffsetReset.Target.End.LATEST) {
            request.setLatest(true);
        } else {
            request.setEarliest(true);
        }
        return Futures.await(change(GroupServiceGrpc.getResetOffsetsMethod(), request.build()))
                .getOffsetsList()
                .stream()
                .map(reset -> new OffsetReset(
                        new TopicPartition(reset.getTopic(), reset.getPartition()),
                        reset.hasBefore() ? OptionalLong.of(reset.getBefore()) : OptionalLong.empty(),
                        reset.getAfter()))
                .toList();
    }

    /** A call that is answered in time says more than one that is not. */
    private Duration leaderWait() {
        return settings.timeout().dividedBy(2);
    }

    private static int millis(Duration wait) {
        return (int) Math.min(Integer.MAX_VALUE, wait.toMillis());
    }

    private static List<PartitionReplicas> assignment(List<List<Integer>> partitions) {
        return partitions.stream()
                .map(brokers ->
                        PartitionReplicas.newBuilder().addAllBrokers(brokers).build())
                .toList();
    }

    /** One attempt may take all the time there is: the controller uses it to wait for leaders. */
    private <Q, S> CompletableFuture<S> change(MethodDescriptor<Q, S> method, Q request) {
        return calls.call(new Calls.Request<>(
                        method, request, Calls.Route.AnyBroker.ANY, false, settings.timeout(), settings.timeout()))
                .thenApply(Reply::message);
    }
}
