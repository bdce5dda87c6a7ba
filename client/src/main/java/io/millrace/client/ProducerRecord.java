package io.millrace.client;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Header;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record to be written.
 *
 * <pre>{@code
 * ProducerRecord.of("orders", Bytes.utf8("o-17"), Bytes.utf8("{…}")).withHeader("trace", Bytes.utf8("4bf92f35"))
 * }</pre>
 *
 * @param topic where to
 * @param partition where exactly; null: by the key's hash, as Kafka does it, or without a key to each partition in turn
 * @param key null is not the same as empty
 * @param value null is not the same as empty
 * @param timestampMillis since 1970; null: the time of {@link Producer#send}
 * @param headers in this order
 */
public record ProducerRecord(
        String topic,
        @Nullable Integer partition,
        @Nullable Bytes key,
        @Nullable Bytes value,
        @Nullable Long timestampMillis,
        List<Header> headers) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if the partition or the timestamp is negative
     */
    public ProducerRecord {
        if (partition != null && partition < 0) {
            throw new IllegalArgumentException("a partition's number is 0 or more, not " + partition);
        }
        if (timestampMillis != null && timestampMillis < 0) {
            throw new IllegalArgumentException("a timestamp is 0 or more, not " + timestampMillis);
        }
        headers = List.copyOf(headers);
    }

    /** A value without a key. */
    public static ProducerRecord of(String topic, @Nullable Bytes value) {
        return new ProducerRecord(topic, null, null, value, null, List.of());
    }

    /** A value with a key, which decides the partition. */
    public static ProducerRecord of(String topic, @Nullable Bytes key, @Nullable Bytes value) {
        return new ProducerRecord(topic, null, key, value, null, List.of());
    }

    /** The same for this partition, whatever the key says. */
    public ProducerRecord toPartition(int newPartition) {
        return new ProducerRecord(topic, newPartition, key, value, timestampMillis, headers);
    }

    /** The same with another time, in milliseconds since 1970. */
    public ProducerRecord withTimestamp(long newTimestampMillis) {
        return new ProducerRecord(topic, partition, key, value, newTimestampMillis, headers);
    }

    /** The same with one header more, as the last. */
    public ProducerRecord withHeader(String name, @Nullable Bytes headerValue) {
        List<Header> more = new ArrayList<>(headers);
        more.add(new Header(name, headerValue));
        return new ProducerRecord(topic, partition, key, value, timestampMillis, more);
    }
}
