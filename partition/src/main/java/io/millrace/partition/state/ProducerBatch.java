package io.millrace.partition.state;

/**
 * A batch of an idempotent producer, as its header names it.
 *
 * @param epoch tells apart the sequences that this producer has begun; the latest counts
 * @param baseSequence the number of its first record among all that the producer sent to this partition in this epoch, from 0
 *     on; after {@code 2^31 - 1} comes 0
 */
public record ProducerBatch(long producerId, short epoch, int baseSequence, int recordCount) {
    public ProducerBatch {
        if (producerId < 0 || epoch < 0 || baseSequence < 0 || recordCount < 1) {
            throw new IllegalArgumentException("no batch of a producer: id " + producerId + ", epoch " + epoch
                    + ", sequence " + baseSequence + ", " + recordCount + " records");
        }
    }

    /** The sequence of the batch that follows. */
    public int nextSequence() {
        return plus(baseSequence, recordCount);
    }

    static int plus(int sequence, int records) {
        return sequence + records & Integer.MAX_VALUE;
    }
}
