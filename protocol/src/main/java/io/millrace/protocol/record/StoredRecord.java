package io.millrace.protocol.record;

import io.millrace.protocol.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record as a batch holds it. Key, value and header values are slices of the batch, which stays in memory while they do.
 *
 * @param offset its place in the partition, once the leader has assigned it; before that, in the batch
 * @param timestampMillis since 1970, or {@link RecordBatch#NO_TIMESTAMP}
 * @param key may be null, which is not the same as empty
 * @param value may be null, which is not the same as empty
 * @param headers in the order in which the producer gave them
 */
public record StoredRecord(
        long offset, long timestampMillis, @Nullable Bytes key, @Nullable Bytes value, List<Header> headers) {
    /** Takes a copy of the headers, unless they cannot change. */
    public StoredRecord {
        headers = List.copyOf(headers);
    }
}
