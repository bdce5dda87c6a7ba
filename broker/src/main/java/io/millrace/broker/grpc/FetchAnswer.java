package io.millrace.broker.grpc;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.Header;
import io.millrace.protocol.v1.Record;

/** What a leader read, as a client wants it. */
final class FetchAnswer {
    private FetchAnswer() {}

    /** @param bytesMax of plain records, of which there is one at least: compressed ones take more room than their batch */
    static FetchResponse of(FetchRequest request, PartitionReply.Fetched fetched, int bytesMax) {
        FetchResponse.Builder response = FetchResponse.newBuilder()
                .setPartition(request.getPartition())
                .setLogStartOffset(fetched.logStartOffset())
                .setHighWatermark(fetched.highWatermark());
        if (request.getFormat() == FetchRequest.Format.RECORD_BATCHES) {
            // The very bytes that were replicated; nobody writes to them any more.
            response.setRecordBatches(ByteStrings.wrap(fetched.batches()));
        } else {
            decode(fetched.batches(), request.getOffset(), bytesMax, response);
        }
        return response.build();
    }

    private static void decode(Payload batches, long fromOffset, int bytesMax, FetchResponse.Builder response) {
        long size = 0;
        Bytes bytes = Bytes.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes());
        for (RecordBatch batch : RecordBatches.iterate(bytes)) {
            if (batch.lastOffset() < fromOffset) {
                continue;
            }
            RecordCursor cursor = batch.cursor();
            while (cursor.next()) {
                if (cursor.offset() < fromOffset) {
                    continue;
                }
                size += cursor.sizeInBytes();
                if (size > bytesMax && response.getRecordsCount() > 0) {
                    return;
                }
                response.addRecords(toRecord(cursor));
            }
        }
    }

    private static Record.Builder toRecord(RecordCursor cursor) {
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
        return record;
    }
}
