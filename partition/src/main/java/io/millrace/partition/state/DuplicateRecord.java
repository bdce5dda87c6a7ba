package io.millrace.partition.state;

/**
 * A record that was not written, since one of the same content was there.
 *
 * @param place among the records of its request, from 0 on
 * @param offset of the one that was there
 */
public record DuplicateRecord(int place, long offset) {}
