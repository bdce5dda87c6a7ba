package io.millrace.controller.metadata;

import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** A change of the cluster's metadata, as it stands in the log of the group {@code __metadata}. */
public sealed interface MetadataCommand {

    /** The controller epoch that the proposer believes to be the current one; the command is refused if it is not. */
    long epoch();

    /**
     * A new controller takes over from the one that ruled in {@code epoch} (0: nobody yet); the next epoch is its own.
     *
     * @param brokerId where it runs
     * @param proposedClusterId becomes the cluster's id if it has none yet
     */
    record ClaimController(long epoch, int brokerId, String proposedClusterId) implements MetadataCommand {}

    /**
     * A broker enters the cluster, or has come back, perhaps with other addresses or an empty disk.
     *
     * @param clusterId the cluster that its data belongs to; empty if it has none
     * @param replacedDirectoryId the data directory that is registered under this id as far as the controller knows;
     *     empty if none is. Of two brokers that are given the same id at the same time, one only is let in by this
     */
    record RegisterBroker(
            long epoch, Optional<String> clusterId, Optional<String> replacedDirectoryId, BrokerRegistration broker)
            implements MetadataCommand {}

    /**
     * A new topic.
     *
     * @param assignment for each partition, in order, the brokers that shall hold it, the preferred leader first
     * @param settings of its own, as {@link TopicSettings} reads them
     */
    record CreateTopic(
            long epoch,
            String name,
            int replicationFactor,
            List<List<Integer>> assignment,
            NavigableMap<String, String> settings)
            implements MetadataCommand {
        public CreateTopic {
            assignment = assignment.stream().map(List::copyOf).toList();
            settings = Collections.unmodifiableNavigableMap(new TreeMap<>(settings));
        }

        /** With no settings of its own. */
        public CreateTopic(long epoch, String name, int replicationFactor, List<List<Integer>> assignment) {
            this(epoch, name, replicationFactor, assignment, new TreeMap<>());
        }
    }

    /**
     * Another topic of the same records.
     *
     * @param topicId which topic of that name: not one that was created since
     * @param settings all of its own from now on
     * @param added for each partition that it gets behind those that it has, in order, the brokers that shall hold it, the preferred
     *     leader first
     */
    record AlterTopic(
            long epoch, String name, long topicId, NavigableMap<String, String> settings, List<List<Integer>> added)
            implements MetadataCommand {
        public AlterTopic {
            settings = Collections.unmodifiableNavigableMap(new TreeMap<>(settings));
            added = added.stream().map(List::copyOf).toList();
        }
    }

    /**
     * The end of a topic.
     *
     * @param topicId which topic of that name: not one that was created since
     */
    record DeleteTopic(long epoch, String name, long topicId) implements MetadataCommand {}

    /**
     * Producer ids for a broker to give away.
     *
     * @param brokerId the only one that gives them
     */
    record AllocateProducerIds(long epoch, int brokerId) implements MetadataCommand {}

    /**
     * These partitions shall be held by other brokers than now, or by those that hold them and no others: then what was begun is
     * undone. All of them or, if one of them makes no sense, none.
     */
    record ReassignPartitions(long epoch, List<PartitionTarget> partitions) implements MetadataCommand {
        public ReassignPartitions {
            partitions = List.copyOf(partitions);
        }
    }

    /**
     * @param topicId which topic of that name
     * @param target the brokers that shall hold it, the preferred leader first
     */
    record PartitionTarget(String topic, long topicId, int partition, List<Integer> target, ReassignmentCause cause) {
        public PartitionTarget {
            target = List.copyOf(target);
        }
    }

    /** These partitions are where they were to go, and their groups have that in their logs. */
    record CompleteReassignments(long epoch, List<PartitionReassigned> partitions) implements MetadataCommand {
        public CompleteReassignments {
            partitions = List.copyOf(partitions);
        }
    }

    /**
     * @param topicId which topic of that name
     * @param index which {@link Reassignment} of it; if it is another by now, this one is over, and that goes on
     */
    record PartitionReassigned(String topic, long topicId, int partition, long index) {}

    /** What a broker is meant to do from now on. */
    record SetBrokerState(long epoch, int brokerId, BrokerState state) implements MetadataCommand {}

    /**
     * Settings that brokers change while they run.
     *
     * @param brokerId whose; empty: of all brokers
     * @param settings all of its own from now on, as {@link DynamicSettings} has them
     */
    record SetBrokerSettings(long epoch, OptionalInt brokerId, NavigableMap<String, String> settings)
            implements MetadataCommand {
        public SetBrokerSettings {
            settings = Collections.unmodifiableNavigableMap(new TreeMap<>(settings));
        }
    }

    /** From now on replicas are moved to even out what brokers carry, or no more, and what is under way for it is to be undone. */
    record SetRebalancing(long epoch, boolean rebalancing) implements MetadataCommand {}

    /** A broker leaves for good; only one that holds nothing. */
    record UnregisterBroker(long epoch, int brokerId) implements MetadataCommand {}
}
