package io.millrace.partition.state;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a partition remembers of one producer: its latest batches in its latest epoch. Immutable, so that what is not
 * committed can be taken back by putting the earlier value in its place.
 *
 * @param batches 1 to {@link #BATCHES_MAX}, in the order of the log
 */
record ProducerHistory(short epoch, List<Written> batches) {
    /** A producer may have so many requests on their way at once and find each again, whichever of them it repeats. */
    static final int BATCHES_MAX = 5;

    /**
     * A batch in the log.
     *
     * @param baseOffset of its first record; where all are left out, that of whatever came next
     * @param leftOut so many of its records are not there
     */
    record Written(int baseSequence, int recordCount, long baseOffset, int leftOut) {
        boolean isSameAs(ProducerBatch batch) {
            return baseSequence == batch.baseSequence() && recordCount == batch.recordCount();
        }
    }

    ProducerHistory {
        batches = List.copyOf(batches);
    }

    /**
     * The history after this batch. It looks at no sequence: what is in the log was let in by its leader.
     *
     * @param before null if nothing was known of the producer
     */
    static ProducerHistory after(@Nullable ProducerHistory before, ProducerBatch batch, long baseOffset, int leftOut) {
        List<Written> batches = new ArrayList<>(BATCHES_MAX);
        if (before != null && before.epoch == batch.epoch()) {
            int kept = Math.min(before.batches.size(), BATCHES_MAX - 1);
            batches.addAll(before.batches.subList(before.batches.size() - kept, before.batches.size()));
        }
        batches.add(new Written(batch.baseSequence(), batch.recordCount(), baseOffset, leftOut));
        return new ProducerHistory(batch.epoch(), batches);
    }

    Written newest() {
        return batches.get(batches.size() - 1);
    }

    int expectedSequence() {
        Written newest = newest();
        return ProducerBatch.plus(newest.baseSequence(), newest.recordCount());
    }

    static SequenceVerdict verdictWithout(ProducerBatch batch) {
        return batch.baseSequence() == 0
                ? SequenceVerdict.Accepted.ACCEPTED
                : SequenceVerdict.UnknownProducer.UNKNOWN_PRODUCER;
    }

    SequenceVerdict verdictOn(ProducerBatch batch) {
        if (batch.epoch() < epoch) {
            return new SequenceVerdict.Fenced(epoch);
        }
        if (batch.epoch() > epoch) {
            return batch.baseSequence() == 0 ? SequenceVerdict.Accepted.ACCEPTED : new SequenceVerdict.OutOfOrder(0);
        }
        int expected = expectedSequence();
        if (batch.baseSequence() == expected) {
            return SequenceVerdict.Accepted.ACCEPTED;
        }
        for (Written written : batches) {
            if (written.isSameAs(batch)) {
                return new SequenceVerdict.Duplicate(written.baseOffset(), written.leftOut());
            }
        }
        return isBefore(batch.baseSequence(), expected) && !isBefore(expected, batch.nextSequence())
                ? SequenceVerdict.DuplicateTooOld.DUPLICATE_TOO_OLD
                : new SequenceVerdict.OutOfOrder(expected);
    }

    /** Of two numbers on a circle, the one from which it is less than half a turn to the other. */
    private static boolean isBefore(int sequence, int other) {
        int ahead = other - sequence & Integer.MAX_VALUE;
        return ahead != 0 && ahead <= Integer.MAX_VALUE / 2;
    }
}
