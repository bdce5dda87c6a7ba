package io.millrace.client;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.record.Header;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record that was read.
 *
 * @param partition where it is
 * @param offset its place there
 * @param timestampMillis milliseconds since 1970, as its producer gave it
 * @param key null is not the same as empty
 * @param value null is not the same as empty
 */
public record ConsumerRecord(
        TopicPartition partition,
        long offset,
        long timestampMillis,
        @Nullable Bytes key,
        @Nullable Bytes value,
        List<Header> headers) {
    /** Takes a copy of the headers, unless they cannot change. */
    public ConsumerRecord {
        headers = List.copyOf(headers);
    }

    /** The name of its topic. */
    public String topic() {
        return partition.topic();
    }
}
