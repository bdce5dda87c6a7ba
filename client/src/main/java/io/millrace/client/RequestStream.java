package io.millrace.client;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamRequest;
import io.millrace.protocol.v1.FetchStreamResponse;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one kind of one connection, on one stream: they arrive in the order in which they are sent, and neither side has to begin and
 * end a call for each. Each is answered, or fails, for itself; one that is not answered in time takes the stream along, since
 * nothing that comes later can be hoped for either.
 */
final class RequestStream<Q, S, M extends MessageLite, A> {
    /**
     * What is asked, and how a stream puts it.
     *
     * @param <Q> requests
     * @param <S> answers
     * @param <M> what the stream carries of requests
     * @param <A> what it carries of answers
     * @param method of the stream
     * @param message of a request, with a number that comes back in its answer, and how long it may take
     * @param idOf the number in an answer
     * @param answerTo what an answer says: completes or fails the future
     */
    record Kind<Q, S, M extends MessageLite, A>(
            MethodDescriptor<M, A> method,
            Message<Q, M> message,
            ToLongFunction<A> idOf,
            BiConsumer<A, CompletableFuture<S>> answerTo) {
        interface Message<Q, M> {
            M of(long id, int timeoutMillis, Q request);
        }

        static final Kind<ProduceRequest, ProduceResponse, ProduceStreamRequest, ProduceStreamResponse> PRODUCE =
                new Kind<>(
                        MessageServiceGrpc.getProduceStreamMethod(),
                        (id, timeoutMillis, request) -> ProduceStreamRequest.newBuilder()
                                .setCorrelationId(id)
                                .setTimeoutMillis(timeoutMillis)
                                .setRequest(request)
                                .build(),
                        ProduceStreamResponse::getCorrelationId,
                        (answer, future) ->
                                complete(future, answer.hasResponse(), answer.getResponse(), answer.getError()));

        static final Kind<FetchRequest, FetchResponse, FetchStreamRequest, FetchStreamResponse> FETCH = new Kind<>(
                aliasing(MessageServiceGrpc.getFetchStreamMethod(), FetchStreamResponse.parser()),
                (id, timeoutMillis, request) -> FetchStreamRequest.newBuilder()
                        .setCorrelationId(id)
                        .setTimeoutMillis(timeoutMillis)
                        .setRequest(request)
                        .build(),
                FetchStreamResponse::getCorrelationId,
                (answer, future) -> complete(future, answer.hasResponse(), answer.getResponse(), answer.getError()));

        private static <M, A extends MessageLite> MethodDescriptor<M, A> aliasing(
                MethodDescriptor<M, A> method, Parser<A> parser) {
            return method.toBuilder(
                            method.getRequestMarshaller(),
                            new AliasingMarshaller<>(method.getResponseMarshaller(), parser))
                    .build();
        }

        private static <S> void complete(CompletableFuture<S> future, boolean succeeded, S response, Error error) {
            if (succeeded) {
                future.complete(response);
            } else {
                future.completeExceptionally(StatusTranslation.translate(error));
            }
        }
    }

    private record Pending<S>(long untilNanos, int requestBytes, CompletableFuture<S> answer) {}

    private final Kind<Q, S, M, A> kind;
    private final HostPort address;
    private final Executor executor;
    /** Hears of each answer and failure whether the broker could be reached. */
    private final Consumer<Boolean> observer;

    private final ClientCall<M, A> call;
    private final StreamObserver<M> requests;
    private final Map<Long, Pending<S>> pending = new HashMap<>();
    private long lastId;
    private long timerAtNanos;
    private boolean timerArmed;
    private @Nullable MillraceException endedBy;
    private final SentTracer tracer = new SentTracer();

    /**
     * Opens the stream; does not block.
     *
     * @param executor for what depends on answers, which may block
     * @param observer told on any thread whether the broker answered
     */
    RequestStream(
            Kind<Q, S, M, A> kind, Channel channel, HostPort address, Executor executor, Consumer<Boolean> observer) {
        this.kind = kind;
        this.address = address;
        this.executor = executor;
        this.observer = observer;
        CallOptions options = CallOptions.DEFAULT
                .withExecutor(Runnable::run) // answers are only handed on, so the connection's thread may do it
                .withStreamTracerFactory(tracer);
        this.call = channel.newCall(kind.method(), options);
        this.requests = ClientCalls.asyncBidiStreamingCall(call, new Answers());
    }

    /**
     * Sends a request.
     *
     * @param timeout after which it fails, and the stream with it
     * @return the answer, or a {@link MillraceException} that tells whether the request may have been applied
     */
    CompletableFuture<S> send(Q request, Duration timeout) {
        CompletableFuture<S> answer = new CompletableFuture<>();
        synchronized (this) {
            MillraceException end = endedBy;
            if (end != null) {
                return CompletableFuture.failedFuture(end.forNothingSent());
            }
            long id = ++lastId;
            M message =
                    kind.message().of(id, (int) Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis())), request);
            Pending<S> sent = new Pending<>(System.nanoTime() + timeout.toNanos(), message.getSerializedSize(), answer);
            pending.put(id, sent);
            arm(sent.untilNanos());
            requests.onNext(message);
        }
        return answer;
    }

    /** Whether it takes no more requests. */
    synchronized boolean hasEnded() {
        return endedBy != null;
    }

    // ------------------------------------------------------------------------------------------------------- its end

    private void failed(Throwable thrown) {
        MillraceException failure = StatusTranslation.translate(thrown, address, tracer.isSent());
        end(
                failure,
                request -> ofUnanswered(request, failure),
                !failure.reason().isConnectionTrouble());
    }

    /**
     * What the end of the stream says of one request. It is about the whole stream, and whether the request was applied is unknown; but a
     * message that was too large to be read ends the stream too, and is known by its size.
     */
    private MillraceException ofUnanswered(Pending<S> request, MillraceException failure) {
        boolean tooLarge = failure.reason() == FailureReason.MESSAGE_TOO_LARGE;
        boolean isItself = tooLarge
                && Integer.toString(request.requestBytes())
                        .equals(failure.metadata().get("size_bytes"));
        if (isItself || failure.isOutcomeUnknown() || failure.reason() == FailureReason.CONNECTION_FAILED) {
            return failure;
        }
        return new MillraceException(
                FailureReason.CONNECTION_LOST,
                address + " has ended the stream before it answered: " + failure.getMessage(),
                Map.of("address", address.toString()),
                true,
                failure.retryDelay().orElse(null),
                failure);
    }

    /** As a broker does that stops. */
    private void completed() {
        MillraceException failure = new MillraceException(
                FailureReason.CONNECTION_LOST,
                address + " has ended the stream before it answered",
                Map.of("address", address.toString()));
        end(failure, request -> failure, false);
    }

    /**
     * Takes no more requests.
     *
     * @param failure of requests that come later
     * @param ofUnanswered what to tell those that wait
     * @param reached whether the broker could be reached
     */
    private void end(MillraceException failure, Function<Pending<S>, MillraceException> ofUnanswered, boolean reached) {
        List<Pending<S>> unanswered;
        synchronized (this) {
            endedBy = failure;
            unanswered = List.copyOf(pending.values());
            pending.clear();
        }
        observer.accept(reached);
        unanswered.forEach(
                request -> executor.execute(() -> request.answer().completeExceptionally(ofUnanswered.apply(request))));
    }

    // ----------------------------------------------------------------------------------------------------------- time

    /**
     * By the machine's clock, as gRPC's deadlines. One timer, for the earliest; it is not moved when that request is answered, so that
     * most cost no timer at all.
     */
    private void arm(long untilNanos) {
        if (!timerArmed || untilNanos - timerAtNanos < 0) {
            timerArmed = true;
            timerAtNanos = untilNanos;
            long delayNanos = Math.max(0, untilNanos - System.nanoTime());
            CompletableFuture.delayedExecutor(delayNanos, TimeUnit.NANOSECONDS, executor)
                    .execute(() -> timeIsUp(untilNanos));
        }
    }

    private void timeIsUp(long atNanos) {
        boolean late = false;
        synchronized (this) {
            if (endedBy != null || !timerArmed || timerAtNanos != atNanos) {
                return; // an earlier one was armed since
            }
            timerArmed = false;
            long now = System.nanoTime();
            long earliest = Long.MAX_VALUE;
            for (Pending<S> request : pending.values()) {
                long left = request.untilNanos() - now;
                late |= left <= 0;
                earliest = Math.min(earliest, left);
            }
            if (!late && !pending.isEmpty()) {
                arm(now + earliest);
            }
        }
        if (late) {
            giveUp();
        }
    }

    private void giveUp() {
        boolean isSent = tracer.isSent();
        FailureReason reason = isSent ? FailureReason.NO_ANSWER : FailureReason.CONNECTION_FAILED;
        String what = isSent ? "no answer from " + address + " in time" : "cannot connect to " + address + " in time";
        MillraceException failure = new MillraceException(reason, what, Map.of("address", address.toString()));
        end(failure, request -> failure, false);
        call.cancel(what, null);
    }

    // -------------------------------------------------------------------------------------------------- what gRPC says

    private final class Answers implements StreamObserver<A> {
        @Override
        public void onNext(A message) {
            Pending<S> request;
            synchronized (RequestStream.this) {
                request = pending.remove(kind.idOf().applyAsLong(message));
            }
            if (request == null) {
                return; // given up
            }
            observer.accept(true);
            executor.execute(() -> kind.answerTo().accept(message, request.answer()));
        }

        @Override
        public void onError(Throwable thrown) {
            failed(thrown);
        }

        @Override
        public void onCompleted() {
            completed();
        }
    }
}
