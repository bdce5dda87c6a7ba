package io.millrace.client;

import io.millrace.protocol.v1.InitProducerRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The id that the cluster gave a producer; asked for when the first batch is sent. Thread-safe. */
final class ProducerIdentity {
    private final Calls calls;
    private final Duration attemptTimeout;
    private final Duration timeout;
    private @Nullable CompletableFuture<Long> id;

    ProducerIdentity(Calls calls, Duration attemptTimeout, Duration timeout) {
        this.calls = calls;
        this.attemptTimeout = attemptTimeout;
        this.timeout = timeout;
    }

    /**
     * The id, or the failure to get one; after a failure the next call asks again.
     *
     * @param exhausted an id that is of no use any more: another one is got then
     */
    CompletableFuture<Long> get(long exhausted) {
        CompletableFuture<Long> asked = new CompletableFuture<>();
        synchronized (this) {
            CompletableFuture<Long> known = id;
            if (known != null && !known.isCompletedExceptionally() && !(known.isDone() && known.join() == exhausted)) {
                return known;
            }
            id = asked;
        }
        Futures.then(
                // An attempt without an answer costs an id, of which there are enough.
                calls.call(new Calls.Request<>(
                        MessageServiceGrpc.getInitProducerMethod(),
                        InitProducerRequest.getDefaultInstance(),
                        Calls.Route.AnyBroker.ANY,
                        true,
                        attemptTimeout,
                        timeout)),
                reply -> asked.complete(reply.message().getProducerId()),
                asked::completeExceptionally);
        return asked;
    }
}
