package io.millrace.client;

import io.grpc.MethodDescriptor;
import io.millrace.client.MetadataCache.Hint;
import io.millrace.protocol.v1.ClusterServiceGrpc;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GetMetadataResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Calls that find their broker and are repeated until they succeed, cannot succeed, or their time is over. Blocks no thread:
 * each step is a callback of gRPC or of a timer.
 */
final class Calls implements AutoCloseable {
    /** Whom to ask. */
    sealed interface Route {
        /** Every broker knows the answer, or passes the question on. */
        enum AnyBroker implements Route {
            ANY
        }

        /** The leader of this partition; if it cannot be reached, any broker, which passes the request on. */
        record Leader(String topic, int partition) implements Route {}

        /**
         * A broker with a replica of this partition: one in the client's own rack, else one that does not lead; always the same one while it can be
         * reached; if there is none, as {@link Leader}.
         */
        record Replica(String topic, int partition) implements Route {}
    }

    /**
     * A request and what may be done with it.
     *
     * @param exchange how one attempt is made
     * @param repeatable whether it may be applied twice, so that it is repeated even if an attempt's outcome is unknown
     * @param attemptTimeout for one attempt
     * @param timeout for all attempts and the waits between them
     */
    record Request<Q, S>(
            Exchange<Q, S> exchange,
            Q message,
            Route route,
            boolean repeatable,
            Duration attemptTimeout,
            Duration timeout) {
        /** Of a call for itself. */
        Request(
                MethodDescriptor<Q, S> method,
                Q message,
                Route route,
                boolean repeatable,
                Duration attemptTimeout,
                Duration timeout) {
            this(
                    (connections, address, request, limit) -> connections.call(address, method, request, limit),
                    message,
                    route,
                    repeatable,
                    attemptTimeout,
                    timeout);
        }
    }

    /** How a broker is asked, once. */
    @FunctionalInterface
    interface Exchange<Q, S> {
        /**
         * Sends the message.
         *
         * @param timeout after which the attempt fails
         * @return the answer, or a {@link MillraceException} that tells whether the message was sent
         */
        CompletableFuture<S> with(Connections connections, HostPort address, Q message, Duration timeout);
    }

    /**
     * A success.
     *
     * @param retries how many attempts failed before
     * @param mayBeTwice whether one of these may have been applied as well
     */
    record Reply<S>(S message, int retries, boolean mayBeTwice) {}

    private static final Duration ATTEMPT_TIMEOUT_MIN = Duration.ofMillis(10);

    private final Connections connections;
    private final RetryPolicy retryPolicy;
    private final ClientSettings settings;
    private final Timers timers;
    private final RandomGenerator random;
    private final MetadataCache metadata;
    private final Set<Attempts<?, ?>> pending = ConcurrentHashMap.newKeySet();
    /** So that not every client reads the same replica. */
    private final int replicaTurn;

    private volatile boolean closed;

    Calls(ClientSettings settings, Connections connections, Timers timers, RandomGenerator random) {
        this.settings = settings;
        this.connections = connections;
        this.retryPolicy = settings.retryPolicy();
        this.timers = timers;
        this.random = random;
        this.replicaTurn = random.nextInt();
        this.metadata = new MetadataCache(settings.bootstrap(), settings.metadataMaxAge(), timers, this::askAbout);
    }

    MetadataCache metadata() {
        return metadata;
    }

    /** Starts the call; the future fails with a {@link MillraceException} that speaks for all attempts. */
    <Q, S> CompletableFuture<Reply<S>> call(Request<Q, S> request) {
        Attempts<Q, S> attempts = new Attempts<>(request);
        pending.add(attempts);
        Futures.then(attempts.result, reply -> pending.remove(attempts), failure -> pending.remove(attempts));
        if (closed) {
            attempts.result.completeExceptionally(closed());
        } else {
            attempts.next();
        }
        return attempts.result;
    }

    /** A read of any broker, which may be repeated, in the time that every call has. */
    <Q, S> CompletableFuture<S> read(MethodDescriptor<Q, S> method, Q message) {
        return call(new Request<>(
                        method, message, Route.AnyBroker.ANY, true, settings.attemptTimeout(), settings.timeout()))
                .thenApply(Reply::message);
    }

    /** Asks one broker, once. */
    <Q, S> CompletableFuture<S> once(HostPort address, MethodDescriptor<Q, S> method, Q message) {
        return connections.call(address, method, message, settings.attemptTimeout());
    }

    /** Fails what is under way. */
    @Override
    public void close() {
        closed = true;
        pending.forEach(attempts -> attempts.result.completeExceptionally(closed()));
    }

    static MillraceException closed() {
        return new MillraceException(
                FailureReason.CLOSED, "the client was closed before the call was answered", Map.of());
    }

    private CompletableFuture<GetMetadataResponse> askAbout(String topic) {
        return read(
                ClusterServiceGrpc.getGetMetadataMethod(),
                GetMetadataRequest.newBuilder().addTopics(topic).build());
    }

    /** One call from its first attempt to its result. One attempt at a time, so no field needs a lock. */
    private final class Attempts<Q, S> {
        final CompletableFuture<Reply<S>> result = new CompletableFuture<>();
        private final Request<Q, S> request;
        private final long startedNanos = timers.nanoTime();
        private int failures;
        private boolean anyOutcomeUnknown;
        private boolean hintFollowed;
        private @Nullable HostPort hinted;
        private @Nullable HostPort lastAsked;

        Attempts(Request<Q, S> request) {
            this.request = request;
        }

        void next() {
            if (result.isDone()) {
                return;
            }
            Duration timeout = attemptTimeout();
            HostPort address = choose();
            lastAsked = address;
            Futures.then(
                    request.exchange().with(connections, address, request.message(), timeout),
                    message -> result.complete(new Reply<>(message, failures, anyOutcomeUnknown)),
                    failure -> failed(address, failure));
        }

        private HostPort choose() {
            HostPort hint = hinted;
            hinted = null;
            if (hint != null) {
                return hint;
            }
            if (request.route() instanceof Route.Leader leader) {
                Optional<HostPort> address = metadata.leaderAddress(leader.topic(), leader.partition());
                if (address.isPresent() && !connections.isAvoided(address.get())) {
                    return address.get();
                }
            }
            if (request.route() instanceof Route.Replica replica) {
                Optional<HostPort> address = replicaAddress(replica);
                if (address.isPresent()) {
                    return address.get();
                }
            }
            return connections.pick(metadata.addresses(), lastAsked);
        }

        private Optional<HostPort> replicaAddress(Route.Replica replica) {
            String topic = replica.topic();
            int partition = replica.partition();
            return oneOf(metadata.replicaAddressesIn(settings.rack(), topic, partition))
                    .or(() -> oneOf(metadata.followerAddresses(topic, partition)))
                    .or(() -> oneOf(
                            metadata.leaderAddress(topic, partition).stream().toList()));
        }

        private Optional<HostPort> oneOf(List<HostPort> addresses) {
            List<HostPort> candidates = addresses.stream()
                    .filter(address -> !connections.isAvoided(address))
                    .toList();
            return candidates.isEmpty()
                    ? Optional.empty()
                    : Optional.of(candidates.get(Math.floorMod(replicaTurn, candidates.size())));
        }

        private void failed(HostPort address, MillraceException failure) {
            failures++;
            anyOutcomeUnknown |= failure.isOutcomeUnknown();
            if (request.route() instanceof Route.Leader leader) {
                followHint(address, failure);
                if (failure.isRetriable() && failure.reason() != FailureReason.OVERLOADED) {
                    metadata.partitionFailed(leader.topic(), leader.partition(), address, failure);
                }
            }
            Optional<Duration> delay = hasNoCluster(failure)
                    ? Optional.empty()
                    : retryPolicy.delayBeforeRetry(
                            failure, failures, hinted != null, request.repeatable(), remaining(), random);
            if (delay.isEmpty()) {
                result.completeExceptionally(failure.afterAttempts(describe(failure), anyOutcomeUnknown));
            } else if (delay.get().isZero()) {
                next();
            } else {
                timers.schedule(delay.get(), this::next);
            }
        }

        /** At once, but only once in a row: two brokers that each believe in the other must not make a tight loop. */
        private void followHint(HostPort address, MillraceException failure) {
            Optional<Hint> hint = Hint.in(failure).filter(h -> !h.address().equals(address));
            if (hint.isPresent() && !hintFollowed) {
                hinted = hint.get().address();
                hintFollowed = true;
            } else {
                hintFollowed = false;
            }
        }

        /** No address has ever answered, and none was left out: more likely a wrong address than an outage worth waiting for. */
        private boolean hasNoCluster(MillraceException failure) {
            return failure.reason() == FailureReason.CONNECTION_FAILED
                    && connections.haveAllFailed(metadata.addresses())
                    && elapsed().compareTo(settings.firstContactTimeout()) >= 0;
        }

        private String describe(MillraceException failure) {
            String message = String.valueOf(failure.getMessage());
            if (failures == 1 || !failure.isRetriable()) {
                return message;
            }
            return message + " (gave up after " + failures + " attempts in "
                    + Math.max(1, elapsed().toMillis()) + " ms)";
        }

        /** A timer may be late: the attempt that was promised is made all the same, if a short one. */
        private Duration attemptTimeout() {
            Duration remaining = remaining();
            if (remaining.compareTo(ATTEMPT_TIMEOUT_MIN) < 0) {
                return ATTEMPT_TIMEOUT_MIN;
            }
            return remaining.compareTo(request.attemptTimeout()) < 0 ? remaining : request.attemptTimeout();
        }

        private Duration elapsed() {
            return Duration.ofNanos(timers.nanoTime() - startedNanos);
        }

        private Duration remaining() {
            return request.timeout().minus(elapsed());
        }
    }
}
