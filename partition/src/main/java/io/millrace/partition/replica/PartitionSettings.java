package io.millrace.partition.replica;

/**
 * Limits of one partition's replica; each has an answer for "full".
 *
 * @param queueBytesMax of records that wait for a proposal or are proposed and not committed; beyond it produces are answered
 *     {@link PartitionReply.Overloaded}
 * @param proposalBytesMax of records merged into one proposal, unless one request alone is larger
 * @param proposalsInflightMax proposed and not committed; while so many are, requests wait and are merged
 * @param waitingFetchesMax long polls; beyond it fetches are answered {@link PartitionReply.Overloaded}
 * @param fetchBytesMax in one answer, unless one batch alone is larger; larger wishes are cut to it
 * @param producerExpiryMillis what an idempotent producer wrote last is remembered for so long at least; can be changed while the replica runs
 */
public record PartitionSettings(
        int queueBytesMax,
        int proposalBytesMax,
        int proposalsInflightMax,
        int waitingFetchesMax,
        int fetchBytesMax,
        long producerExpiryMillis) {
    public static final long PRODUCER_EXPIRY_USUAL = 24 * 3_600_000L;

    public static final PartitionSettings DEFAULT =
            new PartitionSettings(32 << 20, 1 << 20, 4, 10_000, 1 << 20, PRODUCER_EXPIRY_USUAL);
}
