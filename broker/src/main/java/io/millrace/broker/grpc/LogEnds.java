package io.millrace.broker.grpc;

import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Where partitions end. An end moves up only, so one that is known answers for all offsets before it. Thread-safe. */
final class LogEnds {
    private static final int KNOWN_MAX = 10_000;

    private final PartitionGateway gateway;
    private final Map<PartitionKey, Long> known = new ConcurrentHashMap<>();

    LogEnds(PartitionGateway gateway) {
        this.gateway = gateway;
    }

    /**
     * The end, if the offset is beyond; empty if it is not, or if that cannot be told now: then nobody should be refused for it.
     *
     * @param timeoutMillis for asking the partition's leader
     */
    CompletionStage<OptionalLong> endIfBefore(long offset, PartitionTarget partition, long timeoutMillis) {
        if (known.getOrDefault(partition.key(), 0L) >= offset) {
            return CompletableFuture.completedFuture(OptionalLong.empty());
        }
        return gateway.send(
                        partition,
                        new Request.Offsets(OptionalLong.empty(), ReadMode.LEADER),
                        gateway.nowMillis() + timeoutMillis)
                .answer()
                .handle((reply, thrown) -> {
                    if (!(reply instanceof PartitionReply.Offsets offsets)) {
                        return OptionalLong.empty();
                    }
                    note(partition.key(), offsets.highWatermark());
                    return offset > offsets.highWatermark()
                            ? OptionalLong.of(offsets.highWatermark())
                            : OptionalLong.empty();
                });
    }

    private void note(PartitionKey partition, long end) {
        if (known.size() >= KNOWN_MAX) {
            known.clear(); // they are only asked once more
        }
        known.merge(partition, end, Math::max);
    }
}
