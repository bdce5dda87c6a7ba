package io.millrace.controller.metadata;

import io.millrace.protocol.TopicName;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All that the cluster knows of itself after the log entry {@code appliedIndex}. An immutable value: replicas that have
 * applied the same entries are equal.
 *
 * @param clusterId made up by the first controller; empty before
 * @param controllerEpoch counts the controllers that have ruled; 0: none yet
 * @param controllerId the broker that the current one runs on
 * @param brokers all that are registered, by id, whether they are up or not
 * @param draining those of them whose replicas are to be moved to others
 * @param topics by name
 * @param brokerSettings those that are changed while brokers run
 * @param rebalancing whether replicas are being moved to even out what brokers carry; if not, what was begun for that is undone
 */
public record ClusterMetadata(
        Optional<String> clusterId,
        long controllerEpoch,
        OptionalInt controllerId,
        NavigableMap<Integer, BrokerRegistration> brokers,
        NavigableSet<Integer> draining,
        NavigableMap<String, TopicMetadata> topics,
        DynamicSettings brokerSettings,
        boolean rebalancing,
        long appliedIndex) {

    /** No topic has more, whatever a controller's settings allow. All replicas must agree on it: never lower it. */
    public static final int PARTITIONS_PER_TOPIC_MAX = 10_000;

    /** How many producer ids one command allocates: entry {@code i} those from {@code i} times this on. Never change it. */
    public static final int PRODUCER_IDS_PER_BLOCK = 1_000;

    public static final ClusterMetadata EMPTY = new ClusterMetadata(
            Optional.empty(), 0, OptionalInt.empty(), new TreeMap<>(), new TreeSet<>(), new TreeMap<>(), 0);

    public ClusterMetadata {
        brokers = Collections.unmodifiableNavigableMap(new TreeMap<>(brokers));
        draining = Collections.unmodifiableNavigableSet(new TreeSet<>(draining));
        topics = Collections.unmodifiableNavigableMap(new TreeMap<>(topics));
    }

    /** With no settings of brokers, and nothing that is being evened out. */
    public ClusterMetadata(
            Optional<String> clusterId,
            long controllerEpoch,
            OptionalInt controllerId,
            NavigableMap<Integer, BrokerRegistration> brokers,
            NavigableSet<Integer> draining,
            NavigableMap<String, TopicMetadata> topics,
            long appliedIndex) {
        this(
                clusterId,
                controllerEpoch,
                controllerId,
                brokers,
                draining,
                topics,
                DynamicSettings.NONE,
                false,
                appliedIndex);
    }

    public Optional<TopicMetadata> topic(String name) {
        return Optional.ofNullable(topics.get(name));
    }

    public Optional<BrokerRegistration> broker(int brokerId) {
        return Optional.ofNullable(brokers.get(brokerId));
    }

    /** Whether it is this reassignment that the partition has yet to go through, as far as is known here. */
    public boolean isOpen(MetadataCommand.PartitionReassigned done) {
        return topic(done.topic()).filter(topic -> isOpen(topic, done)).isPresent();
    }

    private static boolean isOpen(TopicMetadata topic, MetadataCommand.PartitionReassigned done) {
        return topic.id() == done.topicId()
                && topic.reassignment(done.partition())
                        .filter(known ->
                                known.index() == done.index() && known.target().isPresent())
                        .isPresent();
    }

    public BrokerState stateOf(int brokerId) {
        return draining.contains(brokerId) ? BrokerState.DRAINING : BrokerState.ACTIVE;
    }

    /** The brokers that may be given replicas, up or not. */
    public NavigableSet<Integer> activeBrokers() {
        NavigableSet<Integer> active = new TreeSet<>(brokers.keySet());
        active.removeAll(draining);
        return active;
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
        if (command instanceof MetadataCommand.ReassignPartitions reassign) {
            return here.reassign(reassign);
        }
        if (command instanceof MetadataCommand.CompleteReassignments complete) {
            return here.complete(complete);
        }
        if (command instanceof MetadataCommand.SetBrokerState set) {
            return here.setBrokerState(set);
        }
        if (command instanceof MetadataCommand.UnregisterBroker unregister) {
            return here.unregister(unregister);
        }
        if (command instanceof MetadataCommand.SetBrokerSettings set) {
            return here.setSettings(set);
        }
        if (command instanceof MetadataCommand.SetRebalancing set) {
            return here.setRebalancing(set);
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
        return new ClusterMetadata(
                clusterId,
                controllerEpoch,
                controllerId,
                brokers,
                draining,
                topics,
                brokerSettings,
                rebalancing,
                index);
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
                        Optional.of(id),
                        epoch,
                        OptionalInt.of(command.brokerId()),
                        brokers,
                        draining,
                        topics,
                        brokerSettings,
                        rebalancing,
                        appliedIndex),
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
        return new Applied(withBrokers(after, draining), new MetadataResult.BrokerRegistered(ours));
    }

    private Applied createTopic(MetadataCommand.CreateTopic command) {
        if (topics.containsKey(command.name())) {
            return refuse(new MetadataResult.TopicExists(command.name()));
        }
        Optional<String> problem = TopicName.problemWith(command.name())
                .or(() -> problemWithCount(command.assignment().size()))
                .or(() -> problemWith(0, command.assignment(), command.replicationFactor()));
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
                : problemWithCount(altered.partitionCount())
                        .or(() -> problemWith(topic.partitionCount(), command.added(), topic.replicationFactor()));
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

    private Applied reassign(MetadataCommand.ReassignPartitions command) {
        NavigableMap<String, TopicMetadata> after = new TreeMap<>(topics);
        for (MetadataCommand.PartitionTarget wish : command.partitions()) {
            TopicMetadata topic = after.get(wish.topic());
            if (topic == null || topic.id() != wish.topicId()) {
                return refuse(new MetadataResult.UnknownTopic(wish.topic()));
            }
            Optional<String> problem = topic.hasPartition(wish.partition())
                    ? problemWith(wish.partition(), wish.target())
                    : Optional.of("there is no partition " + wish.partition());
            if (problem.isPresent()) {
                return refuse(new MetadataResult.Invalid("topic " + wish.topic() + ": " + problem.get()));
            }
            after.put(topic.name(), topic.withTarget(wish.partition(), wish.target(), wish.cause(), appliedIndex));
        }
        return new Applied(
                withTopics(after),
                new MetadataResult.Changed(command.partitions().size()));
    }

    /** What is said of a reassignment that another has taken the place of, or of a topic that is gone, means nothing. */
    private Applied complete(MetadataCommand.CompleteReassignments command) {
        NavigableMap<String, TopicMetadata> after = new TreeMap<>(topics);
        int completed = 0;
        for (MetadataCommand.PartitionReassigned done : command.partitions()) {
            TopicMetadata topic = after.get(done.topic());
            if (topic != null && isOpen(topic, done)) {
                after.put(topic.name(), topic.reassigned(done.partition()));
                completed++;
            }
        }
        return new Applied(withTopics(after), new MetadataResult.Changed(completed));
    }

    private Applied setBrokerState(MetadataCommand.SetBrokerState command) {
        if (!brokers.containsKey(command.brokerId())) {
            return refuse(new MetadataResult.Invalid("broker " + command.brokerId() + " is not registered"));
        }
        NavigableSet<Integer> after = new TreeSet<>(draining);
        if (command.state() == BrokerState.DRAINING) {
            after.add(command.brokerId());
        } else {
            after.remove(command.brokerId());
        }
        return new Applied(withBrokers(brokers, after), new MetadataResult.Changed(1));
    }

    private Applied unregister(MetadataCommand.UnregisterBroker command) {
        if (!brokers.containsKey(command.brokerId())) {
            return refuse(new MetadataResult.Invalid("broker " + command.brokerId() + " is not registered"));
        }
        if (replicasOn(command.brokerId()) > 0) {
            return refuse(new MetadataResult.Invalid("broker " + command.brokerId() + " holds replicas"));
        }
        NavigableMap<Integer, BrokerRegistration> after = new TreeMap<>(brokers);
        after.remove(command.brokerId());
        NavigableSet<Integer> drained = new TreeSet<>(draining);
        drained.remove(command.brokerId());
        DynamicSettings left = brokerSettings.with(OptionalInt.of(command.brokerId()), new TreeMap<>());
        return new Applied(withBrokers(after, drained).withSettings(left), new MetadataResult.Changed(1));
    }

    private Applied setSettings(MetadataCommand.SetBrokerSettings command) {
        OptionalInt broker = command.brokerId();
        if (broker.isPresent() && !brokers.containsKey(broker.getAsInt())) {
            return refuse(new MetadataResult.Invalid("broker " + broker.getAsInt() + " is not registered"));
        }
        return new Applied(
                withSettings(brokerSettings.with(broker, command.settings())),
                new MetadataResult.Changed(broker.isPresent() ? 1 : brokers.size()));
    }

    private Applied setRebalancing(MetadataCommand.SetRebalancing command) {
        ClusterMetadata after = new ClusterMetadata(
                clusterId,
                controllerEpoch,
                controllerId,
                brokers,
                draining,
                topics,
                brokerSettings,
                command.rebalancing(),
                appliedIndex);
        return new Applied(after, new MetadataResult.Changed(command.rebalancing() == rebalancing ? 0 : 1));
    }

    /** How many replicas it has, or is to have. */
    public int replicasOn(int brokerId) {
        int replicas = 0;
        for (TopicMetadata topic : topics.values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                replicas += topic.isOn(brokerId, partition) ? 1 : 0;
            }
        }
        return replicas;
    }

    /**
     * Why partitions cannot be made on these brokers, if they cannot.
     *
     * @param first the number of the first of them
     */
    public Optional<String> problemWith(int first, List<List<Integer>> assignment, int replicationFactor) {
        for (int i = 0; i < assignment.size(); i++) {
            List<Integer> replicas = assignment.get(i);
            Optional<String> problem = problemWith(first + i, replicas);
            if (problem.isPresent()) {
                return problem;
            }
            if (replicas.size() != replicationFactor) {
                return Optional.of(
                        "partition " + (first + i) + " has " + replicas.size() + " replicas, not " + replicationFactor);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problemWithCount(int partitions) {
        return partitions < 1 || partitions > PARTITIONS_PER_TOPIC_MAX
                ? Optional.of("a topic has 1 to " + PARTITIONS_PER_TOPIC_MAX + " partitions, not " + partitions)
                : Optional.empty();
    }

    private Optional<String> problemWith(int partition, List<Integer> replicas) {
        if (replicas.isEmpty()) {
            return Optional.of("partition " + partition + " needs a replica");
        }
        if (new HashSet<>(replicas).size() != replicas.size()) {
            return Optional.of("partition " + partition + " has a broker twice: " + replicas);
        }
        if (!brokers.keySet().containsAll(replicas)) {
            return Optional.of(
                    "partition " + partition + " has a replica on a broker that is not registered: " + replicas);
        }
        return Optional.empty();
    }

    private ClusterMetadata with(TopicMetadata topic) {
        NavigableMap<String, TopicMetadata> after = new TreeMap<>(topics);
        after.put(topic.name(), topic);
        return withTopics(after);
    }

    private ClusterMetadata withTopics(NavigableMap<String, TopicMetadata> after) {
        return new ClusterMetadata(
                clusterId,
                controllerEpoch,
                controllerId,
                brokers,
                draining,
                after,
                brokerSettings,
                rebalancing,
                appliedIndex);
    }

    private ClusterMetadata withBrokers(
            NavigableMap<Integer, BrokerRegistration> registered, NavigableSet<Integer> drained) {
        return new ClusterMetadata(
                clusterId,
                controllerEpoch,
                controllerId,
                registered,
                drained,
                topics,
                brokerSettings,
                rebalancing,
                appliedIndex);
    }

    private ClusterMetadata withSettings(DynamicSettings after) {
        return new ClusterMetadata(
                clusterId, controllerEpoch, controllerId, brokers, draining, topics, after, rebalancing, appliedIndex);
    }

    private Applied refuse(MetadataResult refusal) {
        return new Applied(this, refusal);
    }
}
