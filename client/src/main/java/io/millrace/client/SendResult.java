package io.millrace.client;

/** What became of one record of {@link Producer#sendBatch}. */
public sealed interface SendResult {
    /** On a majority, as durably as {@link RecordPosition#flush} says. */
    record Written(RecordPosition position) implements SendResult {}

    /** Given up; {@link MillraceException#isOutcomeUnknown()} tells whether it may be there all the same. */
    record Failed(MillraceException failure) implements SendResult {}
}
