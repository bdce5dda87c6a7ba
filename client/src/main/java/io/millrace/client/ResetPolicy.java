package io.millrace.client;

/** Where a consumer begins in a partition for which it has no position, or one that cannot be read (any more). */
public enum ResetPolicy {
    /** At the first record that can be read. */
    EARLIEST,
    /** At the next record that is written. */
    LATEST,
    /** Nowhere: {@link Consumer#poll} fails with OFFSET_OUT_OF_RANGE until the application seeks. */
    ERROR
}
