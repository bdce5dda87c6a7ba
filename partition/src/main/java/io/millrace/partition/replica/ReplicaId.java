package io.millrace.partition.replica;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One replica of one partition: the name of its sharded entity, of its directory and of its journal.
 *
 * @param topic its name
 * @param topicId told apart from an earlier topic of the same name by this; 0 for the cluster's own metadata
 * @param brokerId where it lives, for ever
 */
public record ReplicaId(String topic, long topicId, int partition, int brokerId) {
    private static final Pattern FORMAT =
            Pattern.compile("(?<topic>.+)-(?<partition>\\d+)~(?<id>\\d+)@(?<broker>\\d+)");

    /** Whether it is of the cluster's own metadata. */
    public boolean isOfMetadata() {
        return topicId == 0;
    }

    /** The replica of the same partition on another broker. */
    public ReplicaId on(int otherBrokerId) {
        return new ReplicaId(topic, topicId, partition, otherBrokerId);
    }

    /** The Raft group that this replica is a member of, e.g. {@code orders-0~17}; a legal file name. */
    public String group() {
        return topic + "-" + partition + "~" + topicId;
    }

    /** For example {@code orders-0~17@2}. */
    public String entityId() {
        return group() + "@" + brokerId;
    }

    /**
     * @throws IllegalArgumentException if this is not what {@link #entityId} makes
     */
    public static ReplicaId parse(String entityId) {
        Matcher matcher = FORMAT.matcher(entityId);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a replica id: " + entityId);
        }
        return new ReplicaId(
                matcher.group("topic"),
                Long.parseLong(matcher.group("id")),
                Integer.parseInt(matcher.group("partition")),
                Integer.parseInt(matcher.group("broker")));
    }

    @Override
    public String toString() {
        return entityId();
    }
}
