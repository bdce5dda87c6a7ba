package io.millrace.broker.group.state;

import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.protocol.TopicName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What groups must know of the cluster's metadata. Internal topics are not among these: nobody subscribes to them. */
public final class Topics {
    public static final Topics NONE = new Topics(List.of(), 0);

    /** @param racks for each partition those of its replicas' brokers */
    public record Topic(String name, long id, List<Set<String>> racks) {
        public Topic {
            racks = racks.stream().map(Set::copyOf).toList();
        }
    }

    private final SortedMap<String, Topic> byName = new TreeMap<>();
    private final SortedMap<Long, Topic> byId = new TreeMap<>();
    private final long asOf;

    /** @param asOf the index of the metadata: a topic whose id is not higher, and which is not here, is gone for good */
    public Topics(Collection<Topic> topics, long asOf) {
        topics.forEach(topic -> {
            byName.put(topic.name(), topic);
            byId.put(topic.id(), topic);
        });
        this.asOf = asOf;
    }

    public static Topics of(ClusterMetadata metadata) {
        List<Topic> topics = new ArrayList<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            if (!TopicName.isInternal(topic.name())) {
                List<Set<String>> racks = new ArrayList<>();
                for (List<Integer> replicas : topic.partitions()) {
                    Set<String> near = new HashSet<>();
                    replicas.forEach(broker -> metadata.broker(broker)
                            .flatMap(BrokerRegistration::rack)
                            .ifPresent(near::add));
                    racks.add(near);
                }
                topics.add(new Topic(topic.name(), topic.id(), racks));
            }
        }
        return new Topics(topics, metadata.appliedIndex());
    }

    /** Whether the topics are the same, whatever else has changed. */
    public boolean hasSameAs(Topics other) {
        return byName.equals(other.byName);
    }

    Collection<Topic> all() {
        return byName.values();
    }

    Optional<Topic> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Optional<Topic> withId(long id) {
        return Optional.ofNullable(byId.get(id));
    }

    boolean isGone(PartitionKey partition) {
        return partition.topicId() <= asOf && !byId.containsKey(partition.topicId());
    }
}
