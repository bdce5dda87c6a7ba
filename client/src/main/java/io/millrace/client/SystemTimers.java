package io.millrace.client;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The machine's clocks, and one thread that only waits: what is due runs on the client's executor. */
final class SystemTimers implements Timers, AutoCloseable {
    private final Executor executor;
    private final ScheduledThreadPoolExecutor timer;

    SystemTimers(Executor executor) {
        this.executor = executor;
        timer = new ScheduledThreadPoolExecutor(1, ClientThreads.named("millrace-client-timer"));
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long currentTimeMillis() {
        return System.currentTimeMillis();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The task answers for itself.
    public void schedule(Duration delay, Runnable task) {
        if (!timer.isShutdown()) {
            timer.schedule(() -> executor.execute(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void close() {
        timer.shutdown();
    }
}
