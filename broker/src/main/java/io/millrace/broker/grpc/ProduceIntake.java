package io.millrace.broker.grpc;

import com.google.protobuf.ByteString;
import io.millrace.broker.Failure;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.Partitioner;
import io.millrace.protocol.record.CorruptRecordBatchException;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.Record;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Makes of a client's request what a leader appends, or says what is wrong with it. All of the checking of records is here:
 * leader and followers trust what has passed.
 */
final class ProduceIntake {
    private final TopicLookup topics;
    private final int messageBytesMax;
    private final int requestBytesMax;
    private final int decompressedBytesMax;
    private final LongSupplier wallClockMillis;
    /** Of requests without a key, by topic: whose turn it is. */
    private final Map<Long, AtomicInteger> turns = new ConcurrentHashMap<>();

    /** @param decompressedBytesMax of the records of one batch */
    ProduceIntake(
            TopicLookup topics,
            int messageBytesMax,
            int requestBytesMax,
            int decompressedBytesMax,
            LongSupplier wallClockMillis) {
        this.topics = topics;
        this.messageBytesMax = messageBytesMax;
        this.requestBytesMax = requestBytesMax;
        this.decompressedBytesMax = decompressedBytesMax;
        this.wallClockMillis = wallClockMillis;
    }

    record Accepted(PartitionTarget target, Request.Produce produce) {}

    /** @throws io.millrace.broker.FailureException if the request cannot be taken */
    Accepted accept(ProduceRequest request) {
        TopicMetadata topic = topics.topic(request.getTopic());
        return switch (request.getPayloadCase()) {
            case RECORDS -> acceptRecords(topic, request);
            case RECORD_BATCHES -> acceptBatches(topic, request);
            case PAYLOAD_NOT_SET -> throw new Failure.EmptyBatch().asException();
        };
    }

    private Accepted acceptRecords(TopicMetadata topic, ProduceRequest request) {
        List<Record> records = request.getRecords().getRecordsList();
        if (records.isEmpty()) {
            throw new Failure.EmptyBatch().asException();
        }
        PartitionTarget target = topics.partition(
                topic, request.hasPartition() ? request.getPartition() : choosePartition(topic, records.get(0)));
        long now = wallClockMillis.getAsLong();
        RecordBatchBuilder builder = new RecordBatchBuilder(requestBytesMax);
        for (int i = 0; i < records.size(); i++) {
            append(builder, records.get(i), i, now);
        }
        Bytes batch = builder.build();
        return new Accepted(
                target,
                new Request.Produce(
                        Payload.wrap(batch.unsafeArray(), batch.unsafeOffset(), batch.size()), records.size()));
    }

    private void append(RecordBatchBuilder builder, Record record, int index, long now) {
        if (record.getTimestampMillis() < 0) {
            throw new Failure.InvalidRequest(
                            "records.timestamp_millis",
                            record.getTimestampMillis() + " in record " + index + " is negative")
                    .asException();
        }
        Bytes key = record.hasKey() ? ByteStrings.toBytes(record.getKey()) : null;
        Bytes value = record.hasValue() ? ByteStrings.toBytes(record.getValue()) : null;
        List<Header> headers = record.getHeadersList().stream()
                .map(h -> new Header(h.getKey(), h.hasValue() ? ByteStrings.toBytes(h.getValue()) : null))
                .toList();
        requireNotTooLarge(index, RecordBatchBuilder.sizeOfBatchOf(key, value, headers));
        long timestamp = record.getTimestampMillis() == 0 ? now : record.getTimestampMillis();
        if (!builder.tryAppend(timestamp, key, value, headers)) {
            throw new Failure.MessageTooLarge(
                            "the request, up to record " + index + ",",
                            builder.sizeWith(timestamp, key, value, headers),
                            requestBytesMax)
                    .asException();
        }
    }

    private Accepted acceptBatches(TopicMetadata topic, ProduceRequest request) {
        if (!request.hasPartition()) {
            throw new Failure.InvalidRequest("partition", "encoded batches are for one partition, which must be named")
                    .asException();
        }
        PartitionTarget target = topics.partition(topic, request.getPartition());
        ByteString bytes = request.getRecordBatches();
        if (bytes.isEmpty()) {
            throw new Failure.EmptyBatch().asException();
        }
        if (bytes.size() > requestBytesMax) {
            throw new Failure.MessageTooLarge("the request", bytes.size(), requestBytesMax).asException();
        }
        Bytes batches = ByteStrings.takeOver(bytes);
        int count = validate(batches);
        return new Accepted(
                target,
                new Request.Produce(
                        Payload.wrap(batches.unsafeArray(), batches.unsafeOffset(), batches.size()), count));
    }

    /** Looks at everything that somebody may rely on later: checksums, headers, each record's lengths. */
    private int validate(Bytes batches) {
        int count = 0;
        boolean idempotent = false;
        try {
            for (RecordBatch batch : RecordBatches.iterate(batches)) {
                int largest = batch.validateRecords(decompressedBytesMax);
                if (batch.isControl() || batch.isTransactional()) {
                    throw new Failure.InvalidRequest(
                                    "record_batches",
                                    "transactions do not exist here, and only brokers write control batches")
                            .asException();
                }
                if (idempotent || (batch.hasProducer() && count > 0)) {
                    // All or nothing, and one answer: half of a request must not be a duplicate.
                    throw new Failure.InvalidRequest(
                                    "record_batches",
                                    "the batch of an idempotent producer must be the only one of its request")
                            .asException();
                }
                idempotent = batch.hasProducer();
                if (RecordBatch.HEADER_SIZE + largest > messageBytesMax) {
                    requireNoneTooLarge(batch);
                }
                count = Math.addExact(count, batch.recordCount());
            }
        } catch (CorruptRecordBatchException e) {
            if (e.reason() == CorruptRecordBatchException.Reason.TOO_LARGE) {
                throw new Failure.MessageTooLarge(
                                "a batch, decompressed,", decompressedBytesMax + 1L, decompressedBytesMax)
                        .asException(); // how large it is, nobody wants to know
            }
            throw new Failure.CorruptBatch(String.valueOf(e.getMessage()), e.position()).asException();
        }
        return count;
    }

    private void requireNoneTooLarge(RecordBatch batch) {
        RecordCursor records = batch.cursor(decompressedBytesMax);
        for (int i = 0; records.next(); i++) {
            requireNotTooLarge(i, (long) RecordBatch.HEADER_SIZE + records.sizeInBytes());
        }
    }

    private void requireNotTooLarge(int index, long sizeBytes) {
        if (sizeBytes > messageBytesMax) {
            throw new Failure.MessageTooLarge("record " + index, sizeBytes, messageBytesMax).asException();
        }
    }

    private int choosePartition(TopicMetadata topic, Record first) {
        if (first.hasKey()) {
            return Partitioner.forKey(ByteStrings.toBytes(first.getKey()), topic.partitionCount());
        }
        int turn = turns.computeIfAbsent(topic.id(), id -> new AtomicInteger()).getAndIncrement();
        return Math.floorMod(turn, topic.partitionCount());
    }
}
