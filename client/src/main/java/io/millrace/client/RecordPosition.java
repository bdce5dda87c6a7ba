package io.millrace.client;

/**
 * Where a record was written.
 *
 * @param offset its place in the partition: 0, 1, 2 … without gaps
 * @param timestampMillis the record's time, since 1970: the one it was given, or that of its send
 */
public record RecordPosition(String topic, int partition, long offset, long timestampMillis) {}
