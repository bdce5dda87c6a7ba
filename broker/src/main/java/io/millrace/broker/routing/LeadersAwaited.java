package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

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
        BooleanSupplier led = new AllLed(partitions, partition -> view.leaderOf(new PartitionKey(topicId, partition))
                .map(Leader::readyRef)
                .isPresent());
        BooleanSupplier usable = () -> known.getAsBoolean() && led.getAsBoolean();
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

    /** Begins with the partition that had no leader last time: else each of thousands of elections would cost a look at thousands of partitions. */
    static final class AllLed implements BooleanSupplier {
        private final int partitions;
        private final IntPredicate isLed;
        private int next;

        AllLed(int partitions, IntPredicate isLed) {
            this.partitions = partitions;
            this.isLed = isLed;
        }

        @Override
        public boolean getAsBoolean() {
            for (int looked = 0; looked < partitions; looked++) {
                if (!isLed.test(next)) {
                    return false;
                }
                next = (next + 1) % partitions;
            }
            return true;
        }
    }
}
