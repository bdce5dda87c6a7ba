package io.millrace.client;

import com.google.protobuf.UnsafeByteOperations;
import io.millrace.client.Calls.Reply;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition on their way, in the order in which they were sent. One request is under way at a time, and is
 * repeated until it is decided, so that no retry can overtake an earlier batch.
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

    private final ArrayDeque<ProducerBatch> closed = new ArrayDeque<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private @Nullable ProducerBatch open;
    private boolean underWay;
    private boolean looping;
    private long recordsAppended;
    private long recordsDone;
    /** Records up to here leave without waiting for company. */
    private long flushUntilRecord;

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
                    closed.add(batch);
                }
                long alone = RecordBatchBuilder.sizeOfBatchOf(record.key(), record.value(), record.headers());
                batch = new ProducerBatch(
                        (int) Math.max(settings.batchBytesMax(), alone), settings.compression(), timers.nanoTime());
                if (!batch.tryAppend(record, timestampMillis, bufferBytes, promise)) {
                    throw new IllegalStateException("a record does not fit into a batch of its own size");
                }
                open = batch;
                begun = true;
            }
            recordsAppended++;
        }
        if (begun && !settings.linger().isZero()) {
            timers.schedule(settings.linger(), this::sendNext);
        }
        sendNext();
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
        sendNext();
        return done;
    }

    /** A loop and no recursion: a call may fail before it returns, and many batches may be waiting when that happens. */
    private void sendNext() {
        for (ProducerBatch batch = takeNext(false); batch != null; batch = takeNext(true)) {
            send(batch);
        }
    }

    private void send(ProducerBatch batch) {
        if (!settings.idempotent()) {
            sendEncoded(batch);
            return;
        }
        Futures.then(
                owner.producerId(numbers.exhaustedProducerId()),
                id -> {
                    numbers.number(batch, id);
                    sendEncoded(batch);
                },
                failure -> failed(batch, failure.forNothingSent()));
    }

    private void sendEncoded(ProducerBatch batch) {
        Duration waited = Duration.ofNanos(timers.nanoTime() - batch.createdNanos);
        Duration timeout = settings.deliveryTimeout().minus(waited);
        if (timeout.isNegative() || timeout.isZero()) {
            failed(batch, Producer.notSentInTime(topic, partition, settings.deliveryTimeout()));
            return;
        }
        Bytes bytes = batch.encoded();
        ProduceRequest message = ProduceRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setRecordBatches(
                        UnsafeByteOperations.unsafeWrap(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size()))
                .build();
        Futures.then(
                calls.call(new Calls.Request<>(
                        MessageServiceGrpc.getProduceMethod(),
                        message,
                        new Calls.Route.Leader(topic, partition),
                        true,
                        attemptTimeout,
                        timeout)),
                reply -> acknowledged(batch, reply),
                failure -> failed(batch, failure));
    }

    /**
     * The batch to send now, if there is one.
     *
     * @param inLoop whether the caller is the one thread that is looping; whoever else comes may leave the work to it
     */
    private synchronized @Nullable ProducerBatch takeNext(boolean inLoop) {
        if (looping && !inLoop) {
            return null;
        }
        ProducerBatch batch = underWay ? null : pollNext();
        underWay |= batch != null;
        looping = batch != null;
        return batch;
    }

    private @Nullable ProducerBatch pollNext() {
        ProducerBatch batch = closed.poll();
        if (batch == null) {
            batch = open;
            if (batch == null || !mayLeave(batch)) {
                return null;
            }
            open = null;
        }
        return batch;
    }

    /** Of the open batch, which could still grow. */
    private boolean mayLeave(ProducerBatch batch) {
        long firstRecord = recordsAppended - batch.recordCount();
        return firstRecord < flushUntilRecord
                || timers.nanoTime() - batch.createdNanos >= settings.linger().toNanos();
    }

    private void acknowledged(ProducerBatch batch, Reply<ProduceResponse> reply) {
        numbers.written(batch);
        owner.acknowledged(batch, reply);
        batch.acknowledge(topic, partition, reply.message().getBaseOffset());
        done(batch);
    }

    private void failed(ProducerBatch batch, MillraceException failure) {
        boolean surelyNotWritten = !failure.isOutcomeUnknown();
        if (failure.reason() == FailureReason.MESSAGE_TOO_LARGE && surelyNotWritten && batch.recordCount() > 1) {
            // The broker allows less than we batch: the records may well be small enough one by one.
            sendInstead(batch.split());
            return;
        }
        if (failure.reason() == FailureReason.UNKNOWN_PRODUCER && surelyNotWritten && numbers.isUnderWay()) {
            // The partition has forgotten this producer, or is a new one of the same name. No attempt has written the
            // batch, and none is behind it: under another epoch nothing can be there twice, or in another order.
            numbers.beginEpoch();
            sendInstead(List.of(batch));
            return;
        }
        if (!surelyNotWritten || failure.reason() == FailureReason.OUT_OF_ORDER_SEQUENCE) {
            // Whether its numbers are taken, nobody knows; what comes next must not depend on it. Nor may an attempt
            // that is still on its way be written after that.
            numbers.beginEpoch();
        }
        owner.failed(batch);
        batch.fail(failure);
        done(batch);
    }

    private void sendInstead(List<ProducerBatch> batches) {
        synchronized (this) {
            for (int i = batches.size() - 1; i >= 0; i--) {
                closed.addFirst(batches.get(i));
            }
            underWay = false;
        }
        sendNext();
    }

    private void done(ProducerBatch batch) {
        List<CompletableFuture<@Nullable Void>> reached = new ArrayList<>();
        synchronized (this) {
            recordsDone += batch.recordCount();
            underWay = false;
            for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
                Waiter waiter = all.next();
                if (waiter.untilRecord() <= recordsDone) {
                    reached.add(waiter.done());
                    all.remove();
                }
            }
        }
        reached.forEach(done -> done.complete(null));
        sendNext();
    }

    /** What a record takes of the buffer: its bytes, and a batch's header for what is kept about it on the heap. */
    static long bufferBytesOf(ProducerRecord record) {
        return RecordBatchBuilder.sizeOfBatchOf(record.key(), record.value(), record.headers());
    }
}
