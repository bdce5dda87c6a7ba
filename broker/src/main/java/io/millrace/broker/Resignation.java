package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Hands over all that a broker leads before it stops, so that nobody has to notice its absence: a group whose leader hands over has
 * another within some milliseconds, one whose leader is gone within seconds. So many at a time, and no longer than it is given;
 * what is not handed over by then is elected anew.
 */
final class Resignation extends AbstractBehavior<Resignation.Command> {
    static final int PARALLELISM = 64;

    sealed interface Command {}

    private record Replied(PartitionReply reply) implements Command {}

    private enum TimeIsUp implements Command {
        INSTANCE
    }

    /**
     * What came of it.
     *
     * @param handedOver groups that another broker leads now, or is about to
     * @param kept groups that this broker led to the end: no other replica could take over, or not in time
     */
    record Result(int handedOver, int kept) {}

    private final Supplier<? extends Collection<ReplicaId>> led;
    private final PeerRouter replicas;
    private final CompletableFuture<Result> done;
    private final ActorRef<PartitionReply> replies;

    private final Set<ReplicaId> begun = new HashSet<>();
    private final Deque<ReplicaId> waiting = new ArrayDeque<>();
    private int pending;
    private int handedOver;
    private int kept;

    /**
     * @param led the replicas of this broker that lead, as is known at the time of the call
     * @param within the time that it may take
     * @param done is completed when it is over, and never fails
     */
    static Behavior<Command> create(
            Supplier<? extends Collection<ReplicaId>> led,
            PeerRouter replicas,
            Duration within,
            CompletableFuture<Result> done) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            Resignation resignation = new Resignation(context, timers, led, replicas, within, done);
            return resignation.next();
        }));
    }

    private Resignation(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Supplier<? extends Collection<ReplicaId>> led,
            PeerRouter replicas,
            Duration within,
            CompletableFuture<Result> done) {
        super(context);
        this.led = led;
        this.replicas = replicas;
        this.done = done;
        this.replies = context.messageAdapter(PartitionReply.class, Replied::new);
        timers.startSingleTimer(TimeIsUp.INSTANCE, within);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Replied.class, replied -> onReplied(replied.reply()))
                .onMessageEquals(TimeIsUp.INSTANCE, this::end)
                .build();
    }

    private Behavior<Command> next() {
        if (waiting.isEmpty() && pending == 0) {
            look();
        }
        while (pending < PARALLELISM && !waiting.isEmpty()) {
            ReplicaId replica = waiting.removeFirst();
            if (replicas.tell(
                    replica, new PartitionCommand.TransferLeadership(begun.size(), OptionalInt.empty(), replies))) {
                pending++;
            }
        }
        return pending == 0 ? end() : this;
    }

    /** Again when all is done: a group may have been led here only since. What came back is not handed over twice. */
    private void look() {
        for (ReplicaId replica : led.get()) {
            if (begun.add(replica)) {
                waiting.add(replica);
            }
        }
    }

    private Behavior<Command> onReplied(PartitionReply reply) {
        pending--;
        if (reply instanceof PartitionReply.HandedOver) {
            handedOver++;
        } else if (reply instanceof PartitionReply.NotHandedOver) {
            kept++;
        } // else it led no more
        return next();
    }

    private Behavior<Command> end() {
        done.complete(new Result(handedOver, kept + pending + waiting.size()));
        return Behaviors.stopped();
    }
}
