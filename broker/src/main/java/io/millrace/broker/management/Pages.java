package io.millrace.broker.management;

import io.millrace.broker.Failure;
import io.millrace.broker.Readiness;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.group.Groups;
import io.millrace.broker.group.state.Committed;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.group.state.Membership;
import io.millrace.broker.routing.Leader;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.ControllerReply;
import io.millrace.controller.MetadataReplica;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.metadata.TopicSettings;
import io.millrace.partition.replica.DiskSpace;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.ProposalCounters;
import io.millrace.partition.replica.ReplicaId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;

/** What can be looked at of the cluster, and the content of each page. */
final class Pages {
    /** A broker that is down must not make the page hang. */
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private final ManagementBackend.Parts parts;

    private Pages(ManagementBackend.Parts parts) {
        this.parts = parts;
    }

    static List<Endpoint> endpoints(ManagementBackend.Parts parts) {
        Pages pages = new Pages(parts);
        return List.of(
                Endpoint.page("/api/v1/brokers", pages::brokers),
                Endpoint.page("/api/v1/disk", pages::disk),
                Endpoint.later("/api/v1/controller", asked -> pages.controller()),
                Endpoint.later("/api/v1/metadata", asked -> pages.metadataGroup()),
                Endpoint.later("/api/v1/groups", asked -> pages.groups()),
                Endpoint.later("/api/v1/groups/{group}", asked -> pages.group(asked.parameter(0))),
                Endpoint.page("/api/v1/topics", pages::topics),
                Endpoint.get(
                        "/api/v1/topics/{topic}",
                        asked -> CompletableFuture.completedFuture(Json.ok(pages.topic(asked.parameter(0))))),
                Endpoint.later(
                        "/api/v1/topics/{topic}/partitions/{partition}",
                        asked -> pages.partition(asked.parameter(0), number(asked.parameter(1)))));
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new Failure.InvalidRequest("partition", "is a number, not '" + text + "'").asException();
        }
    }

    record Brokers(Optional<String> clusterId, int self, OptionalInt controller, List<Broker> brokers) {}

    /**
     * @param capacityPercent what it can carry, beside others
     * @param replicas that it holds, or is to hold
     */
    record Broker(
            int id, String client, String http, boolean alive, BrokerState state, long capacityPercent, int replicas) {}

    /** This broker's. */
    record Disk(DiskSpace space, long freeBytes, long reserveBytes) {}

    record Topics(List<Topic> topics) {}

    record Topic(
            String name,
            long id,
            int replicationFactor,
            SortedMap<String, String> settings,
            List<Partition> partitions) {}

    /**
     * @param target the brokers that shall hold it; empty if those that do
     * @param leader as this broker knows it
     */
    record Partition(
            int partition, List<Integer> replicas, Optional<List<Integer>> target, OptionalInt leader, long term) {}

    /**
     * @param leader where the other fields are from; empty if no leader answered, and then they are those of the replica with
     *     the highest commit index, or absent
     * @param replicas how each replica sees it, by broker; null for one that does not answer
     */
    record PartitionPage(
            String topic,
            long topicId,
            int partition,
            OptionalInt leader,
            Optional<String> role,
            Optional<Long> term,
            Optional<Long> commitIndex,
            Optional<Long> logStartOffset,
            Optional<Long> logEndOffset,
            Optional<Long> highWatermark,
            SortedMap<String, String> settings,
            Optional<Batching> batching,
            List<PartitionStatus.Peer> peers,
            SortedMap<Integer, Optional<PartitionStatus>> replicas) {}

    /** How many requests and records a proposal of this replica has on average, since it was started. */
    record Batching(long proposals, double requestsPerProposal, double recordsPerProposal) {
        static Optional<Batching> of(ProposalCounters proposed) {
            double proposals = proposed.proposals();
            return proposals == 0
                    ? Optional.empty()
                    : Optional.of(new Batching(
                            proposed.proposals(), proposed.requests() / proposals, proposed.records() / proposals));
        }
    }

    record GroupList(List<GroupSummary> groups) {}

    /** @param coordinatorPartition of {@code __groups} */
    record GroupSummary(String group, GroupReply.State state, int members, int coordinatorPartition) {}

    record GroupPage(
            String group,
            GroupReply.State state,
            long epoch,
            String assignor,
            int coordinatorPartition,
            List<GroupMember> members,
            List<GroupPartition> partitions) {}

    record GroupMember(
            String memberId,
            long epoch,
            Membership membership,
            List<String> assignment,
            List<String> revoking,
            boolean away) {}

    /** @param lag in records; empty if nothing is committed, or the partition's leader did not answer */
    record GroupPartition(
            String topic,
            int partition,
            Optional<String> memberId,
            Optional<Long> committedOffset,
            Optional<String> metadata,
            Optional<Long> earliestOffset,
            Optional<Long> latestOffset,
            Optional<Long> lag) {}

    /** @param controller empty if it does not answer */
    record ControllerPage(long epoch, OptionalInt brokerId, ControllerReply.Description controller) {}

    /**
     * @param leader where the other fields are from; empty if no leader answered, and then they are those of the replica with
     *     the highest commit index, or absent
     * @param replicas how each broker's replica sees it; null for one that does not answer
     */
    record MetadataPage(
            OptionalInt leader,
            Optional<Long> term,
            Optional<Long> commitIndex,
            List<PartitionStatus.Peer> peers,
            SortedMap<Integer, Optional<PartitionStatus>> replicas) {}

    Object brokers() {
        ClusterMetadata metadata = metadata();
        return new Brokers(
                metadata.clusterId(),
                parts.brokerId(),
                metadata.controllerId(),
                metadata.brokers().values().stream()
                        .map(b -> new Broker(
                                b.brokerId(),
                                b.client().toString(),
                                b.http().toString(),
                                parts.alive().test(b.brokerId()),
                                metadata.stateOf(b.brokerId()),
                                Math.round(100 * b.capacity()),
                                metadata.replicasOn(b.brokerId())))
                        .toList());
    }

    Object disk() {
        DiskReport.State state = parts.disk().state();
        return new Disk(state.space(), state.freeBytes(), parts.diskReserve().bytes());
    }

    Object topics() {
        return new Topics(metadata().topics().values().stream().map(this::told).toList());
    }

    Object topic(String name) {
        return told(find(name));
    }

    CompletionStage<GroupList> groups() {
        try {
            return parts.groups()
                    .list(TIMEOUT.toMillis())
                    .thenApply(coordinators -> new GroupList(coordinators.stream()
                            .flatMap(coordinator -> coordinator.groups().stream()
                                    .map(group -> new GroupSummary(
                                            group.group(), group.state(), group.members(), coordinator.partition())))
                            .sorted(Comparator.comparing(GroupSummary::group))
                            .toList()));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    CompletionStage<GroupPage> group(String name) {
        try {
            return parts.groups()
                    .describe(name, TIMEOUT.toMillis(), TIMEOUT.toMillis())
                    .thenApply(description -> told(description, parts.groups().coordinatorPartition(name)));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static GroupPage told(Groups.Description description, int coordinatorPartition) {
        GroupReply.Described group = description.group();
        List<GroupMember> members = new ArrayList<>();
        group.members()
                .forEach((id, member) -> members.add(new GroupMember(
                        id,
                        member.epoch(),
                        member.membership(),
                        told(member.ownedSince().keySet(), group.names()),
                        told(member.revokingSince().keySet(), group.names()),
                        member.away())));
        List<GroupPartition> partitions = description.partitions().stream()
                .map(partition -> new GroupPartition(
                        partition.topic(),
                        partition.partition().partition(),
                        partition.owner(),
                        partition.committed().map(Committed::offset),
                        partition.committed().map(Committed::metadata),
                        partition.range().map(Groups.Range::earliest),
                        partition.range().map(Groups.Range::latest),
                        partition.lag()))
                .toList();
        return new GroupPage(
                group.group(),
                group.state(),
                group.epoch(),
                group.assignor(),
                coordinatorPartition,
                members,
                partitions);
    }

    private static List<String> told(Collection<PartitionKey> partitions, SortedMap<Long, String> names) {
        return partitions.stream()
                .map(partition -> names.getOrDefault(partition.topicId(), "") + "-" + partition.partition())
                .toList();
    }

    CompletionStage<ControllerPage> controller() {
        ClusterMetadata metadata = parts.view().current();
        return parts.changes()
                .describeController(TIMEOUT)
                .thenApply(description ->
                        new ControllerPage(metadata.controllerEpoch(), metadata.controllerId(), description));
    }

    /** Asks no group to agree on anything: it is there for when the metadata's cannot. */
    CompletionStage<MetadataPage> metadataGroup() {
        return ask(metadata().brokers().keySet(), MetadataReplica::idOn).thenApply(replicas -> {
            Optional<PartitionStatus> leader = leaderOf(replicas);
            Optional<PartitionStatus> best = leader.or(() -> farthest(replicas));
            return new MetadataPage(
                    broker(leader),
                    best.map(PartitionStatus::term),
                    best.map(PartitionStatus::commitIndex),
                    best.map(PartitionStatus::peers).orElse(List.of()),
                    replicas);
        });
    }

    CompletionStage<PartitionPage> partition(String name, int number) {
        try {
            TopicMetadata topic = find(name);
            if (!topic.hasPartition(number)) {
                throw new Failure.UnknownPartition(name, number, topic.partitionCount()).asException();
            }
            return ask(topic, number);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletionStage<PartitionPage> ask(TopicMetadata topic, int number) {
        List<Integer> brokers = new ArrayList<>(topic.replicas(number));
        topic.wanted(number).stream()
                .filter(broker -> !brokers.contains(broker))
                .forEach(brokers::add);
        return ask(brokers, broker -> new ReplicaId(topic.name(), topic.id(), number, broker))
                .thenApply(replicas -> page(topic, number, replicas));
    }

    private CompletionStage<SortedMap<Integer, Optional<PartitionStatus>>> ask(
            Collection<Integer> brokers, IntFunction<ReplicaId> replicaOn) {
        List<ReplicaId> asked = brokers.stream().map(replicaOn::apply).toList();
        return parts.inspection().ask(asked, TIMEOUT).thenApply(statuses -> {
            SortedMap<Integer, Optional<PartitionStatus>> byBroker = new TreeMap<>();
            statuses.forEach((replica, status) -> byBroker.put(replica.brokerId(), status));
            return byBroker;
        });
    }

    /** Two may believe that they lead: the later term is right. */
    private static Optional<PartitionStatus> leaderOf(SortedMap<Integer, Optional<PartitionStatus>> replicas) {
        return replicas.values().stream()
                .flatMap(Optional::stream)
                .filter(status -> status.role().equals("LEADER"))
                .max(Comparator.comparingLong(PartitionStatus::term));
    }

    /** Whom to believe while nobody leads. */
    private static Optional<PartitionStatus> farthest(SortedMap<Integer, Optional<PartitionStatus>> replicas) {
        return replicas.values().stream()
                .flatMap(Optional::stream)
                .max(Comparator.comparingLong(PartitionStatus::commitIndex));
    }

    private static OptionalInt broker(Optional<PartitionStatus> replica) {
        return replica.map(status -> OptionalInt.of(status.brokerId())).orElse(OptionalInt.empty());
    }

    private static PartitionPage page(
            TopicMetadata topic, int number, SortedMap<Integer, Optional<PartitionStatus>> replicas) {
        Optional<PartitionStatus> leader = leaderOf(replicas);
        Optional<PartitionStatus> best = leader.or(() -> farthest(replicas));
        return new PartitionPage(
                topic.name(),
                topic.id(),
                number,
                broker(leader),
                best.map(PartitionStatus::role),
                best.map(PartitionStatus::term),
                best.map(PartitionStatus::commitIndex),
                best.map(PartitionStatus::logStartOffset),
                best.map(PartitionStatus::logEndOffset),
                best.map(PartitionStatus::highWatermark),
                TopicSettings.of(topic.settings()).toMap(),
                best.map(PartitionStatus::proposed).flatMap(Batching::of),
                best.map(PartitionStatus::peers).orElse(List.of()),
                replicas);
    }

    private Topic told(TopicMetadata topic) {
        List<Partition> partitions = new ArrayList<>();
        for (int number = 0; number < topic.partitionCount(); number++) {
            Optional<Leader> leader = parts.leaders()
                    .leaderOf(new PartitionKey(topic.id(), number))
                    .filter(Leader::reachable);
            partitions.add(new Partition(
                    number,
                    topic.replicas(number),
                    topic.target(number),
                    leader.map(Leader::broker).orElse(OptionalInt.empty()),
                    leader.map(Leader::term).orElse(0L)));
        }
        return new Topic(
                topic.name(),
                topic.id(),
                topic.replicationFactor(),
                TopicSettings.of(topic.settings()).toMap(),
                partitions);
    }

    private TopicMetadata find(String name) {
        return metadata().topic(name).orElseThrow(() -> new Failure.UnknownTopic(name).asException());
    }

    private ClusterMetadata metadata() {
        parts.readiness().require(Readiness.Condition.METADATA);
        return parts.view().current();
    }
}
