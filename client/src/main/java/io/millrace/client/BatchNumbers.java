package io.millrace.client;

/**
 * How one partition's batches are numbered for an idempotent producer, so that the partition knows a batch that is sent
 * again. One batch is under way at a time, and only then are its numbers taken.
 */
final class BatchNumbers {
    static final long NO_PRODUCER = -1;

    private long producerId = NO_PRODUCER;
    private long exhaustedProducerId = NO_PRODUCER;
    private short epoch;
    private int nextSequence;

    /** The id whose epochs have all been used here: it must be another one; {@link #NO_PRODUCER} if there is none. */
    synchronized long exhaustedProducerId() {
        return exhaustedProducerId;
    }

    /** Gives a batch the next numbers, which the next batch will get as well unless this one is {@link #written}. */
    synchronized void number(ProducerBatch batch, long id) {
        if (producerId != id) {
            producerId = id;
            epoch = 0;
            nextSequence = 0;
        }
        batch.number(producerId, epoch, nextSequence);
    }

    synchronized void written(ProducerBatch batch) {
        nextSequence = nextSequence + batch.recordCount() & Integer.MAX_VALUE;
    }

    /**
     * Begins the next epoch: whatever of earlier ones is still on its way will be refused, once a batch of this one is
     * written.
     */
    synchronized void beginEpoch() {
        nextSequence = 0;
        if (epoch < Short.MAX_VALUE) {
            epoch++;
        } else {
            exhaustedProducerId = producerId;
        }
    }

    /** Whether anything was written under the current epoch. */
    synchronized boolean isUnderWay() {
        return nextSequence > 0;
    }
}
