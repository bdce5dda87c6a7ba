package io.millrace.client;

import com.google.protobuf.ByteString;
import io.grpc.MethodDescriptor;
import io.millrace.client.Calls.Reply;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.record.CorruptRecordBatchException;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.StoredRecord;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.MessageServiceGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
        GetOffsetsRequest request = GetOffsetsRequest.newBuilder()
                .setTopic(partition.topic())
                .setPartition(partition.partition())
                .build();
        return call(MessageServiceGrpc.getGetOffsetsMethod(), request, Duration.ZERO)
                .thenApply(answer -> new OffsetRange(answer.getEarliest(), answer.getLatest()));
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
        FetchRequest request = FetchRequest.newBuilder()
                .setTopic(partition.topic())
                .setPartition(partition.partition())
                .setOffset(offset)
                .setMaxBytes(options.bytesMax())
                .setMinBytes(options.bytesMin())
                .setMaxWaitMillis((int) options.waitMax().toMillis())
                .setFormat(FetchRequest.Format.RECORD_BATCHES)
                .build();
        return call(MessageServiceGrpc.getFetchMethod(), request, options.waitMax())
                .thenApply(answer -> decode(offset, answer));
    }

    private <Q, S> CompletableFuture<S> call(MethodDescriptor<Q, S> method, Q request, Duration serverWait) {
        // Known first, so that even the first request goes to the leader.
        return calls.metadata()
                .topic(partition.topic())
                .thenCompose(topic -> calls.call(new Calls.Request<>(
                        method,
                        request,
                        new Calls.Route.Leader(partition.topic(), partition.partition()),
                        true,
                        settings.attemptTimeout().plus(serverWait),
                        settings.timeout().plus(serverWait))))
                .thenApply(Reply::message);
    }

    private FetchedRecords decode(long offset, FetchResponse answer) {
        List<StoredRecord> records = new ArrayList<>();
        long next = offset;
        ByteString encoded = answer.getRecordBatches();
        try {
            for (RecordBatch batch : RecordBatches.iterate(Bytes.wrap(encoded.toByteArray()))) {
                batch.validate();
                if (batch.isControl() || batch.nextOffset() <= offset) {
                    next = Math.max(next, batch.nextOffset());
                    continue;
                }
                for (StoredRecord record : batch.records()) {
                    // A batch is never cut, so the first one may begin before the offset.
                    if (record.offset() >= offset) {
                        records.add(record);
                    }
                }
                next = batch.nextOffset();
            }
        } catch (CorruptRecordBatchException e) {
            throw new MillraceException(
                    FailureReason.CORRUPT_BATCH,
                    "what came from " + partition + " at offset " + next + " is damaged: " + e.getMessage(),
                    Map.of("topic", partition.topic(), "partition", Integer.toString(partition.partition())),
                    false,
                    null,
                    e);
        }
        return new FetchedRecords(
                records, next, new OffsetRange(answer.getLogStartOffset(), answer.getHighWatermark()));
    }
}
