package io.millrace.client;

/** What an application does with each record, on the threads of {@link Consumer#forEach}. */
@FunctionalInterface
public interface RecordHandler {
    /** Handles it. If it throws, {@link Consumer#forEach} ends with that, and the record does not count as handled. */
    void handle(ConsumerRecord record) throws Exception;
}
