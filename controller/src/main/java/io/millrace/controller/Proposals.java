package io.millrace.controller;

import akka.actor.typed.ActorRef;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.partition.raft.Entry;
import java.util.HashMap;
import java.util.Map;

/**
 * The proposals whose outcome is open, and who waits for it. Each gets one outcome.
 *
 * <pre>
 *   opened ──appended at i──▶ awaiting commit of i ──applied──▶ Applied
 *     │ refused ▶ NoLeader          │ leadership lost ▶ OutcomeUnknown
 * </pre>
 */
final class Proposals {
    private record Waiter(long term, long requestId, ActorRef<ProposalOutcome> replyTo) {}

    private final int limit;
    private final Map<Long, Waiter> awaitingAppend = new HashMap<>();
    private final Map<Long, Waiter> awaitingCommit = new HashMap<>();
    private long lastProposalId;

    Proposals(int limit) {
        this.limit = limit;
    }

    boolean isFull() {
        return awaitingAppend.size() + awaitingCommit.size() >= limit;
    }

    /** The id to propose it under. */
    long open(long term, long requestId, ActorRef<ProposalOutcome> replyTo) {
        lastProposalId++;
        awaitingAppend.put(lastProposalId, new Waiter(term, requestId, replyTo));
        return lastProposalId;
    }

    /**
     * The leader of a term keeps what it appended in it, so an index tells the proposal as long as that term lasts.
     *
     * @param leadingTerm the term that this replica leads in now; 0 if none
     */
    void appended(long proposalId, long index, long leadingTerm) {
        Waiter waiter = awaitingAppend.remove(proposalId);
        if (waiter == null) {
            return;
        }
        if (waiter.term == leadingTerm) {
            awaitingCommit.put(index, waiter);
        } else {
            waiter.replyTo.tell(new ProposalOutcome.OutcomeUnknown(waiter.requestId));
        }
    }

    void refused(long proposalId) {
        Waiter waiter = awaitingAppend.remove(proposalId);
        if (waiter != null) {
            waiter.replyTo.tell(new ProposalOutcome.NoLeader(waiter.requestId));
        }
    }

    void applied(Entry entry, MetadataResult result) {
        Waiter waiter = awaitingCommit.remove(entry.index());
        if (waiter == null) {
            return;
        }
        if (waiter.term == entry.term()) {
            waiter.replyTo.tell(new ProposalOutcome.Applied(waiter.requestId, entry.index(), result));
        } else {
            waiter.replyTo.tell(new ProposalOutcome.OutcomeUnknown(waiter.requestId));
        }
    }

    /** What is not appended yet will still be answered by the member that was asked. */
    void leadershipLost() {
        awaitingCommit
                .values()
                .forEach(waiter -> waiter.replyTo.tell(new ProposalOutcome.OutcomeUnknown(waiter.requestId)));
        awaitingCommit.clear();
    }

    /** Nothing more will be heard of any. */
    void abandonAll() {
        leadershipLost();
        awaitingAppend
                .values()
                .forEach(waiter -> waiter.replyTo.tell(new ProposalOutcome.OutcomeUnknown(waiter.requestId)));
        awaitingAppend.clear();
    }
}
