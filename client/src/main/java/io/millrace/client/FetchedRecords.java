package io.millrace.client;

import io.millrace.protocol.record.StoredRecord;
import java.util.List;

/**
 * What one fetch gave.
 *
 * @param records from the offset that was asked for on, in order, none missing; empty if the wait was over first
 * @param nextOffset where to go on
 * @param available what could be read of the partition when the broker answered
 */
public record FetchedRecords(List<StoredRecord> records, long nextOffset, OffsetRange available) {
    /** Takes a copy of the records, unless they cannot change. */
    public FetchedRecords {
        records = List.copyOf(records);
    }
}
