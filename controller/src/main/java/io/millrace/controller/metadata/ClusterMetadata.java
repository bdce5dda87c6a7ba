package io.millrace.controller.metadata;

import io.millrace.protocol.TopicName;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * All that the cluster knows of itself after the log entry {@code appliedIndex}. An immutable value: replicas that have
 * applied the same entries are equal.
 *
 * @param clusterId made up by the first controller; empty before
 * @param controllerEpoch counts the controllers that have ruled; 0: none yet
 * @param controllerId the broker that the current one runs on
 * @param brokers all that ever registered, by id, whether they are up or not
 * @param topics by name
 */
public record ClusterMetadata(
        Optional<String> clusterId,
        long controllerEpoch,
        OptionalInt controllerId,
        NavigableMap<Integer, BrokerRegistration> brokers,
        NavigableMap<String, TopicMetadata> topics,
        long appliedIndex) {

    /** No topic has more, whatever a controller's settings allow. All replicas must agree on it: never lower it. */
    public static final int PARTITIONS_PER_TOPIC_MAX = 10_000;

    /** How many producer ids one command allocates: entry {@code i} those from {@code i} times this on. Never change it. */
    public static final int PRODUCER_IDS_PER_BLOCK = 1_000;

    public static final ClusterMetadata EMPTY =
            new ClusterMetadata(Optional.empty(), 0, OptionalInt.empty(), new TreeMap<>(), new TreeMap<>(), 0);

    public ClusterMetadata {
        brokers = Collections.unmodifiableNavigableMap(new TreeMap<>(brokers));
        topics = Collections.unmodifiableNavigableMap(new TreeMap<>(topics));
    }

    public Optional<TopicMetadata> topic(String name) {
        return Optional.ofNullable(topics.get(name));
    }

    public Optional<BrokerRegistration> broker(int brokerId) {
        return Optional.ofNullable(brokers.get(brokerId));
    }

    /**
     * The metadata after this entry, which must be the next one.
     *
     * @throws IllegalStateException if {@code index} does not follow {@link #appliedIndex()}
     */
    public Applied apply(long index, MetadataCommand command) {
        ClusterMetadata here = skip(index);
        if (command.epoch() != controllerEpoch) {
            return here.refuse(new MetadataResult.StaleController(controllerEpoch));
        }
        if (command instanceof MetadataCommand.ClaimController claim) {
            return here.claim(claim);
        }
        if (controllerEpoch == 0) {
            // Epoch 0 is nobody's: it can be claimed, but nobody can rule in it.
            return here.refuse(new MetadataResult.StaleController(0));
        }
        if (command instanceof MetadataCommand.RegisterBroker register) {
            return here.register(register);
        }
        if (command instanceof MetadataCommand.CreateTopic create) {
            return here.createTopic(create);
        }
        if (command instanceof MetadataCommand.AlterTopic alter) {
            return here.alterTopic(alter);
        }
        if (command instanceof MetadataCommand.DeleteTopic delete) {
            return here.deleteTopic(delete);
        }
        if (command instanceof MetadataCommand.AllocateProducerIds) {
            return here.allocateProducerIds();
        }
        throw new IllegalStateException("no rule for " + command);
    }

    /**
     * The same metadata after an entry that is no command.
     *
     * @throws IllegalStateException if {@code index} does not follow {@link #appliedIndex()}
     */
    public ClusterMetadata skip(long index) {
        if (index != appliedIndex + 1) {
            throw new IllegalStateException(
                    "broken invariant: entry " + index + " cannot be applied after entry " + appliedIndex);
        }
        return new ClusterMetadata(clusterId, controllerEpoch, controllerId, brokers, topics, index);
    }

    // From here on appliedIndex is that of the entry that is being applied.

    private Applied claim(MetadataCommand.ClaimController command) {
        String id = clusterId.orElse(command.proposedClusterId());
        if (id.isBlank()) {
            return refuse(new MetadataResult.Invalid("a cluster's id cannot be blank"));
        }
        long epoch = controllerEpoch + 1;
        return new Applied(
                new ClusterMetadata(
                        Optional.of(id), epoch, OptionalInt.of(command.brokerId()), brokers, topics, appliedIndex),
                new MetadataResult.Claimed(epoch, id));
    }

    private Applied register(MetadataCommand.RegisterBroker command) {
        BrokerRegistration broker = command.broker();
        String ours = clusterId.orElseThrow();
        Optional<String> theirs = command.clusterId();
        if (theirs.isPresent() && !theirs.get().equals(ours)) {
            return refuse(new MetadataResult.WrongCluster(ours, theirs.get()));
        }
        Optional<String> problem = broker.problem();
        if (problem.isPresent()) {
            return refuse(new MetadataResult.Invalid(problem.get()));
        }
        Optional<BrokerRegistration> registered = broker(broker.brokerId());
        Optional<String> directory = registered.map(BrokerRegistration::directoryId);
        if (registered.isPresent()
                && !registered.get().directoryId().equals(broker.directoryId())
                && !directory.equals(command.replacedDirectoryId())) {
            return refuse(new MetadataResult.BrokerIdTaken(
                    broker.brokerId(), registered.get().client()));
        }
        NavigableMap<Integer, BrokerRegistration> after = new TreeMap<>(brokers);
        after.put(broker.brokerId(), broker);
        return new Applied(
                new ClusterMetadata(clusterId, controllerEpoch, controllerId, after, topics, appliedIndex),
                new MetadataResult.BrokerRegistered(ours));
    }

    private Applied createTopic(MetadataCommand.CreateTopic command) {
        if (topics.containsKey(command.name())) {
            return refuse(new MetadataResult.TopicExists(command.name()));
        }
        Optional<String> problem = TopicName.problemWith(command.name())
                .or(() -> problemWith(command.assignment(), command.replicationFactor()));
        if (problem.isPresent()) {
            return refuse(new MetadataResult.Invalid(problem.get()));
        }
        TopicMetadata topic = new TopicMetadata(
                command.name(), appliedIndex, command.replicationFactor(), command.assignment(), command.settings());
        return new Applied(with(topic), new MetadataResult.TopicCreated(topic));
    }

    private Applied alterTopic(MetadataCommand.AlterTopic command) {
        TopicMetadata topic = topics.get(command.name());
        if (topic == null || topic.id() != command.topicId()) {
            return refuse(new MetadataResult.UnknownTopic(command.name()));
        }
        TopicMetadata altered = topic.altered(command.settings(), command.added(), appliedIndex);
        Optional<String> problem = command.added().isEmpty()
                ? Optional.empty()
                : problemWith(command.added(), topic.replicationFactor())
                        .or(() -> problemWithCount(altered.partitionCount()));
        return problem.isPresent()
                ? refuse(new MetadataResult.Invalid(problem.get()))
                : new Applied(with(altered), new MetadataResult.TopicAltered(altered));
    }

    private Applied deleteTopic(MetadataCommand.DeleteTopic command) {
        TopicMetadata topic = topics.get(command.name());
        if (topic == null || topic.id() != command.topicId()) {
            return refuse(new MetadataResult.UnknownTopic(command.name()));
        }
        NavigableMap<String, TopicMetadata> after = new TreeMap<>(topics);
        after.remove(topic.name());
        return new Applied(withTopics(after), new MetadataResult.TopicDeleted(topic.name(), topic.id()));
    }

    /** As with the ids of topics, the index of the entry makes them unique, and nothing has to be remembered. */
    private Applied allocateProducerIds() {
        long firstId = Math.multiplyExact(appliedIndex, (long) PRODUCER_IDS_PER_BLOCK);
        return new Applied(this, new MetadataResult.ProducerIdsAllocated(firstId, PRODUCER_IDS_PER_BLOCK));
    }

    private Optional<String> problemWith(List<List<Integer>> assignment, int replicationFactor) {
        Optional<String> count = problemWithCount(assignment.size());
        if (count.isPresent()) {
            return count;
        }
        for (int partition = 0; partition < assignment.size(); partition++) {
            List<Integer> replicas = assignment.get(partition);
            if (replicas.isEmpty() || replicas.size() != replicationFactor) {
                return Optional.of("partition " + partition + " has " + replicas.size() + " replicas, not "
                        + replicationFactor + " (at least 1)");
            }
            if (new HashSet<>(replicas).size() != replicas.size()) {
                return Optional.of("partition " + partition + " has a broker twice: " + replicas);
            }
            if (!brokers.keySet().containsAll(replicas)) {
                return Optional.of(
                        "partition " + partition + " has a replica on a broker that is not registered: " + replicas);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problemWithCount(int partitions) {
        return partitions < 1 || partitions > PARTITIONS_PER_TOPIC_MAX
                ? Optional.of("a topic has 1 to " + PARTITIONS_PER_TOPIC_MAX + " partitions, not " + partitions)
                : Optional.empty();
    }

    private ClusterMetadata with(TopicMetadata topic) {
        NavigableMap<String, TopicMetadata> after = new TreeMap<>(topics);
        after.put(topic.name(), topic);
        return withTopics(after);
    }

    private ClusterMetadata withTopics(NavigableMap<String, TopicMetadata> after) {
        return new ClusterMetadata(clusterId, controllerEpoch, controllerId, brokers, after, appliedIndex);
    }

    private Applied refuse(MetadataResult refusal) {
        return new Applied(this, refusal);
    }
}
