package io.millrace.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Time that passes only by waiting: whoever asks to wait is called at once, and the clock stands where the wait would have
 * ended. So no test sleeps, and a minute of retries takes no time. While held, those who wait do so until released.
 */
final class TestTimers implements Timers, AutoCloseable {
    private final ExecutorService executor = Executors.newSingleThreadExecutor(ClientThreads.named("test-timers"));
    private final List<Duration> waits = new ArrayList<>();
    private final List<Runnable> held = new ArrayList<>();
    private boolean holding;
    private long nowNanos;

    @Override
    public synchronized long nanoTime() {
        return nowNanos;
    }

    @Override
    public synchronized long currentTimeMillis() {
        return 1_700_000_000_000L + nowNanos / 1_000_000;
    }

    @Override
    public synchronized void schedule(Duration delay, Runnable task) {
        waits.add(delay);
        Runnable due = () -> {
            pass(delay);
            task.run();
        };
        if (holding) {
            held.add(due);
        } else if (!executor.isShutdown()) {
            executor.execute(due);
        }
    }

    synchronized void pass(Duration time) {
        nowNanos += time.toNanos();
    }

    synchronized void hold() {
        holding = true;
    }

    synchronized void release() {
        holding = false;
        held.forEach(executor::execute);
        held.clear();
    }

    /** Every wait that was asked for, in order. */
    synchronized List<Duration> waits() {
        return List.copyOf(waits);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
