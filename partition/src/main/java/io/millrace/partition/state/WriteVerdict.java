package io.millrace.partition.state;

import java.util.List;

/** What a leader does with a request to write. */
public sealed interface WriteVerdict {
    /**
     * Append it, without the duplicates. If there is nothing else in it and it is an idempotent producer's batch, it is appended all the same, in its
     * numbers.
     *
     * @param baseOffset of the first record that is written; -1 if none is
     * @param duplicates records that are there already, by their places; none in a partition that does not compare by content
     */
    record Append(long baseOffset, List<DuplicateRecord> duplicates) implements WriteVerdict {}

    /**
     * Append nothing: everything in it is there, though perhaps not committed yet.
     *
     * @param baseOffset of the first record that the request has written, in an earlier attempt; -1 if it never wrote one
     * @param repeated whether an idempotent producer has sent it again
     * @param duplicates those of its records that it did not write
     */
    record Settled(long baseOffset, boolean repeated, List<DuplicateRecord> duplicates) implements WriteVerdict {
        /** The offset of a record with whose commit this one's are committed; none if that is all there is on its way. */
        public long awaited() {
            return duplicates.isEmpty() ? baseOffset : Long.MAX_VALUE;
        }
    }

    /** @param why anything but accepted or a duplicate whose offsets are known */
    record Refused(SequenceVerdict why) implements WriteVerdict {}
}
