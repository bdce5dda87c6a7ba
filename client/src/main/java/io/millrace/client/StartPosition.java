package io.millrace.client;

/** Where to begin in a partition. */
sealed interface StartPosition {
    /** At this offset, be it there or not. */
    record At(long offset) implements StartPosition {}

    /** At the first record that can be read. */
    record Earliest() implements StartPosition {}

    /** At the next record that is written. */
    record Latest() implements StartPosition {}

    /** At the first record with this timestamp or a later one; at the end if there is none. */
    record AtTime(long timestampMillis) implements StartPosition {}

    /** Nowhere: there is no position, and the application wants to hear that. */
    record None() implements StartPosition {}

    static StartPosition of(ResetPolicy policy) {
        return switch (policy) {
            case EARLIEST -> new Earliest();
            case LATEST -> new Latest();
            case ERROR -> new None();
        };
    }
}
