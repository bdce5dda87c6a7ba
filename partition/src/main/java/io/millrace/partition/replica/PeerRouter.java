package io.millrace.partition.replica;

/** How a replica reaches the other members of its group, before it knows their ActorRefs. */
public interface PeerRouter {
    /**
     * Sends it on, starting that replica if need be; drops it at once if the broker is not a reachable member of the cluster
     * (never queues for an absent one).
     *
     * @return whether it was sent
     */
    boolean tell(ReplicaId to, ReplicaMessage message);

    /** Whether that broker is a reachable member of the cluster now. */
    boolean isReachable(int brokerId);
}
