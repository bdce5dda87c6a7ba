package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import java.util.Optional;

/** Where a record is, and its timestamp in milliseconds. */
public record TimedOffset(long offset, long timestampMillis) {

    /** The first record of an entry that has this timestamp or a later one. Decodes one batch at most. */
    static Optional<TimedOffset> firstIn(Entry entry, long timestampMillis) {
        if (entry.type() != EntryType.DATA) {
            return Optional.empty();
        }
        Payload payload = entry.payload();
        for (RecordBatch batch :
                RecordBatches.iterate(Bytes.wrap(payload.array(), payload.arrayOffset(), payload.sizeBytes()))) {
            if (batch.maxTimestampMillis() < timestampMillis) {
                continue;
            }
            RecordCursor records = batch.cursor();
            while (records.next()) {
                if (records.timestampMillis() >= timestampMillis) {
                    return Optional.of(new TimedOffset(records.offset(), records.timestampMillis()));
                }
            }
        }
        return Optional.empty();
    }
}
