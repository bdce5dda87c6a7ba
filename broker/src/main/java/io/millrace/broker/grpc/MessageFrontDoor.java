package io.millrace.broker.grpc;

import akka.Done;
import akka.NotUsed;
import akka.grpc.javadsl.Metadata;
import akka.stream.javadsl.Source;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.ProducerIds;
import io.millrace.broker.routing.Call;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.InitProducerRequest;
import io.millrace.protocol.v1.InitProducerResponse;
import io.millrace.protocol.v1.MessageServicePowerApi;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Writing and reading records. */
final class MessageFrontDoor implements MessageServicePowerApi {
    private static final long NOTHING_WRITTEN = -1;
    private static final int FETCH_BYTES_DEFAULT = 1 << 20;
    private static final int FETCH_WAIT_MILLIS_MAX = 60_000;

    private final ProduceIntake intake;
    private final TopicLookup topics;
    private final PartitionGateway gateway;
    private final ProducerIds producerIds;
    private final Deadlines deadlines;
    private final Faults faults;
    private final int fetchBytesMax;
    private final int streamParallelism;
    /** For work that the router's thread should not do: it answers for many. */
    private final Executor executor;

    MessageFrontDoor(
            ProduceIntake intake,
            TopicLookup topics,
            PartitionGateway gateway,
            ProducerIds producerIds,
            Deadlines deadlines,
            Faults faults,
            int fetchBytesMax,
            int streamParallelism,
            Executor executor) {
        this.intake = intake;
        this.topics = topics;
        this.gateway = gateway;
        this.producerIds = producerIds;
        this.deadlines = deadlines;
        this.faults = faults;
        this.fetchBytesMax = fetchBytesMax;
        this.streamParallelism = streamParallelism;
        this.executor = executor;
    }

    @Override
    public CompletionStage<ProduceResponse> produce(ProduceRequest request, Metadata metadata) {
        ProduceIntake.Accepted accepted = intake.accept(request);
        Request.Produce produce = accepted.produce();
        if (produce == null) {
            return CompletableFuture.completedFuture(nothingWritten(accepted));
        }
        return gateway.send(accepted.target(), produce, deadline(metadata))
                .answer()
                .thenApply(reply -> produced(accepted, reply));
    }

    @Override
    public Source<ProduceStreamResponse, NotUsed> produceStream(
            Source<ProduceStreamRequest, NotUsed> requests, Metadata metadata) {
        Set<Call> open = ConcurrentHashMap.newKeySet();
        // mapAsync begins one after the other and answers in order: a partition's requests reach its router in order.
        return requests.mapAsync(streamParallelism, request -> produceOne(request, metadata, open))
                .watchTermination((notUsed, done) -> {
                    CompletionStage<Done> unused =
                            done.whenComplete((end, thrown) -> Set.copyOf(open).forEach(Call::cancel));
                    return notUsed;
                });
    }

    private CompletionStage<ProduceStreamResponse> produceOne(
            ProduceStreamRequest request, Metadata metadata, Set<Call> open) {
        try {
            ProduceIntake.Accepted accepted = intake.accept(request.getRequest());
            Request.Produce produce = accepted.produce();
            if (produce == null) {
                return CompletableFuture.completedFuture(
                        answer(request).setResponse(nothingWritten(accepted)).build());
            }
            Call call = gateway.send(accepted.target(), produce, deadline(metadata));
            open.add(call);
            return call.answer().handle((reply, thrown) -> {
                open.remove(call);
                return thrown == null
                        ? answer(request).setResponse(produced(accepted, reply)).build()
                        : failed(request, thrown);
            });
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture(failed(request, e));
        }
    }

    @Override
    public CompletionStage<InitProducerResponse> initProducer(InitProducerRequest request, Metadata metadata) {
        topics.metadata(); // or this broker is not ready
        return producerIds.next().thenApply(id -> InitProducerResponse.newBuilder()
                .setProducerId(id)
                .build());
    }

    @Override
    public CompletionStage<FetchResponse> fetch(FetchRequest request, Metadata metadata) {
        PartitionTarget target = topics.partition(topics.topic(request.getTopic()), request.getPartition());
        if (request.getFormat() == FetchRequest.Format.UNRECOGNIZED) {
            throw invalid("format", "there is no format " + request.getFormatValue());
        }
        // Unsigned in the protocol: what is negative here is very large.
        int maxBytes = request.getMaxBytes() == 0 ? FETCH_BYTES_DEFAULT : request.getMaxBytes();
        maxBytes = maxBytes < 0 ? fetchBytesMax : Math.min(maxBytes, fetchBytesMax);
        int minBytes = request.getMinBytes() < 0 ? maxBytes : Math.min(Math.max(1, request.getMinBytes()), maxBytes);
        int waitMillis = request.getMaxWaitMillis();
        if (waitMillis < 0 || waitMillis > FETCH_WAIT_MILLIS_MAX) {
            throw invalid(
                    "max_wait_millis", Integer.toUnsignedString(waitMillis) + " is more than " + FETCH_WAIT_MILLIS_MAX);
        }
        long now = gateway.nowMillis();
        long timeout = deadlines.timeoutMillis(metadata, waitMillis);
        // An answer without records, in time, is better than none: the wait ends before the deadline.
        long waitUntil = now + Math.min(waitMillis, timeout * 9 / 10);
        int room = maxBytes;
        Request.Fetch fetch = new Request.Fetch(request.getOffset(), maxBytes, minBytes, waitUntil);
        return gateway.send(target, fetch, now + timeout)
                .answer()
                .thenApplyAsync(reply -> FetchAnswer.of(request, (PartitionReply.Fetched) reply, room), executor);
    }

    @Override
    public CompletionStage<GetOffsetsResponse> getOffsets(GetOffsetsRequest request, Metadata metadata) {
        PartitionTarget target = topics.partition(topics.topic(request.getTopic()), request.getPartition());
        return gateway.send(target, new Request.Offsets(), deadline(metadata))
                .answer()
                .thenApply(reply -> {
                    PartitionReply.Offsets offsets = (PartitionReply.Offsets) reply;
                    return GetOffsetsResponse.newBuilder()
                            .setEarliest(offsets.logStartOffset())
                            .setLatest(offsets.highWatermark())
                            .build();
                });
    }

    private long deadline(Metadata metadata) {
        return gateway.nowMillis() + deadlines.timeoutMillis(metadata);
    }

    private static ProduceResponse produced(ProduceIntake.Accepted accepted, PartitionReply reply) {
        PartitionReply.Produced produced = (PartitionReply.Produced) reply;
        return response(accepted, produced.baseOffset())
                .setRecordCount(produced.recordCount())
                .setDuplicate(produced.duplicate())
                .build();
    }

    private static ProduceResponse nothingWritten(ProduceIntake.Accepted accepted) {
        return response(accepted, NOTHING_WRITTEN).build();
    }

    private static ProduceResponse.Builder response(ProduceIntake.Accepted accepted, long baseOffset) {
        ProduceResponse.Builder response = ProduceResponse.newBuilder()
                .setPartition(accepted.target().partition())
                .setBaseOffset(baseOffset)
                .setFlushPolicy(
                        Conversions.flushPolicy(accepted.settings().flush().when()));
        return accepted.tellEach() ? response.addAllResults(accepted.messages().results(baseOffset)) : response;
    }

    private ProduceStreamResponse failed(ProduceStreamRequest request, Throwable thrown) {
        return answer(request)
                .setError(Statuses.inStream(faults.failureOf(thrown)))
                .build();
    }

    private static ProduceStreamResponse.Builder answer(ProduceStreamRequest request) {
        return ProduceStreamResponse.newBuilder().setCorrelationId(request.getCorrelationId());
    }

    private static FailureException invalid(String field, String problem) {
        return new Failure.InvalidRequest(field, problem).asException();
    }
}
