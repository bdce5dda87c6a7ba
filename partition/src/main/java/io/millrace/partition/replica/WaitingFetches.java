package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.replica.PartitionCommand.Fetch;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** Fetches that wait for more records (long polls), each with a timer; no thread waits. */
final class WaitingFetches {
    record Key(long requestId, ActorRef<PartitionReply> replyTo) {}

    private record Waiting(Fetch fetch, long deadlineMillis) {}

    private final TimerScheduler<ReplicaMessage> timers;
    private final LongSupplier monotonicMillis;
    private final int max;
    private final Function<Key, ReplicaMessage> timedOut;
    private final Map<Key, Waiting> waiting = new LinkedHashMap<>();

    WaitingFetches(
            TimerScheduler<ReplicaMessage> timers,
            LongSupplier monotonicMillis,
            int max,
            Function<Key, ReplicaMessage> timedOut) {
        this.timers = timers;
        this.monotonicMillis = monotonicMillis;
        this.max = max;
        this.timedOut = timedOut;
    }

    /** Whether there was room. */
    boolean add(Fetch fetch) {
        if (waiting.size() >= max) {
            return false;
        }
        Key key = new Key(fetch.requestId(), fetch.replyTo());
        waiting.put(key, new Waiting(fetch, monotonicMillis.getAsLong() + fetch.maxWaitMillis()));
        timers.startSingleTimer(key, timedOut.apply(key), Duration.ofMillis(fetch.maxWaitMillis()));
        return true;
    }

    /** One whose time is over: it waits no longer, whatever it gets. */
    Optional<Fetch> take(Key key) {
        return Optional.ofNullable(waiting.remove(key)).map(found -> withWait(found.fetch(), 0));
    }

    /** Nobody waits for this one any more. */
    void abandon(long requestId, ActorRef<PartitionReply> replyTo) {
        Key key = new Key(requestId, replyTo);
        if (waiting.remove(key) != null) {
            timers.cancel(key);
        }
    }

    /** All of them, each with the rest of its time. They may be added again meanwhile. */
    void takeAll(Consumer<Fetch> each) {
        if (waiting.isEmpty()) {
            return;
        }
        List<Waiting> taken = List.copyOf(waiting.values());
        waiting.keySet().forEach(timers::cancel);
        waiting.clear();
        long now = monotonicMillis.getAsLong();
        for (Waiting one : taken) {
            each.accept(withWait(one.fetch(), Math.max(0, one.deadlineMillis() - now)));
        }
    }

    private static Fetch withWait(Fetch fetch, long maxWaitMillis) {
        return new Fetch(
                fetch.requestId(),
                fetch.offset(),
                fetch.maxBytes(),
                fetch.minBytes(),
                maxWaitMillis,
                fetch.mode(),
                fetch.replyTo());
    }
}
