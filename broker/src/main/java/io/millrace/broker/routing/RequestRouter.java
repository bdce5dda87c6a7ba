package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.broker.Failure;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.SequenceVerdict;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to the leaders of their partitions, and knows what became of each. A read that any replica may answer is
 * given to the one on this broker first, if there is one; what that does not answer takes the way of all requests.
 *
 * <p>The states of a request, and what ends it:
 *
 * <pre>
 *                 leader ready                         answered
 *  ──▶ waiting ───────────────────▶ sent ────────────────────────────────────▶ succeeded or failed, as the leader says
 *        │  ▲                        │ │
 *        │  └────────────────────────┘ │ leader replaced, or its broker out of reach
 *        │    "not leader"; a read     └──────────────────────────────────────▶ a produce: outcome unknown
 *        │    whose leader is lost, or whatever else may be repeated
 *        └── deadline: no leader        (sent: deadline: outcome unknown; for a read: no leader)
 * </pre>
 */
public final class RequestRouter extends AbstractBehavior<RequestRouter.Command> {
    /** A leader that says it is none, while the directory has no other: ask again after this. */
    static final Duration RETRY_AFTER = Duration.ofMillis(50);

    public sealed interface Command {}

    record Route(Call call) implements Command {}

    record Cancel(Call call) implements Command {}

    private record Replied(PartitionReply reply) implements Command {}

    private record Changed(PartitionKey partition) implements Command {}

    private record Retry(PartitionKey partition) implements Command {}

    private enum DeadlineReached implements Command {
        INSTANCE
    }

    /** One request; what changes is changed by the router alone. */
    private static final class Pending {
        final long id;
        final Call call;
        /** The replica on this broker has it: it is in no lane. */
        boolean isHere;
        /** The leader that has it; null while it waits. */
        @Nullable ActorRef<PartitionCommand> sentTo;
        /** What the last leader asked said of itself. */
        @Nullable String problem;

        Pending(long id, Call call) {
            this.id = id;
            this.call = call;
        }

        long deadlineMillis() {
            return call.deadlineMillis();
        }

        boolean mayBeRepeated() {
            return call.request().mayBeRepeated();
        }
    }

    /** The replicas on this broker. */
    @FunctionalInterface
    public interface LocalReplicas {
        /** None that may be read. */
        LocalReplicas NONE = (partition, command) -> false;

        /** Whether there is one of this partition, which has the command now. */
        boolean tell(PartitionTarget partition, PartitionCommand command);
    }

    /** The pending requests of one partition, in the order in which they came. */
    private static final class Lane {
        final TreeMap<Long, Pending> requests = new TreeMap<>();
        /** How many of them no leader has. */
        int waiting;
    }

    private final TimerScheduler<Command> timers;
    private final LeaderView view;
    private final LocalReplicas here;
    private final IntFunction<Optional<String>> clientAddressOf;
    private final LongSupplier clockMillis;
    private final ActorRef<PartitionReply> replies;

    private final Map<Long, Pending> pending = new HashMap<>();
    private final Map<Call, Pending> byCall = new HashMap<>();
    /** Of the partitions that have pending requests. */
    private final Map<PartitionKey, Lane> lanes = new HashMap<>();

    private final TreeSet<Pending> byDeadline =
            new TreeSet<>(Comparator.comparingLong(Pending::deadlineMillis).thenComparingLong(p -> p.id));
    private long lastId;
    private long timerAtMillis = Long.MAX_VALUE;

    /**
     * @param here for reads that need no leader
     * @param clientAddressOf where a broker serves clients, as host:port
     * @param clockMillis only ever goes forward
     */
    public static Behavior<Command> create(
            LeaderView view,
            ActorRef<LeaderDirectory.Command> directory,
            LocalReplicas here,
            IntFunction<Optional<String>> clientAddressOf,
            LongSupplier clockMillis) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new RequestRouter(context, timers, view, directory, here, clientAddressOf, clockMillis)));
    }

    private RequestRouter(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            LeaderView view,
            ActorRef<LeaderDirectory.Command> directory,
            LocalReplicas here,
            IntFunction<Optional<String>> clientAddressOf,
            LongSupplier clockMillis) {
        super(context);
        this.timers = timers;
        this.view = view;
        this.here = here;
        this.clientAddressOf = clientAddressOf;
        this.clockMillis = clockMillis;
        this.replies = context.messageAdapter(PartitionReply.class, Replied::new);
        directory.tell(new LeaderDirectory.Subscribe(
                context.messageAdapter(LeaderChanged.class, changed -> new Changed(changed.partition()))));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Route.class, this::onRoute)
                .onMessage(Replied.class, this::onReplied)
                .onMessage(Changed.class, this::onChanged)
                .onMessage(Retry.class, this::onRetry)
                .onMessage(Cancel.class, this::onCancel)
                .onMessageEquals(DeadlineReached.INSTANCE, this::onDeadlineReached)
                .build();
    }

    private Behavior<Command> onRoute(Route message) {
        Call call = message.call();
        if (call.isCancelled()) {
            return this;
        }
        long now = clockMillis.getAsLong();
        if (call.deadlineMillis() <= now) {
            call.fail(new Failure.DeadlinePassed());
            return this;
        }
        Pending request = new Pending(++lastId, call);
        pending.put(request.id, request);
        byCall.put(call, request);
        byDeadline.add(request);
        armTimer();
        if (call.request().mayAskAnyReplica()
                && here.tell(call.target(), call.request().command(request.id, now, replies))) {
            request.isHere = true;
        } else {
            queue(request, now);
        }
        return this;
    }

    private void queue(Pending request, long now) {
        PartitionKey key = request.call.target().key();
        Lane lane = lanes.computeIfAbsent(key, k -> new Lane());
        lane.requests.put(request.id, request);
        lane.waiting++;
        ActorRef<PartitionCommand> leader = readyLeader(key);
        // Whoever comes behind one that waits, waits as well: order is kept.
        if (leader != null && lane.waiting == 1) {
            send(lane, request, leader, now);
        }
    }

    private Behavior<Command> onReplied(Replied message) {
        PartitionReply reply = message.reply();
        Pending request = pending.get(reply.requestId());
        if (request == null) {
            return this; // Ended before: by its deadline, its caller, or a change of leader.
        }
        PartitionTarget target = request.call.target();
        if (request.isHere
                && (reply instanceof PartitionReply.NotLeader || reply instanceof PartitionReply.ReplicaFailed)) {
            request.isHere = false;
            queue(request, clockMillis.getAsLong());
        } else if (reply instanceof PartitionReply.NotLeader) {
            waitForAnother(request, null);
        } else if (reply instanceof PartitionReply.ReplicaFailed failed) {
            waitForAnother(request, failed.problem());
        } else if (reply instanceof PartitionReply.OutcomeUnknown && request.mayBeRepeated()) {
            waitForAnother(request, null);
        } else if (reply instanceof PartitionReply.OutcomeUnknown) {
            fail(request, outcomeUnknown(target, "its leader lost leadership before it was committed"));
        } else if (reply instanceof PartitionReply.Overloaded overloaded) {
            fail(request, new Failure.Overloaded("the queue of " + target + " is full", overloaded.limitBytes()));
        } else if (reply instanceof PartitionReply.DiskFull) {
            fail(request, new Failure.DiskFull(target.topic(), target.partition()));
        } else if (reply instanceof PartitionReply.NotEnoughReplicas few) {
            fail(
                    request,
                    new Failure.NotEnoughReplicas(target.topic(), target.partition(), few.inSync(), few.required()));
        } else if (reply instanceof PartitionReply.SequenceRefused refused) {
            fail(request, failureOf(refused, target));
        } else if (reply instanceof PartitionReply.OffsetOutOfRange range
                && request.call.request() instanceof Request.Fetch fetch) {
            fail(
                    request,
                    new Failure.OffsetOutOfRange(
                            target.topic(), target.partition(), fetch.offset(), range.earliest(), range.latest()));
        } else {
            end(request);
            request.call.succeed(reply);
        }
        return this;
    }

    /** Surely not done: another leader, or this one when it is ready, may get it. */
    private void waitForAnother(Pending request, @Nullable String problem) {
        ActorRef<PartitionCommand> refusedBy = request.sentTo;
        request.problem = problem;
        PartitionKey key = request.call.target().key();
        backToWaiting(lanes.get(key), request);
        ActorRef<PartitionCommand> leader = readyLeader(key);
        if (leader != null && !leader.equals(refusedBy)) {
            sendWaiting(key);
        } else if (leader != null && !timers.isTimerActive(key)) {
            timers.startSingleTimer(key, new Retry(key), RETRY_AFTER);
        }
    }

    private Behavior<Command> onChanged(Changed message) {
        Lane lane = lanes.get(message.partition());
        if (lane == null) {
            return this;
        }
        ActorRef<PartitionCommand> leader = readyLeader(message.partition());
        for (Pending request : List.copyOf(lane.requests.values())) {
            if (request.sentTo != null && !request.sentTo.equals(leader)) {
                if (!request.mayBeRepeated()) {
                    fail(request, outcomeUnknown(request.call.target(), "the leader was lost"));
                } else {
                    backToWaiting(lane, request);
                }
            }
        }
        sendWaiting(message.partition());
        return this;
    }

    private Behavior<Command> onRetry(Retry message) {
        sendWaiting(message.partition());
        return this;
    }

    private Behavior<Command> onCancel(Cancel message) {
        Pending request = byCall.get(message.call());
        if (request != null) {
            letGo(request);
            end(request);
        }
        return this;
    }

    /** A fetch that waits at a replica would take room there until its time is over. */
    private void letGo(Pending request) {
        if (request.call.request() instanceof Request.Fetch) {
            PartitionCommand abandon = new PartitionCommand.AbandonFetch(request.id, replies);
            if (request.isHere) {
                here.tell(request.call.target(), abandon);
            } else if (request.sentTo != null) {
                request.sentTo.tell(abandon);
            }
        }
    }

    private Behavior<Command> onDeadlineReached() {
        timerAtMillis = Long.MAX_VALUE;
        long now = clockMillis.getAsLong();
        while (!byDeadline.isEmpty() && byDeadline.first().deadlineMillis() <= now) {
            Pending request = byDeadline.first();
            fail(request, failureAtDeadline(request));
        }
        armTimer();
        return this;
    }

    private Failure failureAtDeadline(Pending request) {
        PartitionTarget target = request.call.target();
        if (request.sentTo != null && request.call.request().isChange()) {
            return outcomeUnknown(target, "the deadline passed before an answer came");
        }
        if (request.problem != null) {
            return new Failure.ReplicaFailed(target.topic(), target.partition(), request.problem);
        }
        OptionalInt leader = view.leaderOf(target.key()).map(Leader::broker).orElse(OptionalInt.empty());
        Optional<String> address = leader.isPresent() ? clientAddressOf.apply(leader.getAsInt()) : Optional.empty();
        return new Failure.NoLeader(target.topic(), target.partition(), leader, address);
    }

    private static Failure outcomeUnknown(PartitionTarget target, String problem) {
        return new Failure.OutcomeUnknown(target.topic(), OptionalInt.of(target.partition()), problem);
    }

    private static Failure failureOf(PartitionReply.SequenceRefused refused, PartitionTarget target) {
        ProducerBatch batch = refused.batch();
        long producerId = batch.producerId();
        if (refused.verdict() instanceof SequenceVerdict.Fenced fenced) {
            return new Failure.ProducerFenced(
                    target.topic(), target.partition(), producerId, batch.epoch(), fenced.currentEpoch());
        } else if (refused.verdict() instanceof SequenceVerdict.OutOfOrder gap) {
            return new Failure.OutOfOrderSequence(
                    target.topic(), target.partition(), producerId, batch.baseSequence(), gap.expectedSequence());
        } else if (refused.verdict() instanceof SequenceVerdict.DuplicateTooOld) {
            return new Failure.DuplicateTooOld(target.topic(), target.partition(), producerId, batch.baseSequence());
        }
        return new Failure.UnknownProducer(target.topic(), target.partition(), producerId);
    }

    private void sendWaiting(PartitionKey key) {
        Lane lane = lanes.get(key);
        ActorRef<PartitionCommand> leader = readyLeader(key);
        if (lane != null && leader != null) {
            long now = clockMillis.getAsLong();
            for (Pending request : lane.requests.values()) {
                if (request.sentTo == null) {
                    send(lane, request, leader, now);
                }
            }
        }
    }

    private static void backToWaiting(@Nullable Lane lane, Pending request) {
        if (lane != null && request.sentTo != null) {
            request.sentTo = null;
            lane.waiting++;
        }
    }

    private void send(Lane lane, Pending request, ActorRef<PartitionCommand> leader, long nowMillis) {
        request.sentTo = leader;
        lane.waiting--;
        leader.tell(request.call.request().command(request.id, nowMillis, replies));
    }

    private @Nullable ActorRef<PartitionCommand> readyLeader(PartitionKey key) {
        return view.leaderOf(key).map(Leader::readyRef).orElse(null);
    }

    private void fail(Pending request, Failure failure) {
        end(request);
        request.call.fail(failure);
    }

    private void end(Pending request) {
        pending.remove(request.id);
        byCall.remove(request.call);
        byDeadline.remove(request);
        PartitionKey key = request.call.target().key();
        Lane lane = lanes.get(key);
        if (lane != null && lane.requests.remove(request.id) != null) {
            lane.waiting -= request.sentTo == null ? 1 : 0;
            if (lane.requests.isEmpty()) {
                lanes.remove(key);
                timers.cancel(key);
            }
        }
    }

    /** One timer, for the earliest deadline; it is not moved when that request ends, so that most cost no timer at all. */
    private void armTimer() {
        if (!byDeadline.isEmpty() && byDeadline.first().deadlineMillis() < timerAtMillis) {
            timerAtMillis = byDeadline.first().deadlineMillis();
            long delay = Math.max(1, timerAtMillis - clockMillis.getAsLong());
            timers.startSingleTimer(DeadlineReached.INSTANCE, Duration.ofMillis(delay));
        }
    }
}
