package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * Sees each record of a producer go and its outcome come, for tracing and the like. Called on the sending thread, and on the
 * client's own for outcomes: it should not block. What it throws, {@code send} throws; what it throws at an outcome is lost.
 */
public interface ProducerInterceptor {
    /**
     * Called before a record is taken.
     *
     * @return the record to send instead, for instance with another header; or the same
     */
    default ProducerRecord beforeSend(ProducerRecord record) {
        return record;
    }

    /** Called once for each record, as {@link SendCallback#completed}, with what {@link #beforeSend} returned. */
    default void afterSend(
            ProducerRecord record, @Nullable RecordPosition position, @Nullable MillraceException failure) {}
}
