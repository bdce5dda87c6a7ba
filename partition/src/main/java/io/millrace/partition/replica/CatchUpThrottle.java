package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.raft.NodeId;
import java.time.Duration;
import java.util.TreeMap;
import java.util.function.Predicate;

/** What one group's leader would send to members that catch up, and holds back by the {@link MoveThrottle} of its broker. */
final class CatchUpThrottle {
    private final ReplicaContext context;
    private final TimerScheduler<RaftCommand> timers;
    private final ActorRef<RaftCommand> self;
    private final Predicate<NodeId> catchesUp;
    /** By the member that it is for. */
    private final TreeMap<NodeId, RaftCommand> waiting = new TreeMap<>();

    /**
     * @param self is told what has waited
     * @param catchesUp who is held back: asked each time, since who has caught up is not any more
     */
    CatchUpThrottle(
            ReplicaContext context,
            TimerScheduler<RaftCommand> timers,
            ActorRef<RaftCommand> self,
            Predicate<NodeId> catchesUp) {
        this.context = context;
        this.timers = timers;
        this.self = self;
        this.catchesUp = catchesUp;
    }

    /** Whether what is for this member must wait; then {@code later} is said when its turn has come. */
    boolean mustWait(NodeId to, RaftCommand later) {
        long millis = catchesUp.test(to) ? context.throttle().take(takenBytes(), nowMillis()) : 0;
        if (millis > 0) {
            waiting.put(to, later);
            timers.startSingleTimer(to, later, Duration.ofMillis(millis));
            context.metrics().throttled(millis);
        }
        return millis > 0;
    }

    /** Whether this was waited for; if not, it had its turn before. */
    boolean isDue(NodeId to, RaftCommand later) {
        return waiting.remove(to, later);
    }

    /** Whoever has caught up is not held back, whatever it was when it began to wait. */
    void letGo() {
        waiting.forEach((to, later) -> {
            if (!catchesUp.test(to)) {
                timers.cancel(to);
                self.tell(later);
            }
        });
    }

    /** So much was sent; what was taken for it was as much as there can be. */
    void sent(NodeId to, int sizeBytes) {
        if (catchesUp.test(to)) {
            context.throttle().giveBack(takenBytes() - sizeBytes);
            context.metrics().caughtUpBy(sizeBytes);
        }
    }

    private int takenBytes() {
        return context.raft().appendBytesMax();
    }

    private long nowMillis() {
        return context.monotonicMillis().getAsLong();
    }
}
