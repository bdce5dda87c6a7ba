package io.millrace.broker.routing;

import io.millrace.partition.replica.PartitionReply;

/** Hears of each request to a partition that was answered. Called by the router's thread: quick, and throws nothing. */
@FunctionalInterface
public interface Traffic {
    /** Nobody counts. */
    Traffic NONE = (target, request, reply, nanos) -> {};

    /** @param nanos since the request was taken */
    void answered(PartitionTarget target, Request request, PartitionReply reply, long nanos);
}
