package io.millrace.broker.routing;

/** A partition that a request is for. */
public record PartitionTarget(String topic, long topicId, int partition) {
    public PartitionKey key() {
        return new PartitionKey(topicId, partition);
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
