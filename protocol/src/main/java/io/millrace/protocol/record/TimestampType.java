package io.millrace.protocol.record;

/** Whose clock a batch's timestamps are from: bit 3 of its attributes. */
public enum TimestampType {
    /** The producer's: each record has its own. */
    CREATE_TIME,
    /** The broker's: all records have the batch's {@code maxTimestamp}, whatever their deltas say. */
    LOG_APPEND_TIME
}
