package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import io.millrace.broker.Readiness;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.function.Supplier;

/** Names to topics and partitions, by the metadata that this broker has; what does not exist is a failure. */
public final class TopicLookup {
    private final Supplier<ClusterMetadata> metadata;
    private final Readiness readiness;

    public TopicLookup(Supplier<ClusterMetadata> metadata, Readiness readiness) {
        this.metadata = metadata;
        this.readiness = readiness;
    }

    /** @throws io.millrace.broker.FailureException if this broker does not know the cluster's metadata yet */
    public ClusterMetadata metadata() {
        readiness.require(Readiness.Condition.METADATA);
        return metadata.get();
    }

    /** @throws io.millrace.broker.FailureException if there is none */
    public TopicMetadata topic(String name) {
        return metadata().topic(name).orElseThrow(() -> new Failure.UnknownTopic(name).asException());
    }

    /** @throws io.millrace.broker.FailureException if the topic has no such partition */
    public PartitionTarget partition(TopicMetadata topic, int partition) {
        if (!topic.hasPartition(partition)) {
            throw new Failure.UnknownPartition(topic.name(), partition, topic.partitionCount()).asException();
        }
        return new PartitionTarget(topic.name(), topic.id(), partition);
    }
}
