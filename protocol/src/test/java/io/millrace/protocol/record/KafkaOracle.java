package io.millrace.protocol.record;

import io.millrace.protocol.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.ByteBufferOutputStream;
import org.jspecify.annotations.Nullable;

/** Apache Kafka's own encoder and decoder: what the format is, whatever we think it is. */
final class KafkaOracle {
    private KafkaOracle() {}

    static final class Encoding {
        Compression compression = Compression.NONE;
        TimestampType timestampType = TimestampType.CREATE_TIME;
        long baseOffset;
        long logAppendTimeMillis = RecordBatch.NO_TIMESTAMP;
        long producerId = RecordBatch.NO_PRODUCER_ID;
        short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
        int baseSequence = RecordBatch.NO_SEQUENCE;
        boolean transactional;
        int leaderEpoch = RecordBatch.NO_PARTITION_LEADER_EPOCH;

        Bytes of(List<StoredRecord> records) {
            MemoryRecordsBuilder builder = new MemoryRecordsBuilder(
                    new ByteBufferOutputStream(1024),
                    RecordBatch.MAGIC_VALUE_V2,
                    compression,
                    timestampType,
                    baseOffset,
                    logAppendTimeMillis,
                    producerId,
                    producerEpoch,
                    baseSequence,
                    transactional,
                    false,
                    leaderEpoch,
                    Integer.MAX_VALUE);
            for (StoredRecord r : records) {
                builder.append(r.timestampMillis(), buffer(r.key()), buffer(r.value()), headers(r));
            }
            return Bytes.wrap(builder.build().buffer());
        }
    }

    static Bytes encode(List<StoredRecord> records) {
        return new Encoding().of(records);
    }

    static List<MutableRecordBatch> batches(Bytes bytes) {
        List<MutableRecordBatch> batches = new ArrayList<>();
        MemoryRecords.readableRecords(bytes.asByteBuffer()).batches().forEach(batches::add);
        return batches;
    }

    /** The records of the one batch that there must be, after Kafka's own check of it. */
    static List<StoredRecord> decode(Bytes bytes) {
        Iterator<MutableRecordBatch> batches =
                MemoryRecords.readableRecords(bytes.asByteBuffer()).batches().iterator();
        MutableRecordBatch batch = batches.next();
        if (batches.hasNext()) {
            throw new AssertionError("more than one batch");
        }
        batch.ensureValid();
        return decode(batch);
    }

    static List<StoredRecord> decode(MutableRecordBatch batch) {
        List<StoredRecord> records = new ArrayList<>();
        for (Record r : batch) {
            List<Header> headers = new ArrayList<>();
            for (org.apache.kafka.common.header.Header h : r.headers()) {
                headers.add(new Header(h.key(), h.value() == null ? null : Bytes.wrap(h.value())));
            }
            records.add(new StoredRecord(r.offset(), r.timestamp(), bytes(r.key()), bytes(r.value()), headers));
        }
        return records;
    }

    private static org.apache.kafka.common.header.Header[] headers(StoredRecord r) {
        return r.headers().stream()
                .map(h -> new RecordHeader(
                        h.key(), h.value() == null ? null : h.value().toByteArray()))
                .toArray(org.apache.kafka.common.header.Header[]::new);
    }

    private static @Nullable ByteBuffer buffer(@Nullable Bytes bytes) {
        return bytes == null ? null : bytes.asByteBuffer();
    }

    private static @Nullable Bytes bytes(@Nullable ByteBuffer buffer) {
        return buffer == null ? null : Bytes.wrap(buffer);
    }
}
