package io.millrace.client;

/**
 * How one partition's batches are numbered for an idempotent producer, so that the partition knows a batch that is sent
 * again. A partition keeps its id until its epochs are used up: another one in the middle would be another sequence. Guarded
 * by its {@link PartitionQueue}.
 */
final class BatchNumbers {
    static final long NO_PRODUCER = -1;

    private long producerId = NO_PRODUCER;
    private long exhaustedProducerId = NO_PRODUCER;
    private short epoch;
    private int nextSequence;

    boolean needsProducerId() {
        return producerId == NO_PRODUCER;
    }

    /** The id that must not be used here any more; {@link #NO_PRODUCER} if there is none. */
    long exhaustedProducerId() {
        return exhaustedProducerId;
    }

    /** Begins the sequence of this id. */
    void begin(long newProducerId) {
        producerId = newProducerId;
        epoch = 0;
        nextSequence = 0;
    }

    /** Gives a batch the next numbers. */
    void number(ProducerBatch batch) {
        batch.number(producerId, epoch, nextSequence);
        nextSequence = nextSequence + batch.recordCount() & Integer.MAX_VALUE;
    }

    /**
     * Begins the next epoch: whatever of earlier ones is still on its way will be refused, once a batch of this one is
     * written.
     */
    void beginEpoch() {
        nextSequence = 0;
        if (epoch < Short.MAX_VALUE) {
            epoch++;
        } else {
            abandonProducerId();
        }
    }

    /** Another id is needed: the partition knows of a later epoch of this one than we do. */
    void abandonProducerId() {
        exhaustedProducerId = producerId;
        producerId = NO_PRODUCER;
    }
}
