package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.util.Set;

/**
 * Hears which partitions a member of a group is given and has to let go of. Called by the thread that polls or runs
 * {@link Consumer#forEach}; partitions that stay are not mentioned, and do not pause.
 */
public interface RebalanceListener {
    /** Does nothing. */
    RebalanceListener NONE = new RebalanceListener() {};

    /** These are read from now on, from where the group has committed. The place to seek elsewhere. */
    default void onAssigned(Set<TopicPartition> partitions) {}

    /**
     * Nothing more comes of these, and what did is handled; when this returns they belong to others. The place to commit, if that is not done
     * automatically.
     */
    default void onRevoked(Set<TopicPartition> partitions) {}

    /** These belonged to others before this member knew: it was taken for dead. Nothing can be committed for them. */
    default void onLost(Set<TopicPartition> partitions) {}
}
