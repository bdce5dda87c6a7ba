package io.millrace.client;

import org.jspecify.annotations.Nullable;

/** Hears what became of a record; called on one of the client's threads, where it should not block. */
@FunctionalInterface
public interface SendCallback {
    /** Called once; exactly one of the two is null. */
    void completed(@Nullable RecordPosition position, @Nullable MillraceException failure);
}
