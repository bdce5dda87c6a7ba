package io.millrace.partition.replica;

import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand.Fetch;
import io.millrace.partition.replica.PartitionCommand.GetOffsets;
import io.millrace.partition.state.PartitionOffsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What a replica answers to those who read: from its log, never beyond what is committed, and perhaps later. */
final class Reads {

    /** The replica that is read, as it stands at the time of each call. */
    interface Replica {
        /** Why it has ended; null while it has not. */
        @Nullable String problem();

        /** Whether it leads, and knows what is committed. */
        boolean isServing();

        OptionalInt leader();

        /** Only after the log was opened: of one that serves. */
        ReplicaLog log();

        /** As {@link #log()}. */
        PartitionOffsets offsets();

        /** A reader has met this. */
        void damaged(String problem);
    }

    /** What the replica's actor hears from here, and gives back to {@link #on}. */
    sealed interface Internal extends ReplicaMessage {}

    private record FetchRead(Fetch fetch, List<Entry> entries, @Nullable Throwable failure) implements Internal {}

    private record FetchTimedOut(WaitingFetches.Key key) implements Internal {}

    private final ActorContext<ReplicaMessage> actor;
    private final ReplicaId id;
    private final PartitionSettings settings;
    private final OffsetReader offsetReader;
    private final Replica replica;
    private final WaitingFetches waiting;

    Reads(
            ActorContext<ReplicaMessage> actor,
            TimerScheduler<ReplicaMessage> timers,
            LongSupplier monotonicMillis,
            ReplicaId id,
            PartitionSettings settings,
            OffsetReader offsetReader,
            Replica replica) {
        this.actor = actor;
        this.id = id;
        this.settings = settings;
        this.offsetReader = offsetReader;
        this.replica = replica;
        this.waiting = new WaitingFetches(timers, monotonicMillis, settings.waitingFetchesMax(), FetchTimedOut::new);
    }

    void on(Internal event) {
        if (event instanceof FetchRead read) {
            onFetchRead(read);
        } else if (event instanceof FetchTimedOut timedOut) {
            waiting.take(timedOut.key()).ifPresent(this::serve);
        }
    }

    /** There may be more to read. */
    void committed() {
        waiting.takeAll(this::serve);
    }

    /** Whoever waits hears why it waits in vain. */
    void servesNoMore() {
        waiting.takeAll(fetch -> fetch.replyTo().tell(refusal(fetch.requestId())));
    }

    void fetch(Fetch fetch) {
        if (canServe()) {
            serve(fetch);
        } else {
            fetch.replyTo().tell(refusal(fetch.requestId()));
        }
    }

    void offsets(GetOffsets get) {
        get.replyTo()
                .tell(
                        canServe()
                                ? new PartitionReply.Offsets(
                                        get.requestId(),
                                        replica.log().startOffset(),
                                        replica.offsets().highWatermark())
                                : refusal(get.requestId()));
    }

    private boolean canServe() {
        return replica.problem() == null && replica.isServing();
    }

    private PartitionReply refusal(long requestId) {
        String problem = replica.problem();
        return problem == null
                ? new PartitionReply.NotLeader(requestId, replica.leader())
                : new PartitionReply.ReplicaFailed(requestId, problem);
    }

    private void serve(Fetch fetch) {
        long earliest = replica.log().startOffset();
        long latest = replica.offsets().highWatermark();
        if (fetch.offset() < earliest || fetch.offset() > latest) {
            fetch.replyTo().tell(new PartitionReply.OffsetOutOfRange(fetch.requestId(), earliest, latest));
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
        } else if (!replica.isServing() && replica.problem() == null) {
            fetch.replyTo().tell(refusal(fetch.requestId()));
        } else {
            LogDamage.in(read.failure()).ifPresentOrElse(replica::damaged, () -> actor.getLog()
                    .error("{} cannot read offset {}", id, fetch.offset(), read.failure()));
            fetch.replyTo()
                    .tell(new PartitionReply.ReplicaFailed(
                            fetch.requestId(),
                            "cannot read the log: " + read.failure().getMessage()));
        }
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
        if (enough || fetch.maxWaitMillis() <= 0 || !replica.isServing()) {
            fetch.replyTo()
                    .tell(new PartitionReply.Fetched(
                            fetch.requestId(),
                            batches,
                            replica.log().startOffset(),
                            replica.offsets().highWatermark()));
        } else if (!waiting.add(fetch)) {
            fetch.replyTo().tell(new PartitionReply.Overloaded(fetch.requestId(), settings.waitingFetchesMax()));
        }
    }
}
