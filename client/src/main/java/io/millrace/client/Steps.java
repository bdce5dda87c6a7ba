package io.millrace.client;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes steps one after another, on whichever thread comes first; who comes meanwhile leaves the work to it. A loop and no
 * recursion: a step may end in what calls for the next one.
 */
final class Steps {
    private final Object lock;
    private final Supplier<@Nullable Runnable> next;
    private boolean running;

    /**
     * Takes none yet.
     *
     * @param lock guards what the steps are decided by; not held while a step is taken
     * @param next the step to take now, or null; called with the lock
     */
    Steps(Object lock, Supplier<@Nullable Runnable> next) {
        this.lock = lock;
        this.next = next;
    }

    /** Takes all steps that there are. Not to be called with the lock. */
    void run() {
        for (Runnable step = take(false); step != null; step = take(true)) {
            step.run();
        }
    }

    private @Nullable Runnable take(boolean inLoop) {
        synchronized (lock) {
            if (running && !inLoop) {
                return null;
            }
            Runnable step = next.get();
            running = step != null;
            return step;
        }
    }
}
