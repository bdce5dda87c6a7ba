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
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * Asks replicas, leaders or not, how they stand: for people who look, not for the path of messages. Thousands are not asked at once, but
 * {@value #OPEN_MAX} of each broker: one that is slow to answer delays its own only.
 */
public final class ReplicaInspector extends AbstractBehavior<ReplicaInspector.Command> {
    /** Questions that a broker has not answered, of one who looks. */
    static final int OPEN_MAX = 256;

    public sealed interface Command {}

    /**
     * @param answer for each replica; empty if it does not answer in time, or its broker cannot be reached; never fails
     */
    public record Inspect(
            Collection<ReplicaId> replicas,
            Duration timeout,
            CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> answer)
            implements Command {
        public Inspect {
            replicas = List.copyOf(replicas);
        }
    }

    private record Replied(PartitionReply reply) implements Command {}

    private record TimedOut(Look look) implements Command {}

    /** What somebody wants to know, as far as it is known. */
    private static final class Look {
        private final Map<ReplicaId, Optional<PartitionStatus>> statuses = new HashMap<>();
        private final CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> answer;
        /** Those that have neither answered nor turned out to be out of reach. */
        private int unknown;

        Look(Inspect wanted) {
            this.answer = wanted.answer();
            wanted.replicas().forEach(replica -> statuses.put(replica, Optional.empty()));
            this.unknown = statuses.size();
        }
    }

    /** Of the replicas that somebody wants to know of, those of one broker. */
    private record Lane(Look look, Iterator<ReplicaId> rest) {}

    private record Open(Lane lane, ReplicaId replica) {}

    private final TimerScheduler<Command> timers;
    private final PeerRouter replicas;
    private final ActorRef<PartitionReply> replies;
    private final Map<Long, Open> open = new HashMap<>();
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
        Look look = new Look(message);
        timers.startSingleTimer(look, new TimedOut(look), message.timeout());
        Map<Integer, List<ReplicaId>> byBroker =
                look.statuses.keySet().stream().collect(Collectors.groupingBy(ReplicaId::brokerId));
        for (List<ReplicaId> ofBroker : byBroker.values()) {
            Lane lane = new Lane(look, ofBroker.iterator());
            for (int i = 0; i < OPEN_MAX; i++) {
                askNext(lane);
            }
        }
        return endIfKnown(look);
    }

    private void askNext(Lane lane) {
        while (lane.rest.hasNext()) {
            ReplicaId replica = lane.rest.next();
            long id = ++lastId;
            if (replicas.tell(replica, new PartitionCommand.GetStatus(id, replies))) {
                open.put(id, new Open(lane, replica));
                return;
            }
            lane.look.unknown--;
        }
    }

    private Behavior<Command> onReplied(Replied message) {
        Open answered = open.remove(message.reply().requestId());
        if (answered == null) {
            return this; // too late
        }
        Look look = answered.lane.look;
        if (message.reply() instanceof PartitionReply.Status status) {
            look.statuses.put(answered.replica, Optional.of(status.status()));
        }
        look.unknown--;
        askNext(answered.lane);
        return endIfKnown(look);
    }

    private Behavior<Command> endIfKnown(Look look) {
        if (look.unknown == 0) {
            timers.cancel(look);
            look.answer.complete(look.statuses);
        }
        return this;
    }

    private Behavior<Command> onTimedOut(TimedOut message) {
        open.values().removeIf(one -> one.lane.look == message.look());
        message.look().answer.complete(message.look().statuses);
        return this;
    }
}
