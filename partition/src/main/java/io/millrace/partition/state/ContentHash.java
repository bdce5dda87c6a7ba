package io.millrace.partition.state;

/**
 * Stands for what a record says: its key and its value. 128 bits of a cryptographic hash, so that nobody meets, or makes, two different
 * contents with the same one.
 */
public record ContentHash(long high, long low) {}
