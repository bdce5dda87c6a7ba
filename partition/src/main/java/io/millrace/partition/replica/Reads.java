package io.millrace.partition.replica;

import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.replica.PartitionCommand.AbandonFetch;
import io.millrace.partition.replica.PartitionCommand.Fetch;
import io.millrace.partition.replica.PartitionCommand.GetOffsets;
import io.millrace.partition.state.PartitionOffsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a replica answers to those who read: from its log, never beyond what is committed, and perhaps later. What a replica that
 * does not lead cannot tell, it leaves to the leader.
 */
final class Reads {

    /** The replica that is read, as it stands at the time of each call. */
    interface Replica {
        /** Why it has ended; null while it has not. */
        @Nullable String problem();

        /** Whether it leads, and knows what is committed. */
        boolean isServing();

        /** Whether its log is open. */
        boolean isOpen();

        OptionalInt leader();

        /** Only if it is open. */
        ReplicaLog log();

        /** As {@link #log()}. */
        PartitionOffsets offsets();

        /** A reader has met this. */
        void damaged(String problem);

        /** What must be committed here before a read is linearizable? To be answered by {@link #indexAnswered}. */
        void askReadIndex(long readId);
    }

    /** What the replica's actor hears from here, and gives back to {@link #on}. */
    sealed interface Internal extends ReplicaMessage {}

    private record FetchRead(Fetch fetch, List<Entry> entries, @Nullable Throwable failure) implements Internal {}

    private record FetchTimedOut(WaitingFetches.Key key) implements Internal {}

    private record TimestampFound(GetOffsets get, Optional<TimedOffset> found, @Nullable Throwable failure)
            implements Internal {}

    private final ActorContext<ReplicaMessage> actor;
    private final ReplicaId id;
    private final PartitionSettings settings;
    private final OffsetReader offsetReader;
    private final Replica replica;
    private final LoadMeter load;
    private final WaitingFetches waiting;
    private final FreshReads fresh;

    Reads(
            ActorContext<ReplicaMessage> actor,
            TimerScheduler<ReplicaMessage> timers,
            LongSupplier monotonicMillis,
            ReplicaId id,
            PartitionSettings settings,
            OffsetReader offsetReader,
            Replica replica,
            LoadMeter load) {
        this.actor = actor;
        this.id = id;
        this.settings = settings;
        this.offsetReader = offsetReader;
        this.replica = replica;
        this.load = load;
        this.waiting = new WaitingFetches(timers, monotonicMillis, settings.waitingFetchesMax(), FetchTimedOut::new);
        this.fresh = new FreshReads(settings.waitingFetchesMax());
    }

    void on(Internal event) {
        if (event instanceof FetchRead read) {
            onFetchRead(read);
        } else if (event instanceof FetchTimedOut timedOut) {
            waiting.take(timedOut.key()).ifPresent(this::serve);
        } else if (event instanceof TimestampFound found) {
            onTimestampFound(found);
        }
    }

    /** There may be more to read. */
    void committed() {
        fresh.committed(replica.offsets().commitIndex(), this::serve);
        waiting.takeAll(this::serve);
    }

    void indexAnswered(long readId, ReadOutcome outcome) {
        fresh.answered(readId, outcome, replica.offsets().commitIndex(), this::serve, this::refuse);
    }

    /** Whoever waits hears why it waits in vain, or goes to the leader. */
    void servesNoMore() {
        waiting.takeAll(this::refuse);
        fresh.takeAll(this::refuse);
    }

    void abandon(AbandonFetch abandoned) {
        waiting.abandon(abandoned.requestId(), abandoned.replyTo());
    }

    void read(Fetch fetch) {
        read(fetch, fetch.mode());
    }

    void read(GetOffsets get) {
        read(get, get.mode());
    }

    private void read(PartitionCommand read, ReadMode mode) {
        boolean may = replica.problem() == null && (mode.anyReplica() ? replica.isOpen() : replica.isServing());
        if (!may) {
            refuse(read);
        } else if (!mode.linearizable()) {
            serve(read);
        } else if (fresh.isFull()) {
            refuse(read, ReadOutcome.Reason.OVERLOADED);
        } else {
            replica.askReadIndex(fresh.add(read));
        }
    }

    private void refuse(PartitionCommand read, ReadOutcome.Reason reason) {
        if (reason == ReadOutcome.Reason.OVERLOADED && read instanceof Fetch fetch) {
            answer(fetch, new PartitionReply.Overloaded(fetch.requestId(), settings.waitingFetchesMax()));
        } else if (reason == ReadOutcome.Reason.OVERLOADED && read instanceof GetOffsets get) {
            answer(get, new PartitionReply.Overloaded(get.requestId(), settings.waitingFetchesMax()));
        } else {
            refuse(read);
        }
    }

    private void refuse(PartitionCommand read) {
        if (read instanceof Fetch fetch) {
            answer(fetch, refusal(fetch.requestId()));
        } else if (read instanceof GetOffsets get) {
            answer(get, refusal(get.requestId()));
        }
    }

    private PartitionReply refusal(long requestId) {
        String problem = replica.problem();
        return problem == null
                ? new PartitionReply.NotLeader(requestId, replica.leader())
                : new PartitionReply.ReplicaFailed(requestId, problem);
    }

    private static void answer(Fetch fetch, PartitionReply reply) {
        fetch.replyTo().tell(reply);
    }

    private static void answer(GetOffsets get, PartitionReply reply) {
        get.replyTo().tell(reply);
    }

    private void serve(PartitionCommand read) {
        if (read instanceof Fetch fetch) {
            serve(fetch);
        } else if (read instanceof GetOffsets get) {
            serve(get);
        }
    }

    private void serve(GetOffsets get) {
        if (get.timestampMillis().isEmpty()) {
            answer(get, offsets(get, Optional.empty()));
        } else {
            actor.pipeToSelf(
                    replica.log()
                            .findTimestamp(
                                    get.timestampMillis().getAsLong(),
                                    replica.offsets().commitIndex()),
                    (found, failure) -> new TimestampFound(get, found == null ? Optional.empty() : found, failure));
        }
    }

    private void onTimestampFound(TimestampFound search) {
        GetOffsets get = search.get();
        answer(
                get,
                search.failure() == null
                        ? offsets(get, search.found())
                        : cannotRead(get.requestId(), "timestamps", search.failure()));
    }

    private PartitionReply offsets(GetOffsets get, Optional<TimedOffset> found) {
        return new PartitionReply.Offsets(
                get.requestId(), replica.log().startOffset(), replica.offsets().highWatermark(), found);
    }

    private void serve(Fetch fetch) {
        long earliest = replica.log().startOffset();
        long latest = replica.offsets().highWatermark();
        if ((fetch.offset() < earliest || fetch.offset() > latest) && !replica.isServing()) {
            refuse(fetch); // the leader may have it
        } else if (fetch.offset() < earliest || fetch.offset() > latest) {
            answer(fetch, new PartitionReply.OffsetOutOfRange(fetch.requestId(), earliest, latest));
        } else if (fetch.offset() == latest) {
            waitOrAnswer(fetch, Payload.EMPTY);
        } else {
            var entries = replica.log()
                    .readFromOffset(fetch.offset(), replica.offsets().commitIndex(), maxBytes(fetch))
                    .toCompletableFuture();
            if (entries.isDone() && !entries.isCompletedExceptionally()) {
                onFetchRead(new FetchRead(fetch, entries.join(), null));
            } else {
                actor.pipeToSelf(
                        entries, (read, failure) -> new FetchRead(fetch, read == null ? List.of() : read, failure));
            }
        }
    }

    private void onFetchRead(FetchRead read) {
        Fetch fetch = read.fetch();
        if (read.failure() == null) {
            waitOrAnswer(fetch, BatchSlice.from(read.entries(), fetch.offset(), maxBytes(fetch)));
        } else {
            answer(fetch, cannotRead(fetch.requestId(), "offset " + fetch.offset(), read.failure()));
        }
    }

    private PartitionReply cannotRead(long requestId, String what, @Nullable Throwable failure) {
        if (!replica.isServing()
                && replica.problem() == null
                && LogDamage.in(failure).isEmpty()) {
            return refusal(requestId); // it may have been cut, or replaced, under the reader
        }
        LogDamage.in(failure)
                .ifPresentOrElse(replica::damaged, () -> actor.getLog().error("{} cannot read {}", id, what, failure));
        return new PartitionReply.ReplicaFailed(
                requestId, "cannot read the log: " + (failure == null ? "" : failure.getMessage()));
    }

    private int maxBytes(Fetch fetch) {
        return Math.min(fetch.maxBytes(), settings.fetchBytesMax());
    }

    private void waitOrAnswer(Fetch fetch, Payload batches) {
        // What ends before the end holds as much as it may: no wait would add to it.
        boolean cut = batches.sizeBytes() > 0
                && offsetReader.nextOffset(batches, offsetReader.baseOffset(batches))
                        < replica.offsets().highWatermark();
        boolean enough = cut || batches.sizeBytes() >= Math.min(fetch.minBytes(), settings.fetchBytesMax());
        boolean mayWait = replica.isServing() || (fetch.mode().anyReplica() && replica.problem() == null);
        if (enough || fetch.maxWaitMillis() <= 0 || !mayWait) {
            load.fetched(batches.sizeBytes());
            answer(
                    fetch,
                    new PartitionReply.Fetched(
                            fetch.requestId(),
                            batches,
                            replica.log().startOffset(),
                            replica.offsets().highWatermark()));
        } else if (!waiting.add(fetch)) {
            answer(fetch, new PartitionReply.Overloaded(fetch.requestId(), settings.waitingFetchesMax()));
        }
    }
}
