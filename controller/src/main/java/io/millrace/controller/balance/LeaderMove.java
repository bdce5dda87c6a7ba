package io.millrace.controller.balance;

/** A partition whose leadership should go from one broker to another. */
public record LeaderMove(String topic, long topicId, int partition, int from, int to, String reason) {
    public PartitionId id() {
        return new PartitionId(topicId, partition);
    }

    @Override
    public String toString() {
        return "lead " + topic + "-" + partition + " on broker " + to + (from == to ? "" : " instead of " + from);
    }
}
