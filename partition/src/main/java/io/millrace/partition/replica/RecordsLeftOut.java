package io.millrace.partition.replica;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import io.millrace.protocol.record.StoredRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes duplicates out of a request. Only the batches that have some are encoded anew, compressed as they were; and without their
 * producer, whose numbers count records that are not there any more.
 */
final class RecordsLeftOut {
    private RecordsLeftOut() {}

    /** @return the very batches if there are no duplicates, and empty if there is nothing else */
    static Payload without(List<DuplicateRecord> duplicates, Payload batches) {
        if (duplicates.isEmpty()) {
            return batches;
        }
        Set<Integer> places = new HashSet<>();
        duplicates.forEach(duplicate -> places.add(duplicate.place()));
        List<Bytes> left = new ArrayList<>();
        int place = 0;
        for (RecordBatch batch :
                RecordBatches.iterate(Bytes.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes()))) {
            int end = place + batch.recordCount();
            int kept = 0;
            for (int i = place; i < end; i++) {
                kept += places.contains(i) ? 0 : 1;
            }
            if (kept == batch.recordCount()) {
                left.add(batch.bytes());
            } else if (kept > 0) {
                left.add(without(places, place, batch));
            }
            place = end;
        }
        return concatenated(left);
    }

    private static Bytes without(Set<Integer> places, int firstPlace, RecordBatch batch) {
        RecordBatchBuilder builder = new RecordBatchBuilder(Integer.MAX_VALUE);
        int place = firstPlace;
        for (RecordCursor records = batch.cursor(Integer.MAX_VALUE); records.next(); place++) {
            StoredRecord record = records.toRecord();
            if (!places.contains(place)
                    && !builder.tryAppend(record.timestampMillis(), record.key(), record.value(), record.headers())) {
                throw new IllegalStateException("a record does not fit where it did before");
            }
        }
        return builder.build(batch.compression(), new CompressionTypes(Set.of(batch.compression())));
    }

    private static Payload concatenated(List<Bytes> batches) {
        byte[] all = new byte[batches.stream().mapToInt(Bytes::size).sum()];
        int at = 0;
        for (Bytes batch : batches) {
            batch.copyTo(all, at);
            at += batch.size();
        }
        return Payload.wrap(all);
    }
}
