package io.millrace.partition.replica;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand.Produce;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.SequenceVerdict;
import io.millrace.partition.state.WriteVerdict;
import io.millrace.protocol.record.RecordBatches;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Turns produce requests into proposals. While as many proposals as allowed are on their way, requests wait; when one
 * returns, all that wait go into the next one together, up to a size. So an idle partition adds no delay, and a busy one
 * makes large proposals.
 */
final class Proposals {
    /**
     * A request and the offset that its first record was given.
     *
     * @param baseOffset -1 if there is none but duplicates
     * @param repeated whether the record was given it with an earlier request
     * @param duplicates records that are not written, since others of the same content are there
     */
    record Placed(Produce request, long baseOffset, boolean repeated, List<DuplicateRecord> duplicates) {}

    /**
     * What is to be replicated as one entry.
     *
     * @param payload empty if there are no records left, and only their producers' numbers are to be noted
     * @param nextOffset after its last record
     */
    record Proposal(long id, Payload payload, long nextOffset) {}

    /** What to do with a request whose turn has come. */
    interface Sequencing {
        /** Decides, given the offset that its first record would get. What is to be appended is proposed. */
        WriteVerdict decide(Produce request, long nextOffset);

        /** Hears of a request that is neither proposed nor waits for a proposal: it can be answered now. */
        void settled(Placed request);

        /** Hears of a request that is not written. */
        void refused(Produce request, SequenceVerdict why);
    }

    /** A request that is ahead of a batch of its producer that has not arrived, and in which round it came. */
    private record Early(Produce request, SequenceVerdict why, long round) {}

    private static final class Inflight {
        final long id;
        final long firstOffset;
        final long proposedNanos;
        /** Answered when it is committed: the requests that it was made of, and repetitions of these. */
        final List<Placed> requests;

        long index; // 0: not appended yet

        Inflight(long id, long firstOffset, long proposedNanos, List<Placed> requests) {
            this.id = id;
            this.firstOffset = firstOffset;
            this.proposedNanos = proposedNanos;
            this.requests = requests;
        }
    }

    private final PartitionSettings settings;
    private final LongSupplier clockNanos;
    private final LongConsumer committedAfterNanos;
    private final ArrayDeque<Produce> waiting = new ArrayDeque<>();
    private final ArrayDeque<Inflight> inflight = new ArrayDeque<>();
    /** Requests of one producer overtake each other on their way: these get a moment before they are refused. */
    private final ArrayDeque<Early> early = new ArrayDeque<>();

    private long earlyRound;
    private long nextId = 1;
    private long queuedBytes;
    private ProposalCounters counters = ProposalCounters.NONE;

    /** @param committedAfterNanos hears of each proposal that is committed how long after it was made */
    Proposals(PartitionSettings settings, LongSupplier clockNanos, LongConsumer committedAfterNanos) {
        this.settings = settings;
        this.clockNanos = clockNanos;
        this.committedAfterNanos = committedAfterNanos;
    }

    /** Whether there was room. A request larger than the whole queue is taken when the queue is empty. */
    boolean offer(Produce request) {
        int size = request.sizeBytes();
        if (queuedBytes > 0 && queuedBytes + size > settings.queueBytesMax()) {
            return false;
        }
        queuedBytes += size;
        waiting.add(request);
        return true;
    }

    /**
     * The next proposal, if one may be made now and there is anything new to propose. Its records are numbered, in place.
     *
     * <p>A batch that is sent again while the first one is on its way waits with that one, and shares its fate:
     *
     * <pre>
     *  inflight   ┌ batch 7 ┐ ┌ batch 8 ┐ ◀─ batch 8 again          batch 6 again: committed, answered at once
     * </pre>
     *
     * @param nextOffset for its first record
     * @param term written into the batches as Kafka's partition leader epoch
     */
    Optional<Proposal> next(long nextOffset, long term, Sequencing sequencing) {
        if (waiting.isEmpty() || inflight.size() >= settings.proposalsInflightMax()) {
            return Optional.empty();
        }
        List<Payload> merged = new ArrayList<>();
        List<Placed> placed = new ArrayList<>();
        long offset = nextOffset;
        int size = 0;
        while (!waiting.isEmpty()
                && (merged.isEmpty()
                        || size + waiting.peekFirst().batches().sizeBytes() <= settings.proposalBytesMax())) {
            Produce request = waiting.removeFirst();
            WriteVerdict verdict = sequencing.decide(request, offset);
            if (verdict instanceof WriteVerdict.Append append) {
                merged.add(RecordsLeftOut.without(append.duplicates(), request.batches()));
                placed.add(new Placed(request, append.baseOffset(), false, append.duplicates()));
                offset += request.recordCount() - append.duplicates().size();
                size += request.batches().sizeBytes();
                expectEarly(request);
            } else if (verdict instanceof WriteVerdict.Settled settled) {
                Placed there = new Placed(request, settled.baseOffset(), settled.repeated(), settled.duplicates());
                if (!merged.isEmpty() && settled.awaited() >= nextOffset) {
                    placed.add(there);
                } else if (!joined(there, settled.awaited())) {
                    queuedBytes -= request.sizeBytes();
                    sequencing.settled(there);
                }
            } else if (verdict instanceof WriteVerdict.Refused refused) {
                refuse(request, refused.why(), sequencing);
            }
        }
        if (merged.isEmpty()) {
            return Optional.empty();
        }
        Payload payload = concatenated(merged);
        RecordBatches.assignOffsets(
                payload.array(), payload.arrayOffset(), payload.arrayOffset() + payload.sizeBytes(), nextOffset, (int)
                        term);
        Proposal proposal = new Proposal(nextId++, payload, offset);
        inflight.add(new Inflight(proposal.id(), nextOffset, clockNanos.getAsLong(), placed));
        counters = counters.plus(merged.size(), offset - nextOffset);
        return Optional.of(proposal);
    }

    private void refuse(Produce request, SequenceVerdict why, Sequencing sequencing) {
        if (isEarly(why)) {
            early.add(new Early(request, why, earlyRound));
        } else {
            queuedBytes -= request.sizeBytes();
            sequencing.refused(request, why);
        }
    }

    private static boolean isEarly(SequenceVerdict verdict) {
        return verdict instanceof SequenceVerdict.OutOfOrder || verdict instanceof SequenceVerdict.UnknownProducer;
    }

    /** Puts the requests that came too early for this one's producer first in line: one of them may be the next now. */
    private void expectEarly(Produce accepted) {
        if (early.isEmpty()) {
            return;
        }
        Optional<Long> producer = producerOf(accepted);
        List<Produce> expected = new ArrayList<>();
        early.removeIf(candidate -> producer.isPresent()
                && producer.equals(producerOf(candidate.request()))
                && expected.add(candidate.request()));
        for (int i = expected.size() - 1; i >= 0; i--) {
            waiting.addFirst(expected.get(i));
        }
    }

    private static Optional<Long> producerOf(Produce request) {
        return ProducerBatches.of(request.batches()).map(ProducerBatch::producerId);
    }

    boolean hasEarly() {
        return !early.isEmpty();
    }

    /** Refuses what has come too early and has waited for a round; to be called once a round. */
    void refuseEarly(Sequencing sequencing) {
        while (!early.isEmpty() && early.peekFirst().round() < earlyRound) {
            Early refused = early.removeFirst();
            queuedBytes -= refused.request().sizeBytes();
            sequencing.refused(refused.request(), refused.why());
        }
        earlyRound++;
    }

    /** Of the requests that were offered and are not taken out again. */
    long queuedBytes() {
        return queuedBytes;
    }

    /** Of all proposals that were made. */
    ProposalCounters counters() {
        return counters;
    }

    /** Whether what it waits for is on its way; then it is answered together with that. */
    private boolean joined(Placed placed, long awaitedOffset) {
        for (Iterator<Inflight> latestFirst = inflight.descendingIterator(); latestFirst.hasNext(); ) {
            Inflight candidate = latestFirst.next();
            if (candidate.firstOffset <= awaitedOffset) {
                candidate.requests.add(placed);
                return true;
            }
        }
        return false;
    }

    /** One request's bytes are proposed as they are; several are copied together, once. */
    private static Payload concatenated(List<Payload> batches) {
        if (batches.size() == 1) {
            return batches.get(0);
        }
        byte[] joined = new byte[batches.stream().mapToInt(Payload::sizeBytes).sum()];
        int at = 0;
        for (Payload one : batches) {
            System.arraycopy(one.array(), one.arrayOffset(), joined, at, one.sizeBytes());
            at += one.sizeBytes();
        }
        return Payload.wrap(joined);
    }

    void appended(long proposalId, long index) {
        for (Inflight candidate : inflight) {
            if (candidate.id == proposalId) {
                candidate.index = index;
            }
        }
    }

    /** Takes out the requests of all proposals that are committed with this index, in order. */
    void committed(long index, Consumer<Placed> each) {
        while (!inflight.isEmpty() && inflight.peekFirst().index > 0 && inflight.peekFirst().index <= index) {
            Inflight done = inflight.removeFirst();
            committedAfterNanos.accept(clockNanos.getAsLong() - done.proposedNanos);
            remove(done).forEach(each);
        }
    }

    /** Takes out the requests of a proposal that was not appended. */
    void refused(long proposalId, Consumer<Placed> each) {
        List<Inflight> refused = inflight.stream()
                .filter(candidate -> candidate.id == proposalId)
                .toList();
        inflight.removeAll(refused);
        refused.forEach(found -> remove(found).forEach(each));
    }

    /** Takes out the requests of all proposals that were appended: who knows whether they will be committed. */
    void abandonAppended(Consumer<Placed> each) {
        List<Inflight> abandoned =
                inflight.stream().filter(candidate -> candidate.index > 0).toList();
        inflight.removeAll(abandoned);
        abandoned.forEach(found -> remove(found).forEach(each));
    }

    /** Takes out the requests that were not proposed yet. */
    void drainWaiting(Consumer<Produce> each) {
        early.forEach(request -> waiting.add(request.request()));
        early.clear();
        while (!waiting.isEmpty()) {
            Produce request = waiting.removeFirst();
            queuedBytes -= request.sizeBytes();
            each.accept(request);
        }
    }

    /** Takes out everything: {@code proposed} may yet be committed, {@code notProposed} not. */
    void abandonAll(Consumer<Placed> proposed, Consumer<Produce> notProposed) {
        while (!inflight.isEmpty()) {
            remove(inflight.removeFirst()).forEach(proposed);
        }
        drainWaiting(notProposed);
    }

    private List<Placed> remove(Inflight done) {
        for (Placed placed : done.requests) {
            queuedBytes -= placed.request().sizeBytes();
        }
        return done.requests;
    }
}
