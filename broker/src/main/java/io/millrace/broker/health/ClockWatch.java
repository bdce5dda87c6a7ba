package io.millrace.broker.health;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import io.millrace.partition.replica.ControlMessage;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** Asks the same actor of each other broker what time it is there, again and again. What a round has brought is told when the next one begins. */
public final class ClockWatch extends AbstractBehavior<ClockWatch.Command> {
    static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "millrace-clock");
    static final Duration EVERY = Duration.ofSeconds(10);

    public sealed interface Command {}

    /** @param askedNanos given back with the answer: the asker's own clock that does not go back */
    record WhatTime(long askedNanos, ActorRef<Command> replyTo) implements Command, ControlMessage {}

    /** @param millis since 1970 */
    record Time(int brokerId, long millis, long askedNanos) implements Command, ControlMessage {}

    private enum Tick implements Command {
        INSTANCE
    }

    private record Listing(Set<ActorRef<Command>> watches) implements Command {}

    private final int brokerId;
    private final Clocks clocks;
    private final Clock clock;
    private final LongSupplier monotonicNanos;
    private final Map<Integer, Duration> answers = new HashMap<>();
    private Set<ActorRef<Command>> peers = Set.of();

    /** @param clocks told what is found */
    public static Behavior<Command> create(int brokerId, Clocks clocks, Clock clock, LongSupplier monotonicNanos) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.INSTANCE, EVERY);
            return new ClockWatch(context, brokerId, clocks, clock, monotonicNanos);
        }));
    }

    private ClockWatch(
            ActorContext<Command> context, int brokerId, Clocks clocks, Clock clock, LongSupplier monotonicNanos) {
        super(context);
        this.brokerId = brokerId;
        this.clocks = clocks;
        this.clock = clock;
        this.monotonicNanos = monotonicNanos;
        ActorRef<Receptionist.Listing> listings = context.messageAdapter(
                Receptionist.Listing.class, listing -> new Listing(listing.getServiceInstances(KEY)));
        context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
        context.getSystem().receptionist().tell(Receptionist.subscribe(KEY, listings));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(WhatTime.class, this::onWhatTime)
                .onMessage(Time.class, this::onTime)
                .onMessage(Listing.class, this::onListing)
                .onMessageEquals(Tick.INSTANCE, this::onTick)
                .build();
    }

    private Behavior<Command> onWhatTime(WhatTime message) {
        message.replyTo().tell(new Time(brokerId, clock.millis(), message.askedNanos()));
        return this;
    }

    private Behavior<Command> onTime(Time message) {
        long roundTripNanos = monotonicNanos.getAsLong() - message.askedNanos();
        // Rounded up, and a millisecond for the parts of one that clocks do not tell.
        long roundTripMillis = Duration.ofNanos(roundTripNanos).toMillis() + 2;
        answers.put(message.brokerId(), Clocks.differAtLeast(message.millis(), clock.millis(), roundTripMillis));
        return this;
    }

    private Behavior<Command> onListing(Listing message) {
        peers = message.watches();
        return this;
    }

    private Behavior<Command> onTick() {
        clocks.are(answers);
        answers.clear();
        long now = monotonicNanos.getAsLong();
        for (ActorRef<Command> peer : peers) {
            if (!peer.equals(getContext().getSelf())) {
                peer.tell(new WhatTime(now, getContext().getSelf()));
            }
        }
        return this;
    }
}
