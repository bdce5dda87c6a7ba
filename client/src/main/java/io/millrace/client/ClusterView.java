package io.millrace.client;

import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.v1.Broker;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.Partition;
import io.millrace.protocol.v1.Topic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the client knows of the cluster; immutable. It may be old: every broker routes, so a wrong leader costs a hop and
 * nothing else.
 *
 * @param brokers where each one is, by id; none until one has answered
 * @param racks of those brokers that have one
 * @param topics those that were asked for, by name
 */
record ClusterView(Map<Integer, HostPort> brokers, Map<Integer, String> racks, Map<String, TopicView> topics) {
    static final ClusterView EMPTY = new ClusterView(Map.of(), Map.of(), Map.of());

    ClusterView {
        brokers = Map.copyOf(brokers);
        racks = Map.copyOf(racks);
        topics = Map.copyOf(topics);
    }

    /**
     * One topic.
     *
     * @param id tells it from one of the same name that was deleted
     * @param compression what its batches may be compressed with
     * @param leaders of each partition, in order; null where none is known
     * @param replicas of each partition, in order: the brokers that have one
     * @param learnedAtNanos when a broker said so
     */
    record TopicView(
            long id,
            CompressionTypes compression,
            List<@Nullable Leader> leaders,
            List<List<Integer>> replicas,
            long learnedAtNanos) {
        TopicView {
            // Not List.copyOf, which refuses null.
            leaders = Collections.unmodifiableList(new ArrayList<>(leaders));
            replicas = List.copyOf(replicas);
        }
    }

    /** A partition's leader and the Raft term that made it so: an answer with a lower term is older. */
    record Leader(int brokerId, long term) {}

    Optional<HostPort> leaderAddress(String topic, int partition) {
        Leader leader = leader(topic, partition);
        return leader == null ? Optional.empty() : Optional.ofNullable(brokers.get(leader.brokerId()));
    }

    List<HostPort> followerAddresses(String topic, int partition) {
        TopicView view = topics.get(topic);
        if (view == null || partition >= view.replicas().size()) {
            return List.of();
        }
        Leader leader = leader(topic, partition);
        return view.replicas().get(partition).stream()
                .filter(id -> leader == null || id != leader.brokerId())
                .flatMap(id -> Optional.ofNullable(brokers.get(id)).stream())
                .toList();
    }

    /** Of all replicas, the leader's included, those in a rack. */
    List<HostPort> replicaAddressesIn(String rack, String topic, int partition) {
        TopicView view = topics.get(topic);
        if (rack.isEmpty() || view == null || partition >= view.replicas().size()) {
            return List.of();
        }
        return view.replicas().get(partition).stream()
                .filter(id -> rack.equals(racks.get(id)))
                .flatMap(id -> Optional.ofNullable(brokers.get(id)).stream())
                .toList();
    }

    /** With what a broker has answered; what it did not speak of stays. */
    ClusterView updated(GetMetadataResponse answer, long nowNanos) {
        Map<Integer, HostPort> newBrokers = new HashMap<>();
        Map<Integer, String> newRacks = new HashMap<>();
        for (Broker broker : answer.getBrokersList()) {
            newBrokers.put(broker.getId(), new HostPort(broker.getHost(), broker.getPort()));
            if (!broker.getRack().isEmpty()) {
                newRacks.put(broker.getId(), broker.getRack());
            }
        }
        ClusterView view = newBrokers.isEmpty() ? this : new ClusterView(newBrokers, newRacks, topics);
        for (Topic topic : answer.getTopicsList()) {
            view = view.withTopic(topic, nowNanos);
        }
        return view;
    }

    ClusterView withTopic(Topic topic, long nowNanos) {
        List<@Nullable Leader> leaders = new ArrayList<>();
        TopicView old = topics.get(topic.getName());
        for (Partition partition : topic.getPartitionsList()) {
            Leader known = old != null && old.id() == topic.getId() ? leader(topic.getName(), leaders.size()) : null;
            if (known != null && known.term() > partition.getLeaderTerm()) {
                leaders.add(known);
            } else {
                leaders.add(
                        partition.hasLeader() ? new Leader(partition.getLeader(), partition.getLeaderTerm()) : null);
            }
        }
        List<List<Integer>> replicas = topic.getPartitionsList().stream()
                .map(Partition::getReplicasList)
                .toList();
        return with(topic.getName(), new TopicView(topic.getId(), compressionOf(topic), leaders, replicas, nowNanos));
    }

    private static CompressionTypes compressionOf(Topic topic) {
        String setting = topic.getSettingsMap().get(CompressionTypes.SETTING);
        try {
            return setting == null ? CompressionTypes.ANY : CompressionTypes.of(setting);
        } catch (IllegalArgumentException e) {
            return CompressionTypes.ANY; // of a later version: the broker will say what it does not take
        }
    }

    ClusterView withoutTopic(String name) {
        Map<String, TopicView> newTopics = new HashMap<>(topics);
        newTopics.remove(name);
        return new ClusterView(brokers, racks, newTopics);
    }

    /** With a leader by hearsay, or with none: the next answer of a broker that knows better, or as much, replaces it. */
    ClusterView withLeader(String name, int partition, @Nullable Integer brokerId) {
        TopicView topic = topics.get(name);
        if (topic == null || partition >= topic.leaders().size()) {
            return this;
        }
        Leader known = leader(name, partition);
        List<@Nullable Leader> leaders = new ArrayList<>(topic.leaders());
        leaders.set(partition, brokerId == null ? null : new Leader(brokerId, known == null ? 0 : known.term()));
        return with(
                name,
                new TopicView(topic.id(), topic.compression(), leaders, topic.replicas(), topic.learnedAtNanos()));
    }

    ClusterView withBroker(int id, HostPort address) {
        Map<Integer, HostPort> newBrokers = new HashMap<>(brokers);
        newBrokers.put(id, address);
        return new ClusterView(newBrokers, racks, topics);
    }

    private @Nullable Leader leader(String topic, int partition) {
        TopicView view = topics.get(topic);
        return view == null || partition >= view.leaders().size()
                ? null
                : view.leaders().get(partition);
    }

    private ClusterView with(String name, TopicView topic) {
        Map<String, TopicView> newTopics = new HashMap<>(topics);
        newTopics.put(name, topic);
        return new ClusterView(brokers, racks, newTopics);
    }
}
