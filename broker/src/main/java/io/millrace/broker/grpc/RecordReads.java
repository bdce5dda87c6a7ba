package io.millrace.broker.grpc;

import akka.Done;
import akka.NotUsed;
import akka.grpc.javadsl.Metadata;
import akka.stream.javadsl.Merge;
import akka.stream.javadsl.Source;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.routing.Call;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import io.millrace.protocol.v1.FetchPartition;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamRequest;
import io.millrace.protocol.v1.FetchStreamResponse;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.ReadFrom;
import io.millrace.protocol.v1.SubscribePartition;
import io.millrace.protocol.v1.SubscribeRequest;
import io.millrace.protocol.v1.SubscribeResponse;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reading records: what a client wishes, within the limits, of one partition, of several, and as a stream. */
final class RecordReads {
    /** Of several partitions, those that have not answered after this hold up the others no more. */
    private static final long PATIENCE_MILLIS = 100;

    private final TopicLookup topics;
    private final PartitionGateway gateway;
    private final Deadlines deadlines;
    private final Faults faults;
    private final int bytesMax;
    /** For work that the router's thread should not do: it answers for many. */
    private final Executor executor;

    /** @param bytesMax of one partition in one answer */
    RecordReads(
            TopicLookup topics,
            PartitionGateway gateway,
            Deadlines deadlines,
            Faults faults,
            int bytesMax,
            Executor executor) {
        this.topics = topics;
        this.gateway = gateway;
        this.deadlines = deadlines;
        this.faults = faults;
        this.bytesMax = bytesMax;
        this.executor = executor;
    }

    CompletionStage<FetchResponse> fetch(FetchRequest request, Metadata metadata) {
        ReadLimits limits = ReadLimits.of(request, bytesMax);
        return fetch(request, limits, deadlines.timeoutMillis(metadata, limits.waitMillis()), call -> {});
    }

    /** Begins one after the other, and answers as they come. */
    Source<FetchStreamResponse, NotUsed> fetchStream(Source<FetchStreamRequest, NotUsed> requests, int parallelism) {
        Set<Call> open = ConcurrentHashMap.newKeySet();
        return requests.mapAsyncUnordered(parallelism, request -> fetchOne(request, open))
                .watchTermination((notUsed, done) -> cancelAtEnd(done, open));
    }

    private CompletionStage<FetchStreamResponse> fetchOne(FetchStreamRequest message, Set<Call> open) {
        FetchStreamResponse.Builder answer =
                FetchStreamResponse.newBuilder().setCorrelationId(message.getCorrelationId());
        try {
            FetchRequest request = message.getRequest();
            ReadLimits limits = ReadLimits.of(request, bytesMax);
            long timeoutMillis = deadlines.timeoutMillisOf(message.getTimeoutMillis(), limits.waitMillis());
            return fetch(request, limits, timeoutMillis, call -> track(call, open))
                    .handle((response, thrown) ->
                            thrown == null ? answer.setResponse(response).build() : failed(answer, thrown));
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture(failed(answer, e));
        }
    }

    private FetchStreamResponse failed(FetchStreamResponse.Builder answer, Throwable thrown) {
        return answer.setError(Statuses.inStream(faults.failureOf(thrown))).build();
    }

    private static void track(Call call, Set<Call> open) {
        open.add(call);
        CompletionStage<PartitionReply> unused = call.answer().whenComplete((reply, thrown) -> open.remove(call));
    }

    /** Of a stream whose client is gone: nobody waits for what it had asked. */
    static NotUsed cancelAtEnd(CompletionStage<Done> done, Set<Call> open) {
        CompletionStage<Done> unused =
                done.whenComplete((end, thrown) -> Set.copyOf(open).forEach(Call::cancel));
        return NotUsed.getInstance();
    }

    /** @param opened told of each request to a replica that this takes */
    private CompletionStage<FetchResponse> fetch(
            FetchRequest request, ReadLimits limits, long timeoutMillis, Consumer<Call> opened) {
        FetchRequest.Format format = ReadLimits.known(request.getFormat());
        ReadMode mode = mode(request.getReadFrom(), request.getLinearizable());
        long now = gateway.nowMillis();
        long deadline = now + timeoutMillis;
        // An answer without records, in time, is better than none: the wait ends before the deadline.
        long waitUntil = now + Math.min(limits.waitMillis(), timeoutMillis * 9 / 10);
        if (request.getPartitionsCount() > 0) {
            return fetchMany(request, limits, waitUntil, deadline, mode, opened);
        }
        PartitionTarget target = topics.partition(topics.topic(request.getTopic()), request.getPartition());
        Call call = gateway.send(
                target,
                new Request.Fetch(request.getOffset(), limits.maxBytes(), limits.minBytes(), waitUntil, mode),
                deadline);
        opened.accept(call);
        Function<PartitionReply, FetchResponse> response =
                reply -> FetchAnswer.of((PartitionReply.Fetched) reply, format, request.getOffset(), limits.maxBytes())
                        .response(request.getPartition());
        return format == FetchRequest.Format.RECORD_BATCHES
                ? call.answer().thenApply(response) // not decoded
                : call.answer().thenApplyAsync(response, executor);
    }

    private CompletionStage<FetchResponse> fetchMany(
            FetchRequest request,
            ReadLimits limits,
            long waitUntil,
            long deadline,
            ReadMode mode,
            Consumer<Call> opened) {
        if (!request.getTopic().isEmpty()) {
            throw ReadLimits.invalid("partitions", "either these or a topic, partition and offset");
        }
        ReadLimits.checkPartitions(request.getPartitionsCount());
        int share = ReadLimits.share(limits.maxBytes(), request.getPartitionsCount());
        ManyFetch many = new ManyFetch(
                request.getPartitionsList().stream()
                        .map(asked -> wish(asked, share, limits.maxBytes()))
                        .toList(),
                limits.minBytes(),
                limits.waitMillis() > 0,
                (target, offset, maxBytes, minBytes, waits) -> {
                    Request.Fetch fetch = new Request.Fetch(offset, maxBytes, minBytes, waits ? waitUntil : 0, mode);
                    Call call = gateway.send(target, fetch, deadline);
                    opened.accept(call);
                    return new ManyFetch.Asked(call.answer(), call::cancel);
                },
                faults::failureOf);
        CompletionStage<List<ManyFetch.Outcome>> outcomes = many.begin();
        CompletableFuture.delayedExecutor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS, executor)
                .execute(many::hurry);
        return outcomes.thenApplyAsync(all -> response(all, request.getFormat(), limits.maxBytes()), executor);
    }

    private ManyFetch.Wish wish(FetchPartition asked, int share, int max) {
        int maxBytes = ReadLimits.bytes(asked.getMaxBytes(), share, max);
        try {
            PartitionTarget target = topics.partition(topics.topic(asked.getTopic()), asked.getPartition());
            return new ManyFetch.Wish(
                    asked.getTopic(), asked.getPartition(), asked.getOffset(), maxBytes, target, null);
        } catch (FailureException e) {
            return new ManyFetch.Wish(
                    asked.getTopic(), asked.getPartition(), asked.getOffset(), maxBytes, null, e.failure());
        }
    }

    /** In the order of the request; of who comes too late to find room, it is only said how its log stands. */
    private static FetchResponse response(List<ManyFetch.Outcome> outcomes, FetchRequest.Format format, int maxBytes) {
        FetchResponse.Builder response = FetchResponse.newBuilder();
        int room = maxBytes;
        for (ManyFetch.Outcome outcome : outcomes) {
            ManyFetch.Wish wish = outcome.wish();
            PartitionReply.Fetched fetched = outcome.fetched();
            Failure failure = outcome.failure();
            PartitionTarget target = wish.target();
            if (failure != null || fetched == null || target == null) {
                response.addPartitions(failed(wish, failure));
                continue;
            }
            int size = fetched.batches().sizeBytes();
            boolean fits = size <= room || room == maxBytes;
            room -= fits ? size : 0;
            response.addPartitions(
                    FetchAnswer.of(fits ? fetched : fetched.withoutBatches(), format, wish.offset(), wish.maxBytes())
                            .partition(target));
        }
        return response.build();
    }

    private static FetchedPartition failed(ManyFetch.Wish wish, @Nullable Failure failure) {
        Failure told = failure == null ? new Failure.UnknownTopic(wish.topic()) : failure;
        return FetchAnswer.failed(wish.topic(), wish.partition(), wish.offset(), told);
    }

    Source<SubscribeResponse, NotUsed> subscribe(SubscribeRequest request) {
        topics.metadata(); // or this broker is not ready
        ReadLimits.checkPartitions(request.getPartitionsCount());
        FetchRequest.Format format = ReadLimits.known(request.getFormat());
        ReadMode mode = mode(request.getReadFrom(), false);
        Set<List<Object>> names = new HashSet<>();
        for (SubscribePartition wish : request.getPartitionsList()) {
            if (!names.add(List.of(wish.getTopic(), wish.getPartition()))) {
                throw ReadLimits.invalid(
                        "partitions", wish.getTopic() + "-" + wish.getPartition() + " is there more than once");
            }
        }
        int total = ReadLimits.bytes(request.getMaxBytes(), bytesMax, Integer.MAX_VALUE);
        int share = Math.min(bytesMax, ReadLimits.share(total, request.getPartitionsCount()));
        Set<Call> open = ConcurrentHashMap.newKeySet();
        List<Source<SubscribeResponse, NotUsed>> partitions = request.getPartitionsList().stream()
                .map(wish -> new Subscription(
                                wish,
                                share,
                                format,
                                mode,
                                topics,
                                gateway,
                                deadlines.usual(),
                                faults::failureOf,
                                executor,
                                open)
                        .source())
                .toList();
        return merged(partitions).watchTermination((notUsed, done) -> cancelAtEnd(done, open));
    }

    private static Source<SubscribeResponse, NotUsed> merged(List<Source<SubscribeResponse, NotUsed>> sources) {
        return switch (sources.size()) {
            case 1 -> sources.get(0);
            case 2 -> Source.combine(sources.get(0), sources.get(1), List.of(), Merge::create);
            default ->
                Source.combine(
                        sources.get(0), sources.get(1), List.copyOf(sources.subList(2, sources.size())), Merge::create);
        };
    }

    CompletionStage<GetOffsetsResponse> offsets(GetOffsetsRequest request, Metadata metadata) {
        PartitionTarget target = topics.partition(topics.topic(request.getTopic()), request.getPartition());
        OptionalLong timestamp =
                request.hasTimestampMillis() ? OptionalLong.of(request.getTimestampMillis()) : OptionalLong.empty();
        ReadMode mode = mode(request.getReadFrom(), request.getLinearizable());
        long deadline = gateway.nowMillis() + deadlines.timeoutMillis(metadata);
        return gateway.send(target, new Request.Offsets(timestamp, mode), deadline)
                .answer()
                .thenApply(reply -> response((PartitionReply.Offsets) reply));
    }

    private static GetOffsetsResponse response(PartitionReply.Offsets offsets) {
        GetOffsetsResponse.Builder response = GetOffsetsResponse.newBuilder()
                .setEarliest(offsets.logStartOffset())
                .setLatest(offsets.highWatermark());
        offsets.atTimestamp().ifPresent(found -> response.setOffsetAtTimestamp(found.offset())
                .setTimestampMillis(found.timestampMillis()));
        return response.build();
    }

    private static ReadMode mode(ReadFrom from, boolean linearizable) {
        return switch (from) {
            case LEADER -> new ReadMode(false, linearizable);
            case ANY_REPLICA -> new ReadMode(true, linearizable);
            case UNRECOGNIZED -> throw ReadLimits.invalid("read_from", "there is no such choice");
        };
    }
}
