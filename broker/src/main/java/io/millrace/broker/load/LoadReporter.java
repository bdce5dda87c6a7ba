package io.millrace.broker.load;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.millrace.controller.ControllerCommand;
import io.millrace.partition.replica.LedPartitions;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Tells the controller, again and again, what this broker leads and how much passes there. */
public final class LoadReporter {
    private LoadReporter() {}

    /** It is time. */
    public enum Tick {
        INSTANCE
    }

    /** @param monotonicNanos a clock that does not go back */
    public static Behavior<Tick> create(
            int brokerId,
            LedPartitions led,
            ActorRef<ControllerCommand> controller,
            Duration interval,
            LongSupplier monotonicNanos) {
        return Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.INSTANCE, interval);
            LoadRates rates = new LoadRates(brokerId);
            return Behaviors.receiveMessage(tick -> {
                controller.tell(new ControllerCommand.ReportLoad(rates.sample(led, monotonicNanos.getAsLong())));
                return Behaviors.same();
            });
        });
    }
}
