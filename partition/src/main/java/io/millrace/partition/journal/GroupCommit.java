package io.millrace.partition.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.iq80.leveldb.WriteBatch;
import org.jspecify.annotations.Nullable;

/**
 * Writes to a LevelDB in such a way that many writers share a force: what arrives while one batch is on its way to the disk goes with the
 * next one, in the order of arrival. Bounded by its callers, each of which waits for its answer before it writes again.
 *
 * <p>After a failed write every later one fails as well: what is on disk then is known only after the database is opened anew.
 */
final class GroupCommit {
    private record Waiting(Consumer<WriteBatch> change, CompletableFuture<Void> done) {}

    private final Consumer<Consumer<WriteBatch>> disk;
    private final Executor executor;
    private final ConcurrentLinkedQueue<Waiting> queue = new ConcurrentLinkedQueue<>();
    /** Including those that are being written: whoever raises it from 0 starts a run. */
    private final AtomicInteger waiting = new AtomicInteger();
    /** Only the thread of a run uses it; runs follow each other. */
    private @Nullable Throwable failure;

    /**
     * @param disk writes what it is given a batch for, all or nothing, and forces it; blocks
     * @param executor blocked while something is written; one thread of it at a time
     */
    GroupCommit(Consumer<Consumer<WriteBatch>> disk, Executor executor) {
        this.disk = disk;
        this.executor = executor;
    }

    /**
     * @param change adds itself to a batch; called once, by the thread that writes
     * @return completed when the change is on disk, or failed
     */
    CompletionStage<Void> write(Consumer<WriteBatch> change) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        queue.add(new Waiting(change, done));
        if (waiting.getAndIncrement() == 0) {
            executor.execute(this::run);
        }
        return done;
    }

    private void run() {
        int left;
        do {
            List<Waiting> group = new ArrayList<>();
            for (Waiting next = queue.poll(); next != null; next = queue.poll()) {
                group.add(next);
            }
            write(group);
            left = waiting.addAndGet(-group.size());
        } while (left > 0);
    }

    private void write(List<Waiting> group) {
        Throwable problem = failure;
        if (problem == null) {
            try {
                disk.accept(batch -> group.forEach(one -> one.change.accept(batch)));
            } catch (RuntimeException e) {
                failure = e;
                problem = e;
            }
        }
        for (Waiting one : group) {
            if (problem == null) {
                one.done.complete(null);
            } else {
                one.done.completeExceptionally(problem);
            }
        }
    }
}
