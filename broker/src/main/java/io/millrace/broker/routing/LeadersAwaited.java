package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** Waits until a new topic can be used: each of its partitions has a leader, and this broker knows of all that. */
public final class LeadersAwaited {
    /** What is not told to this actor – the local metadata – is looked at so often. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);

    public sealed interface Message {}

    private enum Look implements Message {
        INSTANCE
    }

    private enum GiveUp implements Message {
        INSTANCE
    }

    private LeadersAwaited() {}

    /**
     * @param known whether this broker's metadata has the topic
     * @param done completed with whether it came to that in time
     */
    public static Behavior<Message> create(
            long topicId,
            int partitions,
            BooleanSupplier known,
            LeaderView view,
            ActorRef<LeaderDirectory.Command> directory,
            Duration timeout,
            CompletableFuture<Boolean> done) {
        BooleanSupplier usable = () -> known.getAsBoolean() && allHaveLeaders(topicId, partitions, view);
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            directory.tell(new LeaderDirectory.Subscribe(
                    context.messageAdapter(LeaderChanged.class, changed -> Look.INSTANCE)));
            timers.startSingleTimer(GiveUp.INSTANCE, timeout);
            timers.startTimerWithFixedDelay(Look.INSTANCE, LOOK_EVERY);
            return waiting(usable, done);
        }));
    }

    private static Behavior<Message> waiting(BooleanSupplier usable, CompletableFuture<Boolean> done) {
        return Behaviors.receive(Message.class)
                .onMessageEquals(Look.INSTANCE, () -> {
                    if (!usable.getAsBoolean()) {
                        return Behaviors.same();
                    }
                    done.complete(true);
                    return Behaviors.stopped();
                })
                .onMessageEquals(GiveUp.INSTANCE, () -> {
                    done.complete(usable.getAsBoolean());
                    return Behaviors.stopped();
                })
                .build();
    }

    private static boolean allHaveLeaders(long topicId, int partitions, LeaderView view) {
        for (int partition = 0; partition < partitions; partition++) {
            if (view.leaderOf(new PartitionKey(topicId, partition))
                    .map(Leader::readyRef)
                    .isEmpty()) {
                return false;
            }
        }
        return true;
    }
}
