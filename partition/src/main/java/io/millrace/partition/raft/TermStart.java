package io.millrace.partition.raft;

/** In a log: the entries from {@code firstIndex} on, up to the next term start, were made in {@code term}. */
public record TermStart(long term, long firstIndex) {}
