package io.millrace.partition.replica;

/**
 * What a replica has proposed as a leader since it was started: so many produce requests, with so many records, in so many
 * proposals. The ratios tell how well requests are merged.
 */
public record ProposalCounters(long proposals, long requests, long records) {
    static final ProposalCounters NONE = new ProposalCounters(0, 0, 0);

    ProposalCounters plus(int moreRequests, long moreRecords) {
        return new ProposalCounters(proposals + 1, requests + moreRequests, records + moreRecords);
    }
}
