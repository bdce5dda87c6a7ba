package io.millrace.broker.grpc;

import com.google.protobuf.ByteString;
import io.millrace.broker.Failure;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.metadata.TopicSettings;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.ContentHashes;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.Partitioner;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.CorruptRecordBatchException;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.Record;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a client's request what a leader appends, or says what is wrong with it. All of the checking of records is here:
 * leader and followers trust what has passed.
 */
final class ProduceIntake {
    private final TopicLookup topics;
    private final IntSupplier messageBytesMax;
    private final int requestBytesMax;
    private final int decompressedBytesMax;
    private final LongSupplier wallClockMillis;
    /** Of requests without a key, by topic: whose turn it is. */
    private final Map<Long, AtomicInteger> turns = new ConcurrentHashMap<>();

    /**
     * @param messageBytesMax asked for each request
     * @param decompressedBytesMax of the records of one batch
     */
    ProduceIntake(
            TopicLookup topics,
            IntSupplier messageBytesMax,
            int requestBytesMax,
            int decompressedBytesMax,
            LongSupplier wallClockMillis) {
        this.topics = topics;
        this.messageBytesMax = messageBytesMax;
        this.requestBytesMax = requestBytesMax;
        this.decompressedBytesMax = decompressedBytesMax;
        this.wallClockMillis = wallClockMillis;
    }

    /**
     * What may be appended.
     *
     * @param produce null if not one message is good, so that there is nothing to append
     * @param tellEach whether the answer has a result for each message
     */
    record Accepted(
            TopicSettings settings,
            PartitionTarget target,
            Request.@Nullable Produce produce,
            CheckedMessages messages,
            boolean tellEach) {}

    /**
     * Checks each message, and all of them even if one is bad.
     *
     * @throws io.millrace.broker.FailureException if the request cannot be taken
     */
    Accepted accept(ProduceRequest request) {
        if (TopicName.isInternal(request.getTopic())) {
            throw new Failure.InvalidRequest("topic", "the cluster's own topics are written by brokers only")
                    .asException();
        }
        TopicMetadata topic = topics.topic(request.getTopic());
        if (request.getMode() == ProduceRequest.Mode.UNRECOGNIZED) {
            throw new Failure.InvalidRequest("mode", "there is no mode " + request.getModeValue()).asException();
        }
        TopicSettings settings = TopicSettings.of(topic.settings());
        return switch (request.getPayloadCase()) {
            case RECORDS -> acceptRecords(topic, settings, request);
            case RECORD_BATCHES -> acceptBatches(topic, settings, request);
            case PAYLOAD_NOT_SET -> throw new Failure.EmptyBatch().asException();
        };
    }

    private static boolean isPartial(ProduceRequest request) {
        return request.getMode() == ProduceRequest.Mode.PARTIAL;
    }

    private Accepted accepted(
            TopicSettings settings,
            PartitionTarget target,
            ProduceRequest request,
            CheckedMessages messages,
            Supplier<Bytes> good) {
        if (!isPartial(request)) {
            messages.requireAllGood();
        }
        Request.Produce produce = null;
        if (messages.recordCount() > 0) {
            Bytes bytes = good.get();
            Payload batches = Payload.wrap(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size());
            // Here, since what leads partitions should not have to look into records.
            Payload hashes = settings.deduplication().isEmpty()
                    ? Payload.EMPTY
                    : ContentHashes.of(batches, decompressedBytesMax);
            produce = new Request.Produce(batches, messages.recordCount(), hashes);
        }
        return new Accepted(settings, target, produce, messages, isPartial(request) || request.hasRecords());
    }

    // --------------------------------------------------------------------------------------------------- plain records

    private Accepted acceptRecords(TopicMetadata topic, TopicSettings settings, ProduceRequest request) {
        List<Record> records = request.getRecords().getRecordsList();
        if (records.isEmpty()) {
            throw new Failure.EmptyBatch().asException();
        }
        PartitionTarget target = topics.partition(
                topic, request.hasPartition() ? request.getPartition() : choosePartition(topic, records.get(0)));
        long now = wallClockMillis.getAsLong();
        RecordBatchBuilder builder = new RecordBatchBuilder(requestBytesMax);
        CheckedMessages messages = new CheckedMessages();
        int largest = messageBytesMax(settings);
        for (int i = 0; i < records.size(); i++) {
            append(builder, records.get(i), i, now, largest, messages);
        }
        return accepted(
                settings, target, request, messages, () -> builder.build(Compression.NONE, settings.compression()));
    }

    /** Of this topic: what its settings demand, but never more than this broker takes. */
    private int messageBytesMax(TopicSettings settings) {
        int ofBroker = messageBytesMax.getAsInt();
        return Math.min(ofBroker, settings.messageBytesMax().orElse(ofBroker));
    }

    private void append(
            RecordBatchBuilder builder, Record record, int index, long now, int largest, CheckedMessages messages) {
        if (record.getTimestampMillis() < 0) {
            messages.bad(new Failure.InvalidRequest(
                    "records.timestamp_millis", record.getTimestampMillis() + " in record " + index + " is negative"));
            return;
        }
        Bytes key = record.hasKey() ? ByteStrings.toBytes(record.getKey()) : null;
        Bytes value = record.hasValue() ? ByteStrings.toBytes(record.getValue()) : null;
        List<Header> headers = record.getHeadersList().stream()
                .map(h -> new Header(h.getKey(), h.hasValue() ? ByteStrings.toBytes(h.getValue()) : null))
                .toList();
        Optional<Failure> tooLarge = tooLarge(index, RecordBatchBuilder.sizeOfBatchOf(key, value, headers), largest);
        if (tooLarge.isPresent()) {
            messages.bad(tooLarge.get());
            return;
        }
        long timestamp = record.getTimestampMillis() == 0 ? now : record.getTimestampMillis();
        if (!builder.tryAppend(timestamp, key, value, headers)) {
            throw new Failure.MessageTooLarge(
                            "the request, up to record " + index + ",",
                            builder.sizeWith(timestamp, key, value, headers),
                            requestBytesMax)
                    .asException();
        }
        messages.good(1, timestamp);
    }

    // --------------------------------------------------------------------------------------------------------- batches

    private Accepted acceptBatches(TopicMetadata topic, TopicSettings settings, ProduceRequest request) {
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
        CheckedMessages messages = new CheckedMessages();
        List<RecordBatch> good = check(batches, settings, messages);
        return accepted(settings, target, request, messages, () -> concatenated(batches, good));
    }

    /** The good ones. Where a batch does not say where it ends, nothing can be said of what is behind it. */
    private List<RecordBatch> check(Bytes batches, TopicSettings settings, CheckedMessages messages) {
        List<RecordBatch> good = new ArrayList<>();
        int seen = 0;
        boolean numbered = false;
        try {
            for (RecordBatch batch : RecordBatches.iterate(batches)) {
                seen++;
                numbered |= batch.hasProducer();
                if (numbered && seen > 1) {
                    // One answer for one sequence: half of a request must not be a duplicate.
                    throw new Failure.InvalidRequest(
                                    "record_batches",
                                    "the batch of an idempotent producer must be the only one of its request")
                            .asException();
                }
                Optional<Failure> problem = problemWith(batch, settings);
                if (problem.isPresent()) {
                    messages.bad(problem.get());
                } else {
                    messages.good(batch.recordCount(), batch.maxTimestampMillis());
                    good.add(batch);
                }
            }
        } catch (CorruptRecordBatchException e) {
            throw corrupt(e).asException();
        }
        return good;
    }

    /** Looks at everything that somebody may rely on later: checksum, header, each record's lengths. */
    private Optional<Failure> problemWith(RecordBatch batch, TopicSettings settings) {
        try {
            int largest = batch.validateRecords(decompressedBytesMax);
            if (batch.isControl() || batch.isTransactional()) {
                return Optional.of(new Failure.InvalidRequest(
                        "record_batches", "transactions do not exist here, and only brokers write control batches"));
            }
            if (!settings.compression().allow(batch.compression())) {
                return Optional.of(new Failure.CompressionNotAllowed(batch.compression(), settings.compression()));
            }
            int limit = messageBytesMax(settings);
            return RecordBatch.HEADER_SIZE + largest > limit ? recordTooLarge(batch, limit) : Optional.empty();
        } catch (CorruptRecordBatchException e) {
            return Optional.of(corrupt(e));
        }
    }

    private Failure corrupt(CorruptRecordBatchException e) {
        return e.reason() == CorruptRecordBatchException.Reason.TOO_LARGE
                // How large it is, nobody wants to know.
                ? new Failure.MessageTooLarge("a batch, decompressed,", decompressedBytesMax + 1L, decompressedBytesMax)
                : new Failure.CorruptBatch(String.valueOf(e.getMessage()), e.position());
    }

    private Optional<Failure> recordTooLarge(RecordBatch batch, int limit) {
        RecordCursor records = batch.cursor(decompressedBytesMax);
        for (int i = 0; records.next(); i++) {
            Optional<Failure> found = tooLarge(i, (long) RecordBatch.HEADER_SIZE + records.sizeInBytes(), limit);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static Optional<Failure> tooLarge(int index, long sizeBytes, int limit) {
        return sizeBytes > limit
                ? Optional.of(new Failure.MessageTooLarge("record " + index, sizeBytes, limit))
                : Optional.empty();
    }

    /** Moves the good ones together, in place, if there are others between them. */
    private static Bytes concatenated(Bytes all, List<RecordBatch> good) {
        byte[] array = all.unsafeArray();
        int end = all.unsafeOffset();
        for (RecordBatch batch : good) {
            System.arraycopy(array, all.unsafeOffset() + batch.position(), array, end, batch.sizeInBytes());
            end += batch.sizeInBytes();
        }
        return Bytes.wrap(array, all.unsafeOffset(), end - all.unsafeOffset());
    }

    private int choosePartition(TopicMetadata topic, Record first) {
        if (first.hasKey()) {
            return Partitioner.forKey(ByteStrings.toBytes(first.getKey()), topic.partitionCount());
        }
        int turn = turns.computeIfAbsent(topic.id(), id -> new AtomicInteger()).getAndIncrement();
        return Math.floorMod(turn, topic.partitionCount());
    }
}
