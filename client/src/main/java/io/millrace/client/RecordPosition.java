package io.millrace.client;

import io.millrace.protocol.FlushPolicy;

/**
 * Where a record was written.
 *
 * @param offset its place in the partition: 0, 1, 2 … without gaps
 * @param timestampMillis the record's time, since 1970: the one it was given, or that of its send
 * @param flush how durable it was when it was acknowledged: the topic's policy
 * @param duplicate whether it was not written, since its topic compares records by content (setting {@code deduplication.window.ms}) and had
 *     one of the same key and value already: that one's offset this is
 */
public record RecordPosition(
        String topic, int partition, long offset, long timestampMillis, FlushPolicy.When flush, boolean duplicate) {
    /** One that was written. */
    public RecordPosition(String topic, int partition, long offset, long timestampMillis, FlushPolicy.When flush) {
        this(topic, partition, offset, timestampMillis, flush, false);
    }

    /** On the disks of a majority. */
    public RecordPosition(String topic, int partition, long offset, long timestampMillis) {
        this(topic, partition, offset, timestampMillis, FlushPolicy.When.COMMIT);
    }
}
