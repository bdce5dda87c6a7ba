package io.millrace.client;

import io.millrace.client.Calls.Reply;
import io.millrace.client.SendWindow.Sending;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition on their way, in the order in which they were sent. Several batches are under way at a time,
 * each repeated until it is decided; {@link SendWindow} keeps their order.
 */
final class PartitionQueue {
    /** What the queue asks of its producer. */
    interface Owner {
        /** The producer's id, other than {@code exhausted}. */
        CompletableFuture<Long> producerId(long exhausted);

        /** The batch was acknowledged; its room in the buffer is free. */
        void acknowledged(ProducerBatch batch, Reply<ProduceResponse> reply);

        /** The batch was given up; its room in the buffer is free. */
        void failed(ProducerBatch batch);
    }

    private record Waiter(long untilRecord, CompletableFuture<@Nullable Void> done) {}

    private final String topic;
    private final int partition;
    private final ProducerSettings settings;
    private final Duration attemptTimeout;
    private final Calls calls;
    private final Timers timers;
    private final Owner owner;
    private final BatchNumbers numbers = new BatchNumbers();
    private final SendWindow window;
    private final Steps sends = new Steps(this, this::nextSend);
    private final Steps completions = new Steps(this, this::nextCompletion);

    private final List<Waiter> waiters = new ArrayList<>();
    private @Nullable ProducerBatch open;
    private long recordsAppended;
    private long recordsDone;
    /** Records up to here leave without waiting for company. */
    private long flushUntilRecord;
    /** Waits for the producer's id, or has it and is to be sent before any other. */
    private @Nullable Sending needsId;

    private boolean idAsked;

    PartitionQueue(
            String topic,
            int partition,
            ProducerSettings settings,
            Duration attemptTimeout,
            Calls calls,
            Timers timers,
            Owner owner) {
        this.topic = topic;
        this.partition = partition;
        this.settings = settings;
        this.attemptTimeout = attemptTimeout;
        this.calls = calls;
        this.timers = timers;
        this.owner = owner;
        this.window = new SendWindow(settings.maxInFlight(), numbers);
    }

    /** Takes a record that has its room in the buffer; the future is completed in the order of the appends. */
    CompletableFuture<RecordPosition> append(ProducerRecord record, int bufferBytes) {
        CompletableFuture<RecordPosition> promise = new CompletableFuture<>();
        Long given = record.timestampMillis();
        long timestampMillis = given == null ? timers.currentTimeMillis() : given;
        boolean begun = false;
        synchronized (this) {
            ProducerBatch batch = open;
            if (batch == null || !batch.tryAppend(record, timestampMillis, bufferBytes, promise)) {
                if (batch != null) {
                    window.add(batch);
                }
                long alone = RecordBatchBuilder.sizeOfBatchOf(record.key(), record.value(), record.headers());
                batch = new ProducerBatch(
                        (int) Math.max(settings.batchBytesMax(), alone),
                        settings.compression(),
                        () -> calls.metadata().compressionOf(topic),
                        timers.nanoTime());
                if (!batch.tryAppend(record, timestampMillis, bufferBytes, promise)) {
                    throw new IllegalStateException("a record does not fit into a batch of its own size");
                }
                open = batch;
                begun = true;
            }
            recordsAppended++;
        }
        if (begun && !settings.linger().isZero()) {
            timers.schedule(settings.linger(), this::proceed);
        }
        proceed();
        return promise;
    }

    /** Completes, never with a failure, when everything that was appended before is decided; sends it without lingering. */
    CompletableFuture<@Nullable Void> flush() {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        synchronized (this) {
            if (recordsDone == recordsAppended) {
                done.complete(null);
                return done;
            }
            flushUntilRecord = recordsAppended;
            waiters.add(new Waiter(recordsAppended, done));
        }
        proceed();
        return done;
    }

    /** Fails everything that is not decided: what never left surely, what is on its way with an unknown outcome. */
    void abandon() {
        synchronized (this) {
            ProducerBatch batch = open;
            if (batch != null) {
                window.add(batch);
                open = null;
            }
            needsId = null;
            window.abandon();
        }
        proceed();
    }

    private void proceed() {
        sends.run();
        completions.run();
    }

    // ---------------------------------------------------------------------------------------------------------- sends

    private @Nullable Runnable nextSend() {
        closeOpenBatch();
        for (Sending next = takeNext(); next != null; next = takeNext()) {
            Sending sending = next;
            Duration remaining = remaining(sending.batch);
            if (remaining.isNegative() || remaining.isZero()) {
                window.failed(sending, Producer.notSentInTime(topic, partition, settings.deliveryTimeout()));
            } else if (settings.idempotent() && !sending.batch.isNumbered() && numbers.needsProducerId()) {
                needsId = sending;
                idAsked = true;
                return this::askProducerId;
            } else {
                if (settings.idempotent() && !sending.batch.isNumbered()) {
                    numbers.number(sending.batch);
                }
                return () -> send(sending, remaining);
            }
        }
        return null;
    }

    private @Nullable Sending takeNext() {
        Sending waiting = needsId;
        if (waiting == null) {
            return window.next();
        }
        needsId = idAsked ? waiting : null;
        return idAsked ? null : waiting;
    }

    /** Full ones leave while others are under way; one that is not had better grow meanwhile (as Nagle's segments do). */
    private void closeOpenBatch() {
        ProducerBatch batch = open;
        if (batch != null && window.isEmpty() && mayLeave(batch)) {
            window.add(batch);
            open = null;
        }
    }

    private boolean mayLeave(ProducerBatch batch) {
        long firstRecord = recordsAppended - batch.recordCount();
        return firstRecord < flushUntilRecord
                || timers.nanoTime() - batch.createdNanos >= settings.linger().toNanos();
    }

    private Duration remaining(ProducerBatch batch) {
        return settings.deliveryTimeout().minusNanos(timers.nanoTime() - batch.createdNanos);
    }

    private void askProducerId() {
        Futures.then(owner.producerId(exhaustedProducerId()), this::begin, this::failedWithoutId);
    }

    private synchronized long exhaustedProducerId() {
        return numbers.exhaustedProducerId();
    }

    private void begin(long producerId) {
        synchronized (this) {
            numbers.begin(producerId);
            idAsked = false;
        }
        proceed();
    }

    private void failedWithoutId(MillraceException failure) {
        synchronized (this) {
            Sending waiting = needsId;
            if (waiting != null) {
                window.failed(waiting, failure.forNothingSent());
            }
            needsId = null;
            idAsked = false;
        }
        proceed();
    }

    private void send(Sending sending, Duration timeout) {
        Bytes bytes = sending.batch.encoded();
        ProduceRequest message = ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setRecordBatches(ByteStrings.wrap(bytes))
                .build();
        Futures.then(
                calls.call(new Calls.Request<>(
                        Connections::produce,
                        message,
                        new Calls.Route.Leader(topic, partition),
                        true,
                        attemptTimeout,
                        timeout)),
                reply -> ended(() -> window.acknowledged(sending, reply)),
                failure -> ended(() -> window.failed(sending, failure)));
    }

    private void ended(Runnable outcome) {
        synchronized (this) {
            outcome.run();
        }
        proceed();
    }

    // ---------------------------------------------------------------------------------------------------- completions

    private @Nullable Runnable nextCompletion() {
        Sending decided = window.takeDecided();
        return decided == null ? null : () -> complete(decided);
    }

    private void complete(Sending decided) {
        sends.run(); // there is room in the window now; and who waits for the promises may take his time
        ProducerBatch batch = decided.batch;
        Reply<ProduceResponse> reply = decided.reply();
        if (reply != null) {
            owner.acknowledged(batch, reply);
            batch.acknowledge(topic, reply.message());
        } else {
            owner.failed(batch);
            batch.fail(decided.failure());
        }
        List<CompletableFuture<@Nullable Void>> reached = new ArrayList<>();
        synchronized (this) {
            recordsDone += batch.recordCount();
            for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
                Waiter waiter = all.next();
                if (waiter.untilRecord() <= recordsDone) {
                    reached.add(waiter.done());
                    all.remove();
                }
            }
        }
        reached.forEach(done -> done.complete(null));
    }

    /** What a record takes of the buffer: its bytes, and a batch's header for what is kept about it on the heap. */
    static long bufferBytesOf(ProducerRecord record) {
        return RecordBatchBuilder.sizeOfBatchOf(record.key(), record.value(), record.headers());
    }
}
