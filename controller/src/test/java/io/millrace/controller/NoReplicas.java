package io.millrace.controller;

import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;

/** Nobody can be reached. */
enum NoReplicas implements PeerRouter {
    INSTANCE;

    @Override
    public boolean tell(ReplicaId to, ReplicaMessage message) {
        return false;
    }

    @Override
    public boolean isReachable(int brokerId) {
        return false;
    }
}
