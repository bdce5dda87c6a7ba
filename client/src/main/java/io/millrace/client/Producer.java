package io.millrace.client;

import io.millrace.client.Calls.Reply;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.v1.ProduceResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Writes records: gathers them in batches for each partition, sends the batches to the partitions' leaders and repeats what
 * fails until it is acknowledged or its time is over. Records of one partition are written in the order of their sends. A
 * record that is acknowledged is on the disks of a majority of its partition's replicas.
 *
 * <p>Idempotent unless {@link ProducerSettings#idempotent} is off: after an attempt with an unknown outcome (a connection lost,
 * a leader lost) the batch is sent again under the same number, and the partition, which knows the number, writes it once. A
 * record whose future has failed with {@link MillraceException#isOutcomeUnknown()} may be there, once; sent again by the
 * application, it is another record.
 *
 * <p>Not idempotent, delivery is at least once: such a batch may be there twice, which {@link #stats()} counts.
 *
 * <p>Thread-safe. Futures are completed on the client's threads: what depends on them should not block there.
 */
public final class Producer implements AutoCloseable {
    private final ProducerSettings settings;
    private final ClientSettings clientSettings;
    private final Calls calls;
    private final Timers timers;
    private final RandomGenerator random;
    private final Semaphore bufferBytes;
    private final ConcurrentMap<String, TopicQueues> topics = new ConcurrentHashMap<>();
    private final Counters counters = new Counters();
    private final ProducerIdentity identity;
    private final Consumer<Producer> whenClosed;
    private volatile boolean closed;

    /** @param whenClosed told when it is closed and nothing is left of what it has taken */
    Producer(
            ProducerSettings settings,
            ClientSettings clientSettings,
            Calls calls,
            Timers timers,
            RandomGenerator random,
            Consumer<Producer> whenClosed) {
        this.settings = settings;
        this.clientSettings = clientSettings;
        this.calls = calls;
        this.timers = timers;
        this.random = random;
        this.whenClosed = whenClosed;
        this.identity = new ProducerIdentity(calls, clientSettings.attemptTimeout(), settings.deliveryTimeout());
        // Fair, so that a large record is not starved by small ones.
        this.bufferBytes = new Semaphore(settings.bufferBytesMax(), true);
    }

    /**
     * Takes a record to be written. Waits, for as long as the settings allow, while the buffer is full, and the first time for
     * a topic's metadata; otherwise returns at once.
     *
     * @return the record's place, once it is acknowledged; or a {@link MillraceException}: BUFFER_FULL, CLOSED,
     *     INVALID_TOPIC_NAME and INTERRUPTED, when the record was not taken, or what the last attempt to write it ended with
     */
    public CompletableFuture<RecordPosition> send(ProducerRecord record) {
        ProducerRecord intercepted = settings.hooks().beforeSend(record);
        CompletableFuture<RecordPosition> outcome = take(intercepted);
        settings.hooks().afterSend(intercepted, outcome);
        return outcome;
    }

    /** As {@link #send(ProducerRecord)}, with the outcome told to a callback. */
    public void send(ProducerRecord record, SendCallback callback) {
        Futures.then(
                send(record),
                position -> callback.completed(position, null),
                failure -> callback.completed(null, failure));
    }

    /**
     * As {@link #send(ProducerRecord)}, and waits for the outcome. Slow for more than a few records: each waits for the one before.
     *
     * @throws MillraceException what the future would fail with, or INTERRUPTED
     */
    public RecordPosition sendSync(ProducerRecord record) {
        CompletableFuture<RecordPosition> outcome = send(record);
        return Futures.await(outcome);
    }

    /**
     * Sends several records, each for itself: a bad one does not take others along. Those of one partition leave in as few batches
     * as they fit into. May wait as {@link #send(ProducerRecord)} does, for each.
     *
     * @return what became of each record, in their order; it does not fail
     */
    public CompletableFuture<List<SendResult>> sendBatch(List<ProducerRecord> records) {
        List<CompletableFuture<SendResult>> results = new ArrayList<>(records.size());
        for (ProducerRecord record : records) {
            results.add(send(record)
                    .handle((position, thrown) -> thrown == null
                            ? new SendResult.Written(position)
                            : new SendResult.Failed(Futures.failure(thrown))));
        }
        return CompletableFuture.allOf(results.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> results.stream().map(CompletableFuture::join).toList());
    }

    private CompletableFuture<RecordPosition> take(ProducerRecord record) {
        try {
            if (closed) {
                throw new MillraceException(FailureReason.CLOSED, "the producer is closed", Map.of());
            }
            TopicQueues queues = queuesOf(record.topic());
            long bytes = PartitionQueue.bufferBytesOf(record);
            int partition = partitionOf(record, queues, bytes);
            reserve(bytes);
            return queues.queue(partition).append(record, (int) bytes);
        } catch (MillraceException e) {
            return CompletableFuture.failedFuture(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CompletableFuture.failedFuture(new MillraceException(
                    FailureReason.INTERRUPTED, "interrupted while waiting to send", Map.of(), false, null, e));
        }
    }

    /** Waits until everything that was sent before is acknowledged or has failed, and sends it without lingering. */
    public void flush() {
        Futures.await(flushed());
    }

    private CompletableFuture<Void> flushed() {
        return CompletableFuture.allOf(queues().map(PartitionQueue::flush).toArray(CompletableFuture<?>[]::new));
    }

    private Stream<PartitionQueue> queues() {
        return topics.values().stream().flatMap(topic -> topic.all().stream());
    }

    /** The counters now; each is exact, though they are not read in one instant. */
    public ProducerStats stats() {
        return counters.snapshot();
    }

    /** Takes no more records, and waits as {@link #flush()} does. */
    @Override
    public void close() {
        closed = true;
        flush();
        whenClosed.accept(this);
    }

    /**
     * Takes no more records, and waits for what was taken, but not for longer than this: what is left then fails with CLOSED,
     * and what was on its way may be written all the same.
     *
     * @return whether nothing was left
     */
    public boolean close(Duration timeout) {
        closed = true;
        try {
            flushed().get(Math.max(1, timeout.toNanos()), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            queues().forEach(PartitionQueue::abandon);
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            queues().forEach(PartitionQueue::abandon);
            return false;
        } catch (ExecutionException e) {
            throw Futures.failure(e); // flushes do not fail
        } finally {
            whenClosed.accept(this);
        }
    }

    static MillraceException notSentInTime(String topic, int partition, Duration deliveryTimeout) {
        return new MillraceException(
                FailureReason.DEADLINE_PASSED,
                "not sent: the records before it in " + topic + "-" + partition + " took longer than "
                        + deliveryTimeout.toMillis() + " ms",
                Map.of("topic", topic, "partition", Integer.toString(partition)));
    }

    private TopicQueues queuesOf(String topic) {
        TopicQueues queues = topics.get(topic);
        if (queues != null) {
            return queues;
        }
        Optional<String> problem = TopicName.problemWith(topic);
        if (problem.isPresent()) {
            throw new MillraceException(FailureReason.INVALID_TOPIC_NAME, problem.get(), Map.of("topic", topic));
        }
        return topics.computeIfAbsent(
                topic,
                name -> new TopicQueues(
                        partition -> new PartitionQueue(
                                name, partition, settings, clientSettings.attemptTimeout(), calls, timers, counters),
                        random.nextInt(),
                        settings.batchBytesMax()));
    }

    private int partitionOf(ProducerRecord record, TopicQueues queues, long bytes) throws InterruptedException {
        Integer explicit = record.partition();
        // Asked for in both cases: it is how the leader becomes known.
        CompletableFuture<ClusterView.TopicView> topic = calls.metadata().topic(record.topic());
        if (explicit != null) {
            return explicit;
        }
        try {
            int partitions = topic.get(Math.max(1, settings.blockMax().toNanos()), TimeUnit.NANOSECONDS)
                    .leaders()
                    .size();
            PartitionChooser chooser = settings.hooks().chooser();
            return chooser == null
                    ? queues.choosePartition(record.key(), bytes, partitions)
                    : checked(chooser.choose(record, partitions), partitions);
        } catch (ExecutionException e) {
            throw Futures.failure(e);
        } catch (TimeoutException e) {
            throw new MillraceException(
                    FailureReason.CONNECTION_FAILED,
                    "no broker has told the partitions of '" + record.topic() + "' in "
                            + settings.blockMax().toMillis() + " ms",
                    Map.of("topic", record.topic()),
                    false,
                    null,
                    e);
        }
    }

    private static int checked(int chosen, int partitions) {
        if (chosen < 0 || chosen >= partitions) {
            throw new IllegalStateException("the chooser chose partition " + chosen + " of " + partitions);
        }
        return chosen;
    }

    private void reserve(long bytes) throws InterruptedException {
        Map<String, String> limit =
                Map.of("size_bytes", Long.toString(bytes), "limit_bytes", Integer.toString(settings.bufferBytesMax()));
        if (bytes > settings.bufferBytesMax()) {
            throw new MillraceException(
                    FailureReason.MESSAGE_TOO_LARGE,
                    "a record of " + bytes + " bytes does not fit into the producer's buffer of "
                            + settings.bufferBytesMax(),
                    limit);
        }
        if (!bufferBytes.tryAcquire((int) bytes, settings.blockMax().toNanos(), TimeUnit.NANOSECONDS)) {
            throw new MillraceException(
                    FailureReason.BUFFER_FULL,
                    "the producer's buffer of " + settings.bufferBytesMax() + " bytes has been full for "
                            + settings.blockMax().toMillis() + " ms",
                    limit);
        }
    }

    private final class Counters implements PartitionQueue.Owner {
        private final LongAdder recordsAcknowledged = new LongAdder();
        private final LongAdder recordsFailed = new LongAdder();
        private final LongAdder batchesRetried = new LongAdder();
        private final LongAdder batchesPossiblyDuplicated = new LongAdder();
        private final LongAdder recordsPossiblyDuplicated = new LongAdder();

        @Override
        public CompletableFuture<Long> producerId(long exhausted) {
            return identity.get(exhausted);
        }

        @Override
        public void acknowledged(ProducerBatch batch, Reply<ProduceResponse> reply) {
            recordsAcknowledged.add(batch.recordCount());
            if (reply.retries() > 0) {
                batchesRetried.increment();
            }
            if (reply.mayBeTwice() && !settings.idempotent()) {
                batchesPossiblyDuplicated.increment();
                recordsPossiblyDuplicated.add(batch.recordCount());
            }
            bufferBytes.release(batch.bufferBytes());
        }

        @Override
        public void failed(ProducerBatch batch) {
            recordsFailed.add(batch.recordCount());
            bufferBytes.release(batch.bufferBytes());
        }

        ProducerStats snapshot() {
            return new ProducerStats(
                    recordsAcknowledged.sum(),
                    recordsFailed.sum(),
                    batchesRetried.sum(),
                    batchesPossiblyDuplicated.sum(),
                    recordsPossiblyDuplicated.sum());
        }
    }
}
