package io.millrace.client;

import io.millrace.client.WorkerSettings.Order;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Threads that handle records. What must stay in order goes to the same thread; each has a queue with a bound. After the first
 * failure nothing more is handled but what is under way.
 */
final class RecordWorkers implements AutoCloseable {
    /** So long a thread without records does not look whether it should end. */
    private static final long LOOK_MILLIS = 100;

    private final Order order;
    private final RecordHandler handler;
    private final Consumer<ConsumerRecord> done;
    private final Runnable changed;
    private final List<BlockingQueue<ConsumerRecord>> queues = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean ending;

    /**
     * Starts the threads.
     *
     * @param done told of each record that was handled
     * @param changed there is room, or a failure
     */
    RecordWorkers(WorkerSettings settings, RecordHandler handler, Consumer<ConsumerRecord> done, Runnable changed) {
        this.order = settings.order();
        this.handler = handler;
        this.done = done;
        this.changed = changed;
        ThreadFactory factory = ClientThreads.named("millrace-worker");
        for (int i = 0; i < settings.workers(); i++) {
            BlockingQueue<ConsumerRecord> queue = new ArrayBlockingQueue<>(settings.queueRecordsMax());
            queues.add(queue);
            threads.add(factory.newThread(() -> work(queue)));
        }
        threads.forEach(Thread::start);
    }

    /** Whether there was room for it. */
    boolean offer(ConsumerRecord record) {
        TopicPartition partition = record.partition();
        Bytes key = record.key();
        // The partitions of a topic go to one worker after the other.
        int worker = order == Order.KEY && key != null
                ? spread(Objects.hash(partition, key))
                : partition.topic().hashCode() + partition.partition();
        return queues.get(Math.floorMod(worker, queues.size())).offer(record);
    }

    /** Keys that differ a little have hashes that do (the finalizer of MurmurHash3 mixes them). */
    private static int spread(int hash) {
        int mixed = (hash ^ hash >>> 16) * 0x85eb_ca6b;
        mixed = (mixed ^ mixed >>> 13) * 0xc2b2_ae35;
        return mixed ^ mixed >>> 16;
    }

    /** What a handler has thrown first; null while none has. */
    @Nullable Throwable failure() {
        return failure.get();
    }

    boolean isOne(Thread thread) {
        return threads.contains(thread);
    }

    private void work(BlockingQueue<ConsumerRecord> queue) {
        try {
            while (failure.get() == null) {
                ConsumerRecord record = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (record != null) {
                    handler.handle(record);
                    done.accept(record);
                    changed.run();
                } else if (ending) {
                    return;
                }
            }
        } catch (Throwable thrown) { // An Error must not leave the others waiting for this thread.
            failure.compareAndSet(null, thrown);
            changed.run();
        }
    }

    /** Takes no more, and waits for what it has. */
    @Override
    public void close() {
        ending = true;
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
