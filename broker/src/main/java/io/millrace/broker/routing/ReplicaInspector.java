package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks replicas, leaders or not, how they stand: for people who look, not for the path of messages. */
public final class ReplicaInspector extends AbstractBehavior<ReplicaInspector.Command> {
    public sealed interface Command {}

    /**
     * @param answer empty if the replica does not answer in time, or its broker cannot be reached; never fails
     */
    public record Inspect(ReplicaId replica, Duration timeout, CompletableFuture<Optional<PartitionStatus>> answer)
            implements Command {}

    private record Replied(PartitionReply reply) implements Command {}

    private record TimedOut(long requestId) implements Command {}

    private final TimerScheduler<Command> timers;
    private final PeerRouter replicas;
    private final ActorRef<PartitionReply> replies;
    private final Map<Long, CompletableFuture<Optional<PartitionStatus>>> pending = new HashMap<>();
    private long lastId;

    public static Behavior<Command> create(PeerRouter replicas) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ReplicaInspector(context, timers, replicas)));
    }

    private ReplicaInspector(ActorContext<Command> context, TimerScheduler<Command> timers, PeerRouter replicas) {
        super(context);
        this.timers = timers;
        this.replicas = replicas;
        this.replies = context.messageAdapter(PartitionReply.class, Replied::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Inspect.class, this::onInspect)
                .onMessage(Replied.class, this::onReplied)
                .onMessage(TimedOut.class, this::onTimedOut)
                .build();
    }

    private Behavior<Command> onInspect(Inspect message) {
        long id = ++lastId;
        if (replicas.tell(message.replica(), new PartitionCommand.GetStatus(id, replies))) {
            pending.put(id, message.answer());
            timers.startSingleTimer(id, new TimedOut(id), message.timeout());
        } else {
            message.answer().complete(Optional.empty());
        }
        return this;
    }

    private Behavior<Command> onReplied(Replied message) {
        timers.cancel(message.reply().requestId());
        return answer(
                message.reply().requestId(),
                message.reply() instanceof PartitionReply.Status status
                        ? Optional.of(status.status())
                        : Optional.empty());
    }

    private Behavior<Command> onTimedOut(TimedOut message) {
        return answer(message.requestId(), Optional.empty());
    }

    private Behavior<Command> answer(long requestId, Optional<PartitionStatus> status) {
        CompletableFuture<Optional<PartitionStatus>> waiting = pending.remove(requestId);
        if (waiting != null) {
            waiting.complete(status);
        }
        return this;
    }
}
