package io.millrace.client;

/**
 * What a producer has done since it was made.
 *
 * @param recordsAcknowledged durable on a majority
 * @param recordsFailed given up; {@link MillraceException#isOutcomeUnknown()} of each tells whether it may be there all the
 *     same
 * @param batchesRetried acknowledged, after an attempt that failed
 * @param batchesPossiblyDuplicated of these, the ones that had an attempt with an unknown outcome: their records may have
 *     been written twice; 0 for an idempotent producer
 * @param recordsPossiblyDuplicated the records in these
 */
public record ProducerStats(
        long recordsAcknowledged,
        long recordsFailed,
        long batchesRetried,
        long batchesPossiblyDuplicated,
        long recordsPossiblyDuplicated) {}
