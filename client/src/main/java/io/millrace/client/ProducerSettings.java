package io.millrace.client;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How a producer batches, waits and gives up.
 *
 * @param batchBytesMax a batch is closed before it passes this size, in bytes; a larger record gets a batch of its own
 * @param linger how long a batch that is not full waits for more records. With 0, a record leaves at once if its partition has
 *     no request under way, and otherwise gathers with others until all are answered or the batch is full: no delay when idle,
 *     large batches under load
 * @param bufferBytesMax what all records that are not acknowledged yet may take, in bytes
 * @param blockMax how long a send waits for room in the buffer, or for the topic's metadata; with 0 it fails at once with
 *     BUFFER_FULL
 * @param deliveryTimeout from a send until its record fails, whatever is tried in between
 * @param compression of each batch; its size limits are those before compression
 * @param idempotent whether a batch that is sent again, because an answer was lost, is written once all the same. Costs one
 *     question to the cluster before the first batch
 * @param maxInFlight how many full batches of one partition may be under way at once. Idempotent, 1 to 5, since a partition
 *     remembers the last five of a producer, and their order is kept whatever is repeated. Otherwise with more than 1 a repeated
 *     batch may come after later ones
 * @param hooks what the application has the producer call
 */
public record ProducerSettings(
        int batchBytesMax,
        Duration linger,
        int bufferBytesMax,
        Duration blockMax,
        Duration deliveryTimeout,
        BatchCompression compression,
        boolean idempotent,
        int maxInFlight,
        ProducerHooks hooks) {
    private static final int REMEMBERED_BATCHES = 5;

    /**
     * 512 KiB batches, no linger, 32 MiB of buffer, 60 s to block and 60 s to deliver, no compression, idempotent, five batches
     * in flight.
     */
    public static final ProducerSettings DEFAULT = new ProducerSettings(
            512 * 1024,
            Duration.ZERO,
            32 * 1024 * 1024,
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            BatchCompression.NONE,
            true,
            REMEMBERED_BATCHES,
            ProducerHooks.NONE);

    private static final int BATCH_BYTES_MIN = 1024;

    /**
     * Checks all of them.
     *
     * @throws IllegalArgumentException if a size is too small or a time negative
     */
    public ProducerSettings {
        if (batchBytesMax < BATCH_BYTES_MIN) {
            throw new IllegalArgumentException(
                    "batchBytesMax is " + BATCH_BYTES_MIN + " or more, not " + batchBytesMax);
        }
        if (bufferBytesMax < batchBytesMax) {
            throw new IllegalArgumentException(
                    "bufferBytesMax, " + bufferBytesMax + ", must hold a batch of " + batchBytesMax);
        }
        if (linger.isNegative() || blockMax.isNegative()) {
            throw new IllegalArgumentException("linger and blockMax are 0 or more");
        }
        if (deliveryTimeout.isNegative() || deliveryTimeout.isZero()) {
            throw new IllegalArgumentException("deliveryTimeout is more than 0");
        }
        if (maxInFlight < 1 || (idempotent && maxInFlight > REMEMBERED_BATCHES)) {
            throw new IllegalArgumentException("maxInFlight is 1 or more, for an idempotent producer at most "
                    + REMEMBERED_BATCHES + ", not " + maxInFlight);
        }
    }

    /** The same with another {@link #batchBytesMax}. */
    public ProducerSettings withBatchBytesMax(int newBatchBytesMax) {
        return with(copy -> copy.batchBytesMax = newBatchBytesMax);
    }

    /** The same with another {@link #linger}. */
    public ProducerSettings withLinger(Duration newLinger) {
        return with(copy -> copy.linger = newLinger);
    }

    /** The same with another {@link #bufferBytesMax}. */
    public ProducerSettings withBufferBytesMax(int newBufferBytesMax) {
        return with(copy -> copy.bufferBytesMax = newBufferBytesMax);
    }

    /** The same with another {@link #blockMax}. */
    public ProducerSettings withBlockMax(Duration newBlockMax) {
        return with(copy -> copy.blockMax = newBlockMax);
    }

    /** The same with another {@link #deliveryTimeout}. */
    public ProducerSettings withDeliveryTimeout(Duration newDeliveryTimeout) {
        return with(copy -> copy.deliveryTimeout = newDeliveryTimeout);
    }

    /** The same with another {@link #compression}. */
    public ProducerSettings withCompression(BatchCompression newCompression) {
        return with(copy -> copy.compression = newCompression);
    }

    /** The same with another {@link #idempotent}; without it one batch in flight, unless {@link #withMaxInFlight} says otherwise. */
    public ProducerSettings withIdempotence(boolean newIdempotent) {
        return with(copy -> {
            copy.idempotent = newIdempotent;
            copy.maxInFlight = newIdempotent ? REMEMBERED_BATCHES : 1;
        });
    }

    /** The same with another {@link #maxInFlight}. */
    public ProducerSettings withMaxInFlight(int newMaxInFlight) {
        return with(copy -> copy.maxInFlight = newMaxInFlight);
    }

    /** The same with other {@link #hooks}. */
    public ProducerSettings withHooks(ProducerHooks newHooks) {
        return with(copy -> copy.hooks = newHooks);
    }

    private ProducerSettings with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.settings();
    }

    /** Settings while one of them is changed. */
    private static final class Copy {
        private int batchBytesMax;
        private Duration linger;
        private int bufferBytesMax;
        private Duration blockMax;
        private Duration deliveryTimeout;
        private BatchCompression compression;
        private boolean idempotent;
        private int maxInFlight;
        private ProducerHooks hooks;

        Copy(ProducerSettings settings) {
            this.batchBytesMax = settings.batchBytesMax;
            this.linger = settings.linger;
            this.bufferBytesMax = settings.bufferBytesMax;
            this.blockMax = settings.blockMax;
            this.deliveryTimeout = settings.deliveryTimeout;
            this.compression = settings.compression;
            this.idempotent = settings.idempotent;
            this.maxInFlight = settings.maxInFlight;
            this.hooks = settings.hooks;
        }

        ProducerSettings settings() {
            return new ProducerSettings(
                    batchBytesMax,
                    linger,
                    bufferBytesMax,
                    blockMax,
                    deliveryTimeout,
                    compression,
                    idempotent,
                    maxInFlight,
                    hooks);
        }
    }
}
