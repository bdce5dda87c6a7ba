package io.millrace.broker.grpc;

import com.google.protobuf.ByteString;
import io.millrace.broker.Failure;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.Header;
import io.millrace.protocol.v1.Record;
import java.util.ArrayList;
import java.util.List;

/** What a replica read of one partition, as a client wants it: plain records, or batches, which are not looked into. */
final class FetchAnswer {
    private static final OffsetReader OFFSETS = OffsetReader.recordBatches();

    private final List<Record> records;
    private final ByteString batches;
    private final long nextOffset;
    private final PartitionReply.Fetched fetched;

    private FetchAnswer(List<Record> records, ByteString batches, long nextOffset, PartitionReply.Fetched fetched) {
        this.records = records;
        this.batches = batches;
        this.nextOffset = nextOffset;
        this.fetched = fetched;
    }

    /**
     * @param offset that was asked for
     * @param bytesMax of plain records, of which there is one at least: compressed ones take more room than their batch
     */
    static FetchAnswer of(PartitionReply.Fetched fetched, FetchRequest.Format format, long offset, int bytesMax) {
        Payload read = fetched.batches();
        if (read.sizeBytes() == 0) {
            return new FetchAnswer(List.of(), ByteString.EMPTY, offset, fetched);
        }
        long end = OFFSETS.nextOffset(read, OFFSETS.baseOffset(read));
        if (format == FetchRequest.Format.RECORD_BATCHES) {
            // The very bytes that were replicated; nobody writes to them any more.
            return new FetchAnswer(List.of(), ByteStrings.wrap(bytesOf(read)), end, fetched);
        }
        List<Record> records = decode(read, offset, bytesMax);
        long next = records.isEmpty() ? end : records.get(records.size() - 1).getOffset() + 1;
        return new FetchAnswer(records, ByteString.EMPTY, next, fetched);
    }

    FetchResponse response(int partition) {
        return FetchResponse.newBuilder()
                .setPartition(partition)
                .addAllRecords(records)
                .setRecordBatches(batches)
                .setLogStartOffset(fetched.logStartOffset())
                .setHighWatermark(fetched.highWatermark())
                .build();
    }

    FetchedPartition partition(PartitionTarget target) {
        return FetchedPartition.newBuilder()
                .setTopic(target.topic())
                .setPartition(target.partition())
                .addAllRecords(records)
                .setRecordBatches(batches)
                .setLogStartOffset(fetched.logStartOffset())
                .setHighWatermark(fetched.highWatermark())
                .setNextOffset(nextOffset)
                .build();
    }

    static FetchedPartition failed(String topic, int partition, long offset, Failure failure) {
        return FetchedPartition.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setNextOffset(offset)
                .setError(Statuses.inStream(failure))
                .build();
    }

    private static Bytes bytesOf(Payload payload) {
        return Bytes.wrap(payload.array(), payload.arrayOffset(), payload.sizeBytes());
    }

    private static List<Record> decode(Payload batches, long fromOffset, int bytesMax) {
        List<Record> records = new ArrayList<>();
        long size = 0;
        for (RecordBatch batch : RecordBatches.iterate(bytesOf(batches))) {
            if (batch.lastOffset() < fromOffset) {
                continue;
            }
            RecordCursor cursor = batch.cursor();
            while (cursor.next()) {
                if (cursor.offset() < fromOffset) {
                    continue;
                }
                size += cursor.sizeInBytes();
                if (size > bytesMax && !records.isEmpty()) {
                    return records;
                }
                records.add(toRecord(cursor));
            }
        }
        return records;
    }

    private static Record toRecord(RecordCursor cursor) {
        Record.Builder record = Record.newBuilder()
                .setOffset(cursor.offset())
                .setTimestampMillis(Math.max(0, cursor.timestampMillis()));
        Bytes key = cursor.key();
        if (key != null) {
            record.setKey(ByteStrings.wrap(key));
        }
        Bytes value = cursor.value();
        if (value != null) {
            record.setValue(ByteStrings.wrap(value));
        }
        for (io.millrace.protocol.record.Header header : cursor.headers()) {
            Header.Builder told = Header.newBuilder().setKey(header.key());
            Bytes content = header.value();
            if (content != null) {
                told.setValue(ByteStrings.wrap(content));
            }
            record.addHeaders(told);
        }
        return record.build();
    }
}
