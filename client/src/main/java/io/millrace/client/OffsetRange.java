package io.millrace.client;

/**
 * What can be read of a partition now.
 *
 * @param earliest the first offset that can be read
 * @param latest the offset after the last committed record: the next one will get it
 */
public record OffsetRange(long earliest, long latest) {}
