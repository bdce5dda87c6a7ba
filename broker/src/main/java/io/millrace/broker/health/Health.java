package io.millrace.broker.health;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** How to ask what is wrong. For any thread. */
public final class Health {
    private final ActorRef<HealthWatch.Command> watch;
    private volatile HealthReport last;

    /** @param spawn runs an actor of the broker's */
    public Health(
            HealthWatch.Sources sources,
            Clock clock,
            Function<Behavior<HealthWatch.Command>, ActorRef<HealthWatch.Command>> spawn) {
        this.last =
                new HealthReport(sources.brokerId(), Instant.EPOCH, HealthReport.Status.OK, List.of(), Figures.NONE);
        this.watch = spawn.apply(HealthWatch.create(sources, this, clock));
    }

    /** What is wrong now; within about two seconds. */
    public CompletionStage<HealthReport> now() {
        CompletableFuture<HealthReport> answer = new CompletableFuture<>();
        watch.tell(new HealthWatch.Ask(answer));
        return answer;
    }

    /** What was seen last, some seconds ago at most; before the first look, as if all were well. */
    public HealthReport last() {
        return last;
    }

    void is(HealthReport report) {
        last = report;
    }
}
