package io.millrace.client;

import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One connection for each broker that was ever asked, made when it is first needed and used by all calls; knows which ones
 * failed lately. gRPC makes a broken connection anew by itself, but with waits of up to two minutes: here it is told to try
 * whenever there is a call to make, so that a broker that is back is used at once.
 */
final class Connections implements AutoCloseable {
    /** For so long after a failure a broker is asked only if there is no other. */
    private static final long AVOIDED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Function<HostPort, ManagedChannel> channels;
    private final Executor executor;
    private final Timers timers;
    private final ConcurrentMap<HostPort, Connection> byAddress = new ConcurrentHashMap<>();
    private final AtomicInteger turn;
    private volatile @Nullable HostPort lastGood;
    private volatile boolean closed;

    /**
     * No connection is made yet.
     *
     * @param channels opens a channel to an address, without blocking
     * @param executor for what depends on answers, which may block
     * @param firstTurn any number: which of several equal brokers is asked first
     */
    Connections(Function<HostPort, ManagedChannel> channels, Executor executor, Timers timers, int firstTurn) {
        this.channels = channels;
        this.executor = executor;
        this.timers = timers;
        this.turn = new AtomicInteger(firstTurn & 0xffff);
    }

    /**
     * Calls the broker at this address, once.
     *
     * @param timeout after which the attempt fails
     * @return the answer, or a {@link MillraceException} that tells whether the request was sent
     */
    <Q, S> CompletableFuture<S> call(HostPort address, MethodDescriptor<Q, S> method, Q request, Duration timeout) {
        if (closed) {
            return CompletableFuture.failedFuture(Calls.closed());
        }
        Connection connection = to(address);
        SentTracer sent = new SentTracer();
        CallOptions options = CallOptions.DEFAULT
                .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .withStreamTracerFactory(sent);
        CompletableFuture<S> answer = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(connection.channel.newCall(method, options), request, new StreamObserver<S>() {
            private @Nullable S value;

            @Override
            public void onNext(S message) {
                value = message;
            }

            @Override
            public void onError(Throwable thrown) {
                MillraceException failure = StatusTranslation.translate(thrown, address, sent.isSent());
                note(address, connection, !failure.reason().isConnectionTrouble());
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                note(address, connection, true);
                S complete = value;
                if (complete == null) {
                    throw new IllegalStateException("gRPC completed a unary call without an answer");
                }
                answer.complete(complete);
            }
        });
        return answer;
    }

    /**
     * Sends a produce request to the broker at this address, once; those to one address arrive in the order of the calls.
     *
     * @param timeout after which the attempt fails
     * @return the answer, or a {@link MillraceException} that tells whether the request was sent
     */
    CompletableFuture<ProduceResponse> produce(HostPort address, ProduceRequest request, Duration timeout) {
        return inStream(address, connection -> connection.produce, request, timeout);
    }

    /** The same of fetches, which may be answered in any order. */
    CompletableFuture<FetchResponse> fetch(HostPort address, FetchRequest request, Duration timeout) {
        return inStream(address, connection -> connection.fetch, request, timeout);
    }

    private <Q, S> CompletableFuture<S> inStream(
            HostPort address, Function<Connection, StreamSlot<Q, S, ?, ?>> slot, Q request, Duration timeout) {
        if (closed) {
            return CompletableFuture.failedFuture(Calls.closed());
        }
        Connection connection = to(address);
        return slot.apply(connection)
                .send(connection.channel, address, reached -> note(address, connection, reached), request, timeout);
    }

    private Connection to(HostPort address) {
        Connection connection = byAddress.computeIfAbsent(address, a -> new Connection(channels.apply(a)));
        if (connection.failedAtNanos != null) {
            connection.channel.resetConnectBackoff();
        }
        return connection;
    }

    /** Whether a call to this address failed a moment ago, and none has succeeded since. */
    boolean isAvoided(HostPort address) {
        Connection connection = byAddress.get(address);
        Long failedAt = connection == null ? null : connection.failedAtNanos;
        return failedAt != null && timers.nanoTime() - failedAt < AVOIDED_NANOS;
    }

    /** Whether every one of these was tried, and none of all brokers has ever answered. */
    boolean haveAllFailed(List<HostPort> addresses) {
        return lastGood == null && addresses.stream().allMatch(address -> failedAtNanos(address) != Long.MIN_VALUE);
    }

    /**
     * The broker to ask if any will do: the one that answered last, else each in turn, and only if nothing else is left one
     * that failed a moment ago, the longest ago first.
     *
     * @param candidates at least one
     * @param avoid the one that could not help just now, if there is one
     */
    HostPort pick(List<HostPort> candidates, @Nullable HostPort avoid) {
        HostPort good = lastGood;
        if (good != null && !good.equals(avoid) && candidates.contains(good) && !isAvoided(good)) {
            return good;
        }
        int first = Math.floorMod(turn.getAndIncrement(), candidates.size());
        for (int i = 0; i < candidates.size(); i++) {
            HostPort candidate = candidates.get((first + i) % candidates.size());
            if (!candidate.equals(avoid) && !isAvoided(candidate)) {
                return candidate;
            }
        }
        return candidates.stream()
                .filter(candidate -> !candidate.equals(avoid))
                .min(Comparator.comparingLong(this::failedAtNanos))
                .orElse(candidates.get(first));
    }

    @Override
    public void close() {
        closed = true;
        byAddress.values().forEach(connection -> connection.channel.shutdownNow());
    }

    private long failedAtNanos(HostPort address) {
        Connection connection = byAddress.get(address);
        Long failedAt = connection == null ? null : connection.failedAtNanos;
        return failedAt == null ? Long.MIN_VALUE : failedAt;
    }

    private void note(HostPort address, Connection connection, boolean answered) {
        if (answered) {
            connection.failedAtNanos = null;
            lastGood = address;
        } else {
            connection.failedAtNanos = timers.nanoTime();
        }
    }

    private final class Connection {
        final ManagedChannel channel;
        volatile @Nullable Long failedAtNanos;
        final StreamSlot<ProduceRequest, ProduceResponse, ?, ?> produce = new StreamSlot<>(RequestStream.Kind.PRODUCE);
        final StreamSlot<FetchRequest, FetchResponse, ?, ?> fetch = new StreamSlot<>(RequestStream.Kind.FETCH);

        Connection(ManagedChannel channel) {
            this.channel = channel;
        }
    }

    /** Has a stream while there is need of one, and another when that has ended. */
    private final class StreamSlot<Q, S, M extends MessageLite, A> {
        private final RequestStream.Kind<Q, S, M, A> kind;
        private @Nullable RequestStream<Q, S, M, A> stream;

        StreamSlot(RequestStream.Kind<Q, S, M, A> kind) {
            this.kind = kind;
        }

        synchronized CompletableFuture<S> send(
                ManagedChannel channel, HostPort address, Consumer<Boolean> observer, Q request, Duration timeout) {
            RequestStream<Q, S, M, A> open = stream;
            if (open == null || open.hasEnded()) {
                open = new RequestStream<>(kind, channel, address, executor, observer);
                stream = open;
            }
            return open.send(request, timeout);
        }
    }
}
