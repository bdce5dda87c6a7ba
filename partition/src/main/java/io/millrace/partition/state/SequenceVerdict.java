package io.millrace.partition.state;

/** What a leader does with the batch of an idempotent producer, given what is in the log: one case for each answer. */
public sealed interface SequenceVerdict {

    /** It is the next one: append it. */
    enum Accepted implements SequenceVerdict {
        ACCEPTED
    }

    /**
     * It is in the log already, from this offset on, though perhaps not committed yet.
     *
     * @param leftOut so many of its records are not, since others of the same content were there before; see {@link WriteHistory}
     */
    record Duplicate(long baseOffset, int leftOut) implements SequenceVerdict {
        public Duplicate(long baseOffset) {
            this(baseOffset, 0);
        }
    }

    /** All of its records are in the log already, so long ago that nobody remembers their offsets. */
    enum DuplicateTooOld implements SequenceVerdict {
        DUPLICATE_TOO_OLD
    }

    /** Batches before it are missing, or it was cut differently from what is in the log. */
    record OutOfOrder(int expectedSequence) implements SequenceVerdict {}

    /** The producer has begun a later epoch since. */
    record Fenced(short currentEpoch) implements SequenceVerdict {}

    /** Not the beginning of a sequence, and nothing is known of what came before: never written here, or forgotten. */
    enum UnknownProducer implements SequenceVerdict {
        UNKNOWN_PRODUCER
    }
}
