package io.millrace.controller;

import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.DynamicSettings;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.metadata.TopicSettings;
import io.millrace.controller.placement.Placement;
import io.millrace.controller.placement.ReplicaWeights;
import io.millrace.protocol.TopicName;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What the controller does about a request, given what it knows: pure. Here everything is checked that a user can get
 * wrong, and everything that depends on the moment or on settings; the state machine checks again only what it needs to
 * stay sane.
 */
final class ControllerDecisions {
    /** What the public API promises to whoever does not say. */
    private static final int REPLICATION_FACTOR_USUAL = 3;

    sealed interface Decision {}

    /**
     * Do it.
     *
     * @param plan what to answer when it is done, if that is more than the result says
     */
    record Submit(MetadataCommand command, Optional<ControllerReply.Plan> plan) implements Decision {
        Submit(MetadataCommand command) {
            this(command, Optional.empty());
        }
    }

    /** Nothing to do, or nothing that could be done. */
    record Answer(ControllerReply reply) implements Decision {}

    private final int partitionsPerTopicMax;
    private final MoveDecisions moves;
    private final BrokerConfiguration configuration;

    ControllerDecisions(int partitionsPerTopicMax, Set<Integer> metadataVoters, BrokerConfiguration configuration) {
        this.partitionsPerTopicMax = partitionsPerTopicMax;
        this.configuration = configuration;
        this.moves = new MoveDecisions(metadataVoters);
    }

    /** @param weights asked for what partitions weigh if that matters: to know it takes a look at all of them */
    Decision decide(
            ControllerCommand.Request request,
            ClusterMetadata metadata,
            LiveBrokers live,
            Supplier<ReplicaWeights> weights) {
        if (request instanceof ControllerCommand.CreateTopic create) {
            return createTopic(create, metadata, live, weights);
        }
        if (request instanceof ControllerCommand.AlterTopic alter) {
            return alterTopic(alter, metadata, live, weights);
        }
        if (request instanceof ControllerCommand.DeleteTopic delete) {
            return deleteTopic(delete, metadata);
        }
        if (request instanceof ControllerCommand.RegisterBroker register) {
            return registerBroker(register, metadata, live);
        }
        if (request instanceof ControllerCommand.AllocateProducerIds allocate) {
            return new Submit(new MetadataCommand.AllocateProducerIds(metadata.controllerEpoch(), allocate.brokerId()));
        }
        if (request instanceof ControllerCommand.CompleteReassignments complete) {
            return completeReassignments(complete, metadata);
        }
        if (request instanceof ControllerCommand.ReassignPartitions reassign) {
            return moves.reassign(reassign, metadata, live);
        }
        if (request instanceof ControllerCommand.SetBrokerState set) {
            return moves.setState(set, metadata, live);
        }
        if (request instanceof ControllerCommand.AlterBrokerSettings alter) {
            return alterBrokerSettings(alter, metadata);
        }
        if (request instanceof ControllerCommand.UnregisterBroker unregister) {
            return moves.unregister(unregister, metadata, live);
        }
        throw new IllegalStateException("no decision about " + request);
    }

    private Decision createTopic(
            ControllerCommand.CreateTopic request,
            ClusterMetadata metadata,
            LiveBrokers live,
            Supplier<ReplicaWeights> weights) {
        // Of the internal ones, brokers ask for this; users are refused at the front door.
        Optional<String> problem = request.name().equals(TopicName.GROUPS)
                ? Optional.empty()
                : TopicName.problemWithCreating(request.name());
        if (problem.isPresent()) {
            return new Answer(new ControllerReply.InvalidTopicName(request.name(), problem.get()));
        }
        List<List<Integer>> named = request.assignment();
        int partitions = request.partitions() == 0 ? named.size() : request.partitions();
        if (partitions < 1 || partitions > partitionsPerTopicMax) {
            return new Answer(new ControllerReply.InvalidPartitions(partitions, partitionsPerTopicMax));
        }
        TopicSettings settings;
        try {
            settings = TopicSettings.of(request.settings());
        } catch (IllegalArgumentException e) {
            return new Answer(new ControllerReply.InvalidTopicSettings(String.valueOf(e.getMessage())));
        }
        if (metadata.topics().containsKey(request.name())) {
            return new Answer(new ControllerReply.TopicExists(request.name()));
        }
        NavigableSet<Integer> candidates = candidates(metadata, live);
        int usual = named.isEmpty()
                ? Math.min(REPLICATION_FACTOR_USUAL, candidates.size())
                : named.get(0).size();
        int replicationFactor = request.replicationFactor() == 0 ? usual : request.replicationFactor();
        Optional<ControllerReply> refusal = named.isEmpty()
                ? refusal(replicationFactor, candidates)
                : NamedBrokers.problemWith(named, 0, partitions, replicationFactor, metadata, live)
                        .map(ControllerReply.InvalidAssignment::new);
        if (refusal.isPresent()) {
            return new Answer(refusal.get());
        }
        Optional<String> tooFew = settings.problemWith(replicationFactor);
        if (tooFew.isPresent()) {
            return new Answer(new ControllerReply.InvalidTopicSettings(tooFew.get()));
        }
        return new Submit(new MetadataCommand.CreateTopic(
                metadata.controllerEpoch(),
                request.name(),
                replicationFactor,
                named.isEmpty()
                        ? Placement.place(metadata, candidates, weights.get(), partitions, replicationFactor)
                        : named,
                new TreeMap<>(request.settings())));
    }

    private static Optional<ControllerReply> refusal(int replicationFactor, NavigableSet<Integer> candidates) {
        if (replicationFactor >= 0 && candidates.isEmpty()) {
            return Optional.of(
                    new ControllerReply.Unavailable("no registered broker can be reached that is not drained"));
        }
        return replicationFactor < 0 || replicationFactor > candidates.size()
                ? Optional.of(new ControllerReply.InvalidReplicationFactor(replicationFactor, candidates.size()))
                : Optional.empty();
    }

    /** Brokers that may be given replicas. */
    private static NavigableSet<Integer> candidates(ClusterMetadata metadata, LiveBrokers live) {
        NavigableSet<Integer> candidates = metadata.activeBrokers();
        candidates.retainAll(live.ids());
        return candidates;
    }

    private Decision alterTopic(
            ControllerCommand.AlterTopic request,
            ClusterMetadata metadata,
            LiveBrokers live,
            Supplier<ReplicaWeights> weights) {
        Optional<TopicMetadata> found = metadata.topic(request.name());
        if (found.isEmpty()) {
            return new Answer(new ControllerReply.UnknownTopic(request.name()));
        }
        TopicMetadata topic = found.get();
        NavigableMap<String, String> settings;
        try {
            settings = TopicSettings.altered(topic.settings(), request.settings(), request.reset());
        } catch (IllegalArgumentException e) {
            return new Answer(new ControllerReply.InvalidTopicSettings(String.valueOf(e.getMessage())));
        }
        Optional<String> tooFew = TopicSettings.of(settings).problemWith(topic.replicasMin());
        if (tooFew.isPresent()) {
            return new Answer(new ControllerReply.InvalidTopicSettings(tooFew.get()));
        }
        int partitions = request.partitions() == 0 ? topic.partitionCount() : request.partitions();
        if (partitions < 0 || partitions > partitionsPerTopicMax) {
            return new Answer(new ControllerReply.InvalidPartitions(partitions, partitionsPerTopicMax));
        }
        int added = partitions - topic.partitionCount();
        if (added < 0 && !request.assignment().isEmpty()) {
            return new Answer(
                    new ControllerReply.InvalidAssignment("brokers are named for new partitions, which begin with "
                            + topic.partitionCount() + "; those that there are can be reassigned"));
        }
        if (added < 0) {
            return new Answer(new ControllerReply.InvalidRequest("topic " + topic.name() + " has "
                    + topic.partitionCount() + " partitions, and cannot have less: " + partitions));
        }
        List<List<Integer>> named = request.assignment();
        boolean isRepetition = added == 0 && NamedBrokers.areThoseOf(named, topic);
        Optional<String> problem = named.isEmpty() || isRepetition
                ? Optional.empty()
                : NamedBrokers.problemWith(
                        named, topic.partitionCount(), added, topic.replicationFactor(), metadata, live);
        if (problem.isPresent()) {
            return new Answer(new ControllerReply.InvalidAssignment(problem.get()));
        }
        if (added == 0 && settings.equals(topic.settings())) {
            return new Answer(new ControllerReply.TopicAltered(topic, metadata.appliedIndex()));
        }
        NavigableSet<Integer> candidates = candidates(metadata, live);
        if (added > 0 && named.isEmpty() && candidates.size() < topic.replicationFactor()) {
            return new Answer(
                    new ControllerReply.InvalidReplicationFactor(topic.replicationFactor(), candidates.size()));
        }
        return new Submit(new MetadataCommand.AlterTopic(
                metadata.controllerEpoch(),
                topic.name(),
                topic.id(),
                settings,
                added == 0
                        ? List.of()
                        : named.isEmpty()
                                ? Placement.place(metadata, candidates, weights.get(), added, topic.replicationFactor())
                                : named));
    }

    private static Decision deleteTopic(ControllerCommand.DeleteTopic request, ClusterMetadata metadata) {
        Optional<TopicMetadata> topic = metadata.topic(request.name());
        if (topic.isEmpty()) {
            return new Answer(new ControllerReply.UnknownTopic(request.name()));
        }
        return new Submit(new MetadataCommand.DeleteTopic(
                metadata.controllerEpoch(), request.name(), topic.get().id()));
    }

    private static Decision registerBroker(
            ControllerCommand.RegisterBroker request, ClusterMetadata metadata, LiveBrokers live) {
        BrokerRegistration broker = request.broker();
        Optional<String> problem = broker.problem();
        if (problem.isPresent()) {
            return new Answer(new ControllerReply.InvalidRequest(problem.get()));
        }
        String clusterId = metadata.clusterId().orElseThrow();
        if (request.clusterId().isPresent() && !request.clusterId().get().equals(clusterId)) {
            return new Answer(new ControllerReply.WrongCluster(
                    clusterId, request.clusterId().get()));
        }
        Optional<BrokerRegistration> registered = metadata.broker(broker.brokerId());
        if (registered.isPresent() && !registered.get().directoryId().equals(broker.directoryId())) {
            // The same id with other data: a new disk, or two brokers configured alike. In the latter case the one that
            // is registered is, normally, alive.
            SortedSet<String> others = live.othersNamed(broker.brokerId(), request.memberAddress());
            if (!others.isEmpty()) {
                return new Answer(new ControllerReply.BrokerIdTaken(broker.brokerId(), others.first()));
            }
            if (request.clusterId().isPresent()) {
                // It has been here, and another has taken its place since: what it remembers is not all that was
                // promised in its name. A new one has no such memories, and its replicas begin without a vote.
                return new Answer(new ControllerReply.InvalidRequest("broker " + broker.brokerId()
                        + " has gone on with data directory "
                        + registered.get().directoryId()
                        + " and came back with an older one, " + broker.directoryId()
                        + ": bring that one back, or let it begin with an empty directory"));
            }
        }
        if (registered.equals(Optional.of(broker))) {
            return new Answer(new ControllerReply.BrokerRegistered(clusterId, metadata.appliedIndex()));
        }
        return new Submit(new MetadataCommand.RegisterBroker(
                metadata.controllerEpoch(),
                request.clusterId(),
                registered.map(BrokerRegistration::directoryId),
                broker));
    }

    private Decision alterBrokerSettings(ControllerCommand.AlterBrokerSettings request, ClusterMetadata metadata) {
        OptionalInt broker = request.brokerId();
        if (broker.isPresent() && metadata.broker(broker.getAsInt()).isEmpty()) {
            return new Answer(new ControllerReply.UnknownBroker(broker.getAsInt()));
        }
        DynamicSettings before = metadata.brokerSettings();
        NavigableMap<String, String> given;
        try {
            given = DynamicSettings.altered(before.givenTo(broker), request.settings(), request.reset());
        } catch (IllegalArgumentException e) {
            return new Answer(new ControllerReply.InvalidBrokerSettings(String.valueOf(e.getMessage())));
        }
        DynamicSettings after = before.with(broker, given);
        Optional<String> problem = Stream.concat(request.settings().keySet().stream(), request.reset().stream())
                .sorted()
                .flatMap(name -> configuration.problemWithName(name).stream())
                .findFirst()
                .or(() -> after.combinations().stream()
                        .flatMap(settings -> configuration.problemWith(settings).stream())
                        .findFirst());
        if (problem.isPresent()) {
            return new Answer(new ControllerReply.InvalidBrokerSettings(problem.get()));
        }
        return after.equals(before)
                ? new Answer(new ControllerReply.Changed(0, metadata.appliedIndex()))
                : new Submit(new MetadataCommand.SetBrokerSettings(metadata.controllerEpoch(), broker, given));
    }

    /** Told again and again, so most often there is nothing left to do. */
    private static Decision completeReassignments(
            ControllerCommand.CompleteReassignments request, ClusterMetadata metadata) {
        List<MetadataCommand.PartitionReassigned> open =
                request.partitions().stream().filter(metadata::isOpen).toList();
        return open.isEmpty()
                ? new Answer(new ControllerReply.Changed(0, metadata.appliedIndex()))
                : new Submit(new MetadataCommand.CompleteReassignments(metadata.controllerEpoch(), open));
    }

    /** What to tell the asker about a command that was applied. */
    static ControllerReply replyFor(MetadataResult result, long index) {
        if (result instanceof MetadataResult.TopicCreated created) {
            return new ControllerReply.TopicCreated(created.topic(), index);
        }
        if (result instanceof MetadataResult.TopicAltered altered) {
            return new ControllerReply.TopicAltered(altered.topic(), index);
        }
        if (result instanceof MetadataResult.TopicDeleted deleted) {
            return new ControllerReply.TopicDeleted(deleted.name(), deleted.topicId(), index);
        }
        if (result instanceof MetadataResult.BrokerRegistered registered) {
            return new ControllerReply.BrokerRegistered(registered.clusterId(), index);
        }
        if (result instanceof MetadataResult.ProducerIdsAllocated ids) {
            return new ControllerReply.ProducerIdsAllocated(ids.firstId(), ids.count(), index);
        }
        if (result instanceof MetadataResult.Changed changed) {
            return new ControllerReply.Changed(changed.count(), index);
        }
        if (result instanceof MetadataResult.TopicExists exists) {
            return new ControllerReply.TopicExists(exists.name());
        }
        if (result instanceof MetadataResult.UnknownTopic unknown) {
            return new ControllerReply.UnknownTopic(unknown.name());
        }
        if (result instanceof MetadataResult.WrongCluster wrong) {
            return new ControllerReply.WrongCluster(wrong.expected(), wrong.actual());
        }
        if (result instanceof MetadataResult.BrokerIdTaken taken) {
            return new ControllerReply.BrokerIdTaken(
                    taken.brokerId(), taken.by().toString());
        }
        if (result instanceof MetadataResult.Invalid invalid) {
            return new ControllerReply.InvalidRequest(invalid.problem());
        }
        if (result instanceof MetadataResult.StaleController stale) {
            return new ControllerReply.Unavailable("superseded by the controller of epoch " + stale.currentEpoch());
        }
        if (result instanceof MetadataResult.Claimed claimed) {
            throw new IllegalStateException("nobody asked for " + claimed);
        }
        throw new IllegalStateException("no reply for " + result);
    }
}
