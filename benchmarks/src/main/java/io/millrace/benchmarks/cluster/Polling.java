package io.millrace.benchmarks.cluster;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A thread that asks a consumer for records until it is closed, and closes it then. */
final class Polling implements LoadClient.Receiver {
    /** Asks once, and handles what comes. */
    interface Poll {
        void records(Duration waitMax) throws Exception;
    }

    private static final Duration WAIT = Duration.ofMillis(100);

    private final Thread thread;
    private volatile @Nullable Exception failure;
    private volatile boolean ending;

    /** Begins. */
    Polling(AutoCloseable consumer, Poll poll) {
        thread = new Thread(() -> run(consumer, poll), "consumer");
        thread.start();
    }

    private void run(AutoCloseable consumer, Poll poll) {
        try (consumer) {
            while (!ending) {
                poll.records(WAIT);
            }
        } catch (Exception e) {
            failure = e;
        }
    }

    @Override
    public void close() {
        ending = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Exception cause = failure;
        if (cause != null) {
            throw new IllegalStateException("a consumer failed", cause);
        }
    }
}
