package io.millrace.partition.replica;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand.Produce;
import io.millrace.protocol.record.RecordBatches;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Turns produce requests into proposals. While as many proposals as allowed are on their way, requests wait; when one
 * returns, all that wait go into the next one together, up to a size. So an idle partition adds no delay, and a busy one
 * makes large proposals.
 */
final class Proposals {
    /** A request and the offset that its first record was given. */
    record Placed(Produce request, long baseOffset) {}

    /** What is to be replicated as one entry. */
    record Proposal(long id, Payload payload, List<Placed> requests) {}

    private static final class Inflight {
        final Proposal proposal;
        long index; // 0: not appended yet

        Inflight(Proposal proposal) {
            this.proposal = proposal;
        }
    }

    private final PartitionSettings settings;
    private final ArrayDeque<Produce> waiting = new ArrayDeque<>();
    private final ArrayDeque<Inflight> inflight = new ArrayDeque<>();
    private long nextId = 1;
    private long queuedBytes;

    Proposals(PartitionSettings settings) {
        this.settings = settings;
    }

    /** Whether there was room. A request larger than the whole queue is taken when the queue is empty. */
    boolean offer(Produce request) {
        int size = request.batches().sizeBytes();
        if (queuedBytes > 0 && queuedBytes + size > settings.queueBytesMax()) {
            return false;
        }
        queuedBytes += size;
        waiting.add(request);
        return true;
    }

    /**
     * The next proposal, if one may be made now. Its records are numbered, in place.
     *
     * @param nextOffset for its first record
     * @param term written into the batches as Kafka's partition leader epoch
     */
    Optional<Proposal> next(long nextOffset, long term) {
        if (waiting.isEmpty() || inflight.size() >= settings.proposalsInflightMax()) {
            return Optional.empty();
        }
        List<Produce> merged = new ArrayList<>();
        int size = 0;
        while (!waiting.isEmpty()
                && (merged.isEmpty()
                        || size + waiting.peekFirst().batches().sizeBytes() <= settings.proposalBytesMax())) {
            Produce request = waiting.removeFirst();
            size += request.batches().sizeBytes();
            merged.add(request);
        }
        Payload payload = concatenated(merged, size);
        RecordBatches.assignOffsets(
                payload.array(), payload.arrayOffset(), payload.arrayOffset() + payload.sizeBytes(), nextOffset, (int)
                        term);
        List<Placed> placed = new ArrayList<>(merged.size());
        long offset = nextOffset;
        for (Produce request : merged) {
            placed.add(new Placed(request, offset));
            offset += request.recordCount();
        }
        Proposal proposal = new Proposal(nextId++, payload, placed);
        inflight.add(new Inflight(proposal));
        return Optional.of(proposal);
    }

    /** One request's bytes are proposed as they are; several are copied together, once. */
    private static Payload concatenated(List<Produce> requests, int size) {
        if (requests.size() == 1) {
            return requests.get(0).batches();
        }
        byte[] joined = new byte[size];
        int at = 0;
        for (Produce request : requests) {
            Payload batches = request.batches();
            System.arraycopy(batches.array(), batches.arrayOffset(), joined, at, batches.sizeBytes());
            at += batches.sizeBytes();
        }
        return Payload.wrap(joined);
    }

    void appended(long proposalId, long index) {
        for (Inflight candidate : inflight) {
            if (candidate.proposal.id() == proposalId) {
                candidate.index = index;
            }
        }
    }

    /** Takes out the requests of all proposals that are committed with this index, in order. */
    void committed(long index, Consumer<Placed> each) {
        while (!inflight.isEmpty() && inflight.peekFirst().index > 0 && inflight.peekFirst().index <= index) {
            remove(inflight.removeFirst()).requests().forEach(each);
        }
    }

    /** Takes out the requests of a proposal that was not appended. */
    void refused(long proposalId, Consumer<Placed> each) {
        List<Inflight> refused = inflight.stream()
                .filter(candidate -> candidate.proposal.id() == proposalId)
                .toList();
        inflight.removeAll(refused);
        refused.forEach(found -> remove(found).requests().forEach(each));
    }

    /** Takes out the requests of all proposals that were appended: who knows whether they will be committed. */
    void abandonAppended(Consumer<Placed> each) {
        List<Inflight> abandoned =
                inflight.stream().filter(candidate -> candidate.index > 0).toList();
        inflight.removeAll(abandoned);
        abandoned.forEach(found -> remove(found).requests().forEach(each));
    }

    /** Takes out the requests that were not proposed yet. */
    void drainWaiting(Consumer<Produce> each) {
        while (!waiting.isEmpty()) {
            Produce request = waiting.removeFirst();
            queuedBytes -= request.batches().sizeBytes();
            each.accept(request);
        }
    }

    /** Takes out everything: {@code proposed} may yet be committed, {@code notProposed} not. */
    void abandonAll(Consumer<Placed> proposed, Consumer<Produce> notProposed) {
        while (!inflight.isEmpty()) {
            remove(inflight.removeFirst()).requests().forEach(proposed);
        }
        drainWaiting(notProposed);
    }

    private Proposal remove(Inflight done) {
        for (Placed placed : done.proposal.requests()) {
            queuedBytes -= placed.request().batches().sizeBytes();
        }
        return done.proposal;
    }
}
