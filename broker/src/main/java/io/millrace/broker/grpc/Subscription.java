package io.millrace.broker.grpc;

import akka.NotUsed;
import akka.japi.Pair;
import akka.stream.javadsl.Source;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.routing.Call;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.SubscribePartition;
import io.millrace.protocol.v1.SubscribeResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One partition of a subscribed stream: fetches one piece after the other, each when the one before has been taken. So it holds
 * one piece at most, and nothing while its client is slow. What a lost leader leaves unanswered, the router asks the next one.
 */
final class Subscription {
    /** So long a fetch waits for records before it is asked again; nobody is told. */
    private static final Duration WAIT = Duration.ofSeconds(5);
    /** From trouble that is told to the next attempt. */
    private static final Duration AFTER_FAILURE = Duration.ofMillis(500);

    /** Where it stands, before each step. */
    private sealed interface Position {
        record Beginning() implements Position {}

        record At(long offset) implements Position {}

        record Ended() implements Position {}
    }

    private final SubscribePartition wish;
    private final int maxBytes;
    private final FetchRequest.Format format;
    private final ReadMode mode;
    private final TopicLookup topics;
    private final PartitionGateway gateway;
    private final Duration patience;
    private final Function<Throwable, Failure> failureOf;
    private final Executor executor;
    /** Calls under way, of all partitions of the stream. */
    private final Set<Call> open;

    /** The topic that it began with: another of the same name is not the same. */
    private volatile long topicId = -1;

    /** @param patience how long it may take to find a leader, before that is told */
    Subscription(
            SubscribePartition wish,
            int maxBytes,
            FetchRequest.Format format,
            ReadMode mode,
            TopicLookup topics,
            PartitionGateway gateway,
            Duration patience,
            Function<Throwable, Failure> failureOf,
            Executor executor,
            Set<Call> open) {
        this.wish = wish;
        this.maxBytes = maxBytes;
        this.format = format;
        this.mode = mode;
        this.topics = topics;
        this.gateway = gateway;
        this.patience = patience;
        this.failureOf = failureOf;
        this.executor = executor;
        this.open = open;
    }

    Source<SubscribeResponse, NotUsed> source() {
        Position beginning = new Position.Beginning();
        // Not filter(), which takes the next element before there is a demand for it.
        return Source.unfoldAsync(beginning, this::step).mapConcat(Subscription::toTell);
    }

    /** Of a wait that was over there is nothing to tell, but a demand that is passed on to the next step. */
    private static List<SubscribeResponse> toTell(SubscribeResponse response) {
        return response.equals(SubscribeResponse.getDefaultInstance()) ? List.of() : List.of(response);
    }

    private CompletionStage<Optional<Pair<Position, SubscribeResponse>>> step(Position position) {
        if (position instanceof Position.Ended) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        CompletionStage<Pair<Position, SubscribeResponse>> step;
        try {
            step = position instanceof Position.At at ? read(target(), at.offset()) : begin(target());
        } catch (FailureException e) {
            step = CompletableFuture.failedFuture(e);
        }
        return step.handle((next, thrown) -> thrown == null
                        ? CompletableFuture.completedFuture(next)
                        : failed(position, failureOf.apply(thrown)))
                .thenCompose(next -> next)
                .thenApply(Optional::of);
    }

    private PartitionTarget target() {
        PartitionTarget target = topics.partition(topics.topic(wish.getTopic()), wish.getPartition());
        if (topicId >= 0 && topicId != target.topicId()) {
            throw new Failure.UnknownTopic(wish.getTopic()).asException();
        }
        topicId = target.topicId();
        return target;
    }

    private CompletionStage<Pair<Position, SubscribeResponse>> begin(PartitionTarget target) {
        OptionalLong timestamp =
                wish.hasTimestampMillis() ? OptionalLong.of(wish.getTimestampMillis()) : OptionalLong.empty();
        return send(target, new Request.Offsets(timestamp, mode), patience).thenApply(reply -> {
            PartitionReply.Offsets offsets = (PartitionReply.Offsets) reply;
            long start = startIn(offsets);
            FetchedPartition.Builder told = FetchedPartition.newBuilder()
                    .setTopic(target.topic())
                    .setPartition(target.partition())
                    .setLogStartOffset(offsets.logStartOffset())
                    .setHighWatermark(offsets.highWatermark())
                    .setNextOffset(start);
            return Pair.create(
                    new Position.At(start),
                    SubscribeResponse.newBuilder().setFetched(told).build());
        });
    }

    private long startIn(PartitionReply.Offsets offsets) {
        return switch (wish.getStartCase()) {
            case OFFSET -> wish.getOffset();
            case TIMESTAMP_MILLIS ->
                offsets.atTimestamp().map(found -> found.offset()).orElse(offsets.highWatermark());
            case END ->
                wish.getEnd() == SubscribePartition.End.LATEST ? offsets.highWatermark() : offsets.logStartOffset();
            case START_NOT_SET -> offsets.logStartOffset();
        };
    }

    private CompletionStage<Pair<Position, SubscribeResponse>> read(PartitionTarget target, long offset) {
        long waitUntil = gateway.nowMillis() + WAIT.toMillis();
        Request.Fetch fetch = new Request.Fetch(offset, maxBytes, 1, waitUntil, mode);
        return send(target, fetch, WAIT.plus(patience))
                .thenApplyAsync(
                        reply -> {
                            PartitionReply.Fetched fetched = (PartitionReply.Fetched) reply;
                            if (fetched.batches().sizeBytes() == 0) {
                                return Pair.create(new Position.At(offset), SubscribeResponse.getDefaultInstance());
                            }
                            FetchedPartition told = FetchAnswer.of(fetched, format, offset, maxBytes)
                                    .partition(target);
                            return Pair.create(
                                    new Position.At(told.getNextOffset()),
                                    SubscribeResponse.newBuilder()
                                            .setFetched(told)
                                            .build());
                        },
                        executor);
    }

    private CompletionStage<PartitionReply> send(PartitionTarget target, Request request, Duration timeout) {
        Call call = gateway.send(target, request, gateway.nowMillis() + timeout.toMillis());
        open.add(call);
        return call.answer().whenComplete((reply, thrown) -> open.remove(call));
    }

    private CompletableFuture<Pair<Position, SubscribeResponse>> failed(Position position, Failure failure) {
        boolean goesOn = Statuses.mayPass(failure);
        long offset = position instanceof Position.At at ? at.offset() : wish.getOffset();
        SubscribeResponse told = SubscribeResponse.newBuilder()
                .setFetched(FetchAnswer.failed(wish.getTopic(), wish.getPartition(), offset, failure))
                .setEnded(!goesOn)
                .build();
        Pair<Position, SubscribeResponse> next = Pair.create(goesOn ? position : new Position.Ended(), told);
        if (!goesOn) {
            return CompletableFuture.completedFuture(next);
        }
        return CompletableFuture.supplyAsync(
                () -> next,
                CompletableFuture.delayedExecutor(AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS, executor));
    }
}
