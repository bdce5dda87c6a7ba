package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Where partitions end. An end moves up only, so one that is known answers for all offsets before it. Thread-safe. */
final class LogEnds {
    private static final int KNOWN_MAX = 10_000;

    private final PartitionGateway gateway;
    private final Map<PartitionKey, Long> known = new ConcurrentHashMap<>();

    LogEnds(PartitionGateway gateway) {
        this.gateway = gateway;
    }

    /**
     * Why the offset cannot be committed: it is beyond the end, or, if it is also beyond what was known of that, the leader does not say. A
     * group that went on beyond the end would skip records; one that commits a moment later only handles some again if it fails meanwhile.
     *
     * @param timeoutMillis for asking the partition's leader
     * @return empty if it can
     */
    CompletionStage<Optional<Failure>> problemWith(long offset, PartitionTarget partition, long timeoutMillis) {
        if (known.getOrDefault(partition.key(), 0L) >= offset) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return gateway.send(
                        partition,
                        new Request.Offsets(OptionalLong.empty(), ReadMode.LEADER),
                        gateway.nowMillis() + timeoutMillis)
                .answer()
                .handle((reply, thrown) -> {
                    if (!(reply instanceof PartitionReply.Offsets offsets)) {
                        return Optional.of(whyNot(partition, thrown));
                    }
                    long end = offsets.highWatermark();
                    note(partition.key(), end);
                    return offset <= end
                            ? Optional.empty()
                            : Optional.of(new Failure.OffsetBeyondLogEnd(
                                    partition.topic(), partition.partition(), offset, end));
                });
    }

    private static Failure whyNot(PartitionTarget partition, @Nullable Throwable thrown) {
        return thrown != null && FailureException.unwrap(thrown) instanceof FailureException known
                ? known.failure()
                : new Failure.NoLeader(partition.topic(), partition.partition(), OptionalInt.empty(), Optional.empty());
    }

    private void note(PartitionKey partition, long end) {
        if (known.size() >= KNOWN_MAX) {
            known.clear(); // they are only asked once more
        }
        known.merge(partition, end, Math::max);
    }
}
