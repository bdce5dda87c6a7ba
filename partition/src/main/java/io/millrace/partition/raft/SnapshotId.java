package io.millrace.partition.raft;

/**
 * Which snapshot a piece belongs to. Members that trim their logs at the same position have the same snapshot there, to the
 * byte, so that a transfer that one leader began another can go on with.
 *
 * @param sizeBytes of the whole
 * @param crc the checksum in it
 */
public record SnapshotId(LogPosition position, int sizeBytes, int crc) {}
