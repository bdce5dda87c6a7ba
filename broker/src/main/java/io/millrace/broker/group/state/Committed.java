package io.millrace.broker.group.state;

/**
 * How far a group has read a partition.
 *
 * @param offset of the next record to read
 * @param metadata whatever the client wants to have back with it
 */
public record Committed(long offset, String metadata) {}
