package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import java.util.ArrayList;
import java.util.List;

/** Cuts the answer to a fetch out of log entries, in whole record batches. */
final class BatchSlice {
    private BatchSlice() {}

    /**
     * Batches from the one that holds {@code offset} on, as they lie in the log.
     *
     * @param maxBytes not more, but at least one batch
     */
    static Payload from(List<Entry> entries, long offset, int maxBytes) {
        List<Payload> slices = new ArrayList<>(entries.size());
        int total = 0;
        for (Entry entry : entries) {
            if (entry.type() != EntryType.DATA) {
                continue;
            }
            Payload payload = entry.payload();
            int from = -1;
            int to = 0;
            boolean full = false;
            for (RecordBatch batch :
                    RecordBatches.iterate(Bytes.wrap(payload.array(), payload.arrayOffset(), payload.sizeBytes()))) {
                if (batch.lastOffset() < offset) {
                    continue;
                }
                int size = batch.sizeInBytes();
                if (total > 0 && total + size > maxBytes) {
                    full = true;
                    break;
                }
                from = from < 0 ? batch.position() : from;
                to = batch.position() + size;
                total += size;
            }
            if (from >= 0) {
                slices.add(Payload.wrap(payload.array(), payload.arrayOffset() + from, to - from));
            }
            if (full) {
                break;
            }
        }
        return joined(slices, total);
    }

    /** One slice is passed on as it is; several are copied together, once. */
    private static Payload joined(List<Payload> slices, int total) {
        if (slices.isEmpty()) {
            return Payload.EMPTY;
        }
        if (slices.size() == 1) {
            return slices.get(0);
        }
        byte[] joined = new byte[total];
        int at = 0;
        for (Payload slice : slices) {
            System.arraycopy(slice.array(), slice.arrayOffset(), joined, at, slice.sizeBytes());
            at += slice.sizeBytes();
        }
        return Payload.wrap(joined);
    }
}
