package io.millrace.client;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.StoredRecord;
import io.millrace.protocol.v1.ProduceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Records of one partition that travel together, and the promises made for them. Guarded by its {@link PartitionQueue}. */
final class ProducerBatch {
    /** What is to be told of one record. */
    private record Promise(long timestampMillis, CompletableFuture<RecordPosition> position) {}

    final long createdNanos;
    private final int sizeMax;
    private final BatchCompression compression;
    /** What the topic takes; asked when the batch is encoded. */
    private final Supplier<CompressionTypes> types;

    private RecordBatchBuilder builder;
    private final List<Promise> promises = new ArrayList<>();
    private int bufferBytes;
    private boolean numbered;
    private @Nullable Bytes encoded;

    ProducerBatch(int sizeMax, BatchCompression compression, Supplier<CompressionTypes> types, long createdNanos) {
        this.sizeMax = sizeMax;
        this.compression = compression;
        this.types = types;
        this.builder = new RecordBatchBuilder(sizeMax);
        this.createdNanos = createdNanos;
    }

    /**
     * Takes the record, if there is room for it.
     *
     * @param recordBufferBytes what it takes of the producer's buffer until this batch is done
     * @return false if there is not
     */
    boolean tryAppend(
            ProducerRecord record,
            long timestampMillis,
            int recordBufferBytes,
            CompletableFuture<RecordPosition> promise) {
        if (!builder.tryAppend(timestampMillis, record.key(), record.value(), record.headers())) {
            return false;
        }
        promises.add(new Promise(timestampMillis, promise));
        bufferBytes += recordBufferBytes;
        return true;
    }

    int recordCount() {
        return promises.size();
    }

    int bufferBytes() {
        return bufferBytes;
    }

    /** Numbers it for an idempotent producer, before it is encoded, or anew if it was surely not written under other numbers. */
    void number(long producerId, short epoch, int baseSequence) {
        Bytes before = encoded;
        if (before != null) {
            builder = new RecordBatchBuilder(sizeMax);
            for (StoredRecord record : RecordBatch.at(before, 0).records()) {
                append(builder, record);
            }
            encoded = null;
        }
        builder.producer(producerId, epoch, baseSequence);
        numbered = true;
    }

    boolean isNumbered() {
        return numbered;
    }

    /** It was surely not written under these, and is to get others. */
    void forgetNumbers() {
        numbered = false;
    }

    /** The encoded batch, the same at every attempt; nothing can be appended after the first time. */
    Bytes encoded() {
        Bytes bytes = encoded;
        if (bytes == null) {
            bytes = builder.build(compression.forSize(builder.sizeInBytes()), types.get());
            encoded = bytes;
        }
        return bytes;
    }

    /**
     * Two batches of half the records each, in order.
     *
     * @throws IllegalStateException if there is only one record
     */
    List<ProducerBatch> split() {
        if (recordCount() < 2) {
            throw new IllegalStateException("one record cannot be split");
        }
        Bytes whole = encoded();
        ProducerBatch first = new ProducerBatch(sizeMax, compression, types, createdNanos);
        ProducerBatch second = new ProducerBatch(sizeMax, compression, types, createdNanos);
        int index = 0;
        for (StoredRecord record : RecordBatch.at(whole, 0).records()) {
            ProducerBatch half = index < recordCount() / 2 ? first : second;
            append(half.builder, record);
            half.promises.add(promises.get(index++));
        }
        // The buffer counts records, which both halves share out; to the byte only their sum matters.
        first.bufferBytes = bufferBytes / 2;
        second.bufferBytes = bufferBytes - first.bufferBytes;
        return List.of(first, second);
    }

    private static void append(RecordBatchBuilder to, StoredRecord record) {
        if (!to.tryAppend(record.timestampMillis(), record.key(), record.value(), record.headers())) {
            throw new IllegalStateException("a record does not fit where it did before");
        }
    }

    void acknowledge(String topic, ProduceResponse response) {
        long offset = response.getBaseOffset();
        FlushPolicy.When flush = flushOf(response);
        int duplicates = 0;
        for (int place = 0; place < promises.size(); place++) {
            boolean duplicate = duplicates < response.getDuplicatesCount()
                    && response.getDuplicates(duplicates).getRecord() == place;
            long at = duplicate ? response.getDuplicates(duplicates++).getOffset() : offset++;
            Promise promise = promises.get(place);
            promise.position()
                    .complete(new RecordPosition(
                            topic, response.getPartition(), at, promise.timestampMillis(), flush, duplicate));
        }
    }

    private static FlushPolicy.When flushOf(ProduceResponse response) {
        return switch (response.getFlushPolicy()) {
            case COMMIT -> FlushPolicy.When.COMMIT;
            case INTERVAL -> FlushPolicy.When.INTERVAL;
            case OS, UNRECOGNIZED -> FlushPolicy.When.OS; // of a later version: it promises whatever it promises
        };
    }

    void fail(MillraceException failure) {
        promises.forEach(promise -> promise.position().completeExceptionally(failure));
    }
}
