package io.millrace.broker.health;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.broker.Readiness;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.broker.routing.Inspection;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.MetadataReplica;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.ReplicaId;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Looks what is wrong, every few seconds and when somebody asks, and logs one line when a kind of problem comes or goes. A look asks the
 * replicas of this broker that are awake.
 */
public final class HealthWatch extends AbstractBehavior<HealthWatch.Command> {
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    public sealed interface Command {}

    /** Completed with what is seen now, or is just being seen; never fails. */
    record Ask(CompletableFuture<HealthReport> answer) implements Command {}

    private enum Look implements Command {
        INSTANCE
    }

    private record Answered(Map<ReplicaId, Optional<PartitionStatus>> statuses, int asleep) implements Command {}

    /** What a look looks at. All of it may be asked from any thread. */
    public record Sources(
            int brokerId,
            Readiness readiness,
            MetadataView metadata,
            Set<Integer> metadataVoters,
            IntPredicate alive,
            LeaderView leaders,
            Inspection inspection,
            Predicate<ReplicaId> isAsleep,
            DiskReserve reserve,
            DiskReport disk,
            Supplier<FileDescriptors> files,
            Clocks clocks) {}

    private final Sources sources;
    private final Health health;
    private final Clock clock;
    private final ProblemHistory history = new ProblemHistory();
    private final List<CompletableFuture<HealthReport>> waiting = new ArrayList<>();
    /** Of the last two looks by the timer: what a follower must have is between one and two periods old. */
    private Map<PartitionKey, Long> committedBefore = Map.of();

    private Map<PartitionKey, Long> committedLast = Map.of();
    private boolean looking;
    private boolean byTimer;
    /** A start takes its time, and says itself what it waits for. */
    private boolean wasReady;

    private Set<Problem> seenLast = Set.of();
    private Set<Problem> told = Set.of();

    static Behavior<Command> create(Sources sources, Health health, Clock clock) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new HealthWatch(context, timers, sources, health, clock)));
    }

    private HealthWatch(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Sources sources,
            Health health,
            Clock clock) {
        super(context);
        context.setLoggerName(HealthWatch.class);
        this.sources = sources;
        this.health = health;
        this.clock = clock;
        timers.startTimerWithFixedDelay(Look.INSTANCE, EVERY);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Look.INSTANCE, this::onLook)
                .onMessage(Ask.class, this::onAsk)
                .onMessage(Answered.class, this::onAnswered)
                .build();
    }

    private Behavior<Command> onLook() {
        byTimer = true;
        look();
        return this;
    }

    private Behavior<Command> onAsk(Ask message) {
        waiting.add(message.answer());
        look();
        return this;
    }

    private void look() {
        if (looking) {
            return;
        }
        looking = true;
        ClusterMetadata metadata = sources.metadata().current();
        int asleep = 0;
        List<ReplicaId> asked = new ArrayList<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int number = 0; number < topic.partitionCount(); number++) {
                if (topic.replicas(number).contains(sources.brokerId())) {
                    ReplicaId id = new ReplicaId(topic.name(), topic.id(), number, sources.brokerId());
                    if (sources.isAsleep().test(id)) {
                        asleep++;
                    } else {
                        asked.add(id);
                    }
                }
            }
        }
        if (metadata.brokers().containsKey(sources.brokerId())) {
            asked.add(MetadataReplica.idOn(sources.brokerId()));
        }
        int sleeping = asleep;
        getContext()
                .pipeToSelf(
                        sources.inspection().ask(asked, PATIENCE),
                        (statuses, thrown) -> new Answered(statuses, sleeping));
    }

    private Behavior<Command> onAnswered(Answered message) {
        looking = false;
        HealthCheck.Result result = HealthCheck.of(new HealthCheck.Seen(
                sources.brokerId(),
                sources.readiness().missing().stream()
                        .map(Readiness.Condition::missing)
                        .toList(),
                sources.metadata().current(),
                sources.metadataVoters(),
                sources.alive(),
                sources.leaders()::leaderOf,
                message.statuses(),
                message.asleep(),
                committedBefore,
                sources.reserve(),
                sources.disk().state(),
                sources.files().get(),
                sources.clocks().differences()));
        HealthReport report = history.report(sources.brokerId(), clock.instant(), result.findings(), result.figures());
        health.is(report);
        if (byTimer) {
            byTimer = false;
            committedBefore = committedLast;
            committedLast = result.committed();
            wasReady |= sources.readiness().isReady();
            if (wasReady) {
                say(report);
            }
        }
        List<CompletableFuture<HealthReport>> answered = List.copyOf(waiting);
        waiting.clear();
        answered.forEach(one -> one.complete(report));
        return this;
    }

    /** What was seen twice: an election is not worth a line. */
    private void say(HealthReport report) {
        Set<Problem> now = EnumSet.noneOf(Problem.class);
        for (HealthReport.Group group : report.problems()) {
            now.add(group.problem());
            if (seenLast.contains(group.problem()) && !told.contains(group.problem())) {
                HealthReport.Affected first = group.affected().get(0);
                getContext()
                        .getLog()
                        .warn(
                                "{}: {} ({}){}",
                                group.problem(),
                                first.subject(),
                                first.detail(),
                                group.count() > 1 ? " and " + (group.count() - 1) + " more" : "");
            }
        }
        Set<Problem> over = EnumSet.noneOf(Problem.class);
        over.addAll(told);
        over.removeAll(now);
        over.forEach(problem -> getContext().getLog().info("{} is over", problem));
        Set<Problem> toldNow = EnumSet.noneOf(Problem.class);
        toldNow.addAll(now);
        toldNow.removeIf(problem -> !seenLast.contains(problem) && !told.contains(problem));
        told = toldNow;
        seenLast = now;
    }
}
