package io.millrace.client;

import io.millrace.client.Calls.Reply;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.record.RecordCursor;
import io.millrace.protocol.record.StoredRecord;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ReadFrom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Reads one partition from any offset. Holds no position: the caller says at each fetch where to read. Committed records only.
 *
 * <p>Thread-safe; several fetches may be under way. Futures fail with a {@link MillraceException} and are completed on the
 * client's threads: what depends on them should not block there.
 */
public final class PartitionReader {
    private final TopicPartition partition;
    private final ClientSettings settings;
    private final Calls calls;

    PartitionReader(TopicPartition partition, ClientSettings settings, Calls calls) {
        this.partition = partition;
        this.settings = settings;
        this.calls = calls;
    }

    /** Which one it reads. */
    public TopicPartition partition() {
        return partition;
    }

    /** The offsets that can be read now. */
    public CompletableFuture<OffsetRange> offsets() {
        return askOffsets(OptionalLong.empty())
                .thenApply(answer -> new OffsetRange(answer.getEarliest(), answer.getLatest()));
    }

    /**
     * The first record that has this timestamp, in milliseconds since 1970, or a later one; empty if there is none. Timestamps are the
     * producers': records behind it may be older.
     */
    public CompletableFuture<OptionalLong> offsetAt(long timestampMillis) {
        return askOffsets(OptionalLong.of(timestampMillis))
                .thenApply(answer -> answer.hasOffsetAtTimestamp()
                        ? OptionalLong.of(answer.getOffsetAtTimestamp())
                        : OptionalLong.empty());
    }

    CompletableFuture<GetOffsetsResponse> askOffsets(OptionalLong timestampMillis) {
        GetOffsetsRequest.Builder request =
                GetOffsetsRequest.newBuilder().setTopic(partition.topic()).setPartition(partition.partition());
        timestampMillis.ifPresent(request::setTimestampMillis);
        return call(
                (connections, address, message, limit) ->
                        connections.call(address, MessageServiceGrpc.getGetOffsetsMethod(), message, limit),
                request.build(),
                leader(),
                Duration.ZERO);
    }

    /** As {@link #fetch(long, FetchOptions)}, with {@link FetchOptions#DEFAULT}. */
    public CompletableFuture<FetchedRecords> fetch(long offset) {
        return fetch(offset, FetchOptions.DEFAULT);
    }

    /**
     * The records from this offset on. At the offset that the next record will get, it waits for that record.
     *
     * @return fails with OFFSET_OUT_OF_RANGE, and the range in its metadata, if nothing can be read there, and with
     *     CORRUPT_BATCH if what came is not what was written
     */
    public CompletableFuture<FetchedRecords> fetch(long offset, FetchOptions options) {
        return fetchEncoded(offset, options, false).thenApply(answer -> decode(offset, answer));
    }

    /** @param anyReplica whether one that does not lead may answer */
    CompletableFuture<FetchResponse> fetchEncoded(long offset, FetchOptions options, boolean anyReplica) {
        FetchRequest request = FetchRequest.newBuilder()
                .setTopic(partition.topic())
                .setPartition(partition.partition())
                .setOffset(offset)
                .setMaxBytes(options.bytesMax())
                .setMinBytes(options.bytesMin())
                .setMaxWaitMillis((int) options.waitMax().toMillis())
                .setFormat(FetchRequest.Format.RECORD_BATCHES)
                .setReadFrom(anyReplica ? ReadFrom.ANY_REPLICA : ReadFrom.LEADER)
                .build();
        Calls.Route route = anyReplica ? new Calls.Route.Replica(partition.topic(), partition.partition()) : leader();
        return call(Connections::fetch, request, route, options.waitMax());
    }

    private Calls.Route leader() {
        return new Calls.Route.Leader(partition.topic(), partition.partition());
    }

    private <Q, S> CompletableFuture<S> call(
            Calls.Exchange<Q, S> exchange, Q request, Calls.Route route, Duration serverWait) {
        // Known first, so that even the first request goes to the right broker.
        return calls.metadata()
                .topic(partition.topic())
                .thenCompose(topic -> calls.call(new Calls.Request<>(
                        exchange,
                        request,
                        route,
                        true,
                        settings.attemptTimeout().plus(serverWait),
                        settings.timeout().plus(serverWait))))
                .thenApply(Reply::message);
    }

    private FetchedRecords decode(long offset, FetchResponse answer) {
        FetchedBatches batches = new FetchedBatches(partition, offset, answer.getRecordBatches());
        List<StoredRecord> records = new ArrayList<>();
        for (RecordCursor record = batches.next(); record != null; record = batches.next()) {
            records.add(record.toRecord());
        }
        return new FetchedRecords(
                records, batches.endOffset(), new OffsetRange(answer.getLogStartOffset(), answer.getHighWatermark()));
    }
}
