package io.millrace.client;

import java.time.Duration;

/** Time, as the client sees it: handed in, so that a test can hold it. */
interface Timers {
    /** A clock for differences only. */
    long nanoTime();

    /** The time of day, in milliseconds since 1970. */
    long currentTimeMillis();

    /** Runs the task once, later, on one of the client's threads. A task that is due after the client is closed is dropped. */
    void schedule(Duration delay, Runnable task);
}
