package io.millrace.broker.grpc;

import akka.NotUsed;
import akka.grpc.javadsl.Metadata;
import akka.stream.KillSwitches;
import akka.stream.SharedKillSwitch;
import akka.stream.javadsl.Source;
import io.millrace.broker.Failure;
import io.millrace.broker.ProducerIds;
import io.millrace.broker.routing.Call;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.Request;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamRequest;
import io.millrace.protocol.v1.FetchStreamResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.InitProducerRequest;
import io.millrace.protocol.v1.InitProducerResponse;
import io.millrace.protocol.v1.MessageServicePowerApi;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import io.millrace.protocol.v1.SubscribeRequest;
import io.millrace.protocol.v1.SubscribeResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Writing and reading records. */
final class MessageFrontDoor implements MessageServicePowerApi {
    private static final long NOTHING_WRITTEN = -1;

    private final ProduceIntake intake;
    private final RecordReads reads;
    private final TopicLookup topics;
    private final PartitionGateway gateway;
    private final ProducerIds producerIds;
    private final Deadlines deadlines;
    private final Faults faults;
    private final int streamParallelism;

    private final SharedKillSwitch stopping = KillSwitches.shared("streams");
    private final SharedKillSwitch stoppingReads = KillSwitches.shared("subscriptions");

    MessageFrontDoor(
            ProduceIntake intake,
            RecordReads reads,
            TopicLookup topics,
            PartitionGateway gateway,
            ProducerIds producerIds,
            Deadlines deadlines,
            Faults faults,
            int streamParallelism) {
        this.intake = intake;
        this.reads = reads;
        this.topics = topics;
        this.gateway = gateway;
        this.producerIds = producerIds;
        this.deadlines = deadlines;
        this.faults = faults;
        this.streamParallelism = streamParallelism;
    }

    /** Ends all streams; those that write when what they have sent is answered, those that read with the word that there would be more. */
    void stop() {
        stopping.shutdown();
        stoppingReads.abort(new Failure.BrokerNotReady(List.of("it is being stopped")).asException());
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
        // Begins one after the other, so that a partition's requests reach its router in order; answers as they come.
        return requests.via(stopping.flow())
                .mapAsyncUnordered(streamParallelism, request -> produceOne(request, open))
                .watchTermination((notUsed, done) -> RecordReads.cancelAtEnd(done, open));
    }

    private CompletionStage<ProduceStreamResponse> produceOne(ProduceStreamRequest request, Set<Call> open) {
        try {
            ProduceIntake.Accepted accepted = intake.accept(request.getRequest());
            Request.Produce produce = accepted.produce();
            if (produce == null) {
                return CompletableFuture.completedFuture(
                        answer(request).setResponse(nothingWritten(accepted)).build());
            }
            long deadline = gateway.nowMillis() + deadlines.timeoutMillisOf(request.getTimeoutMillis());
            Call call = gateway.send(accepted.target(), produce, deadline);
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
        return reads.fetch(request, metadata);
    }

    @Override
    public Source<FetchStreamResponse, NotUsed> fetchStream(
            Source<FetchStreamRequest, NotUsed> requests, Metadata metadata) {
        return reads.fetchStream(requests, streamParallelism).via(stoppingReads.flow());
    }

    @Override
    public Source<SubscribeResponse, NotUsed> subscribe(SubscribeRequest request, Metadata metadata) {
        return reads.subscribe(request).via(stoppingReads.flow());
    }

    @Override
    public CompletionStage<GetOffsetsResponse> getOffsets(GetOffsetsRequest request, Metadata metadata) {
        return reads.offsets(request, metadata);
    }

    private long deadline(Metadata metadata) {
        return gateway.nowMillis() + deadlines.timeoutMillis(metadata);
    }

    private static ProduceResponse produced(ProduceIntake.Accepted accepted, PartitionReply reply) {
        PartitionReply.Produced produced = (PartitionReply.Produced) reply;
        List<DuplicateRecord> duplicates = produced.duplicates();
        ProduceResponse.Builder response = response(accepted, produced.baseOffset(), duplicates)
                .setRecordCount(produced.recordCount() - duplicates.size())
                .setDuplicate(produced.repeated());
        duplicates.forEach(duplicate ->
                response.addDuplicatesBuilder().setRecord(duplicate.place()).setOffset(duplicate.offset()));
        return response.build();
    }

    private static ProduceResponse nothingWritten(ProduceIntake.Accepted accepted) {
        return response(accepted, NOTHING_WRITTEN, List.of()).build();
    }

    private static ProduceResponse.Builder response(
            ProduceIntake.Accepted accepted, long baseOffset, List<DuplicateRecord> duplicates) {
        ProduceResponse.Builder response = ProduceResponse.newBuilder()
                .setPartition(accepted.target().partition())
                .setBaseOffset(baseOffset)
                .setFlushPolicy(
                        Conversions.flushPolicy(accepted.settings().flush().when()));
        return accepted.tellEach()
                ? response.addAllResults(accepted.messages().results(baseOffset, duplicates))
                : response;
    }

    private ProduceStreamResponse failed(ProduceStreamRequest request, Throwable thrown) {
        return answer(request)
                .setError(Statuses.inStream(faults.failureOf(thrown)))
                .build();
    }

    private static ProduceStreamResponse.Builder answer(ProduceStreamRequest request) {
        return ProduceStreamResponse.newBuilder().setCorrelationId(request.getCorrelationId());
    }
}
