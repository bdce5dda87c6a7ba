package io.millrace.partition.replica;

/**
 * What the replicas of one broker do, for whoever counts it. Called by the threads that do it, once a proposal, message or force and
 * never once a record: an implementation is quick, takes no lock and throws nothing.
 */
public interface ReplicaMetrics {
    /** Nobody counts. */
    ReplicaMetrics NONE = new ReplicaMetrics() {};

    /** A leader has made one proposal of so many requests, with so many records. */
    default void proposed(long requests, long records, int sizeBytes) {}

    /** A leader's proposal was committed so long after it was made. */
    default void committed(long nanos) {}

    /** So many bytes more, or fewer if negative, are proposed and not committed, or wait for a proposal. */
    default void queued(long moreBytes) {}

    /** A leader has sent entries to a follower. */
    default void replicated(int sizeBytes) {}

    /** A leader has sent entries, or a piece of a snapshot, to a member that catches up. */
    default void caughtUpBy(int sizeBytes) {}

    /** What is to be sent to a member that catches up waits for so long. */
    default void throttled(long millis) {}

    /** A replica stands for election; an inquiry whether it would be elected (pre-vote) does not count. */
    default void campaigned() {}

    /** A replica leads from now on. */
    default void elected() {}

    /** A log was forced to disk, and that took so long. */
    default void forced(long nanos) {}

    /** From now on a replica sleeps, so that there is nothing to say about it; or it does no more. Damage is something to say. */
    default void asleep(ReplicaId replica, boolean asleep) {}
}
