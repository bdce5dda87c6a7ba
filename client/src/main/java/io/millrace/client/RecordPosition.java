package io.millrace.client;

/**
 * Where a record was written.
 *
 * @param offset its place in the partition: 0, 1, 2 … without gaps
 */
public record RecordPosition(String topic, int partition, long offset) {}
