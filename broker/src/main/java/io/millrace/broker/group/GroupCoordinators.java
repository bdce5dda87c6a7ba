package io.millrace.broker.group;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.millrace.broker.routing.LeaderDirectory;
import io.millrace.partition.replica.LeaderObserved;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.protocol.TopicName;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Puts a coordinator in front of each partition of {@code __groups} that is led here. What replicas observe passes through here on its way
 * to the directory of leaders: of such a partition the directory hears when its coordinator is ready, and that it is to be asked.
 */
public final class GroupCoordinators extends AbstractBehavior<GroupCoordinators.Command> {
    private static final Duration RESTART_AFTER_MIN = Duration.ofMillis(200);
    private static final Duration RESTART_AFTER_MAX = Duration.ofSeconds(10);

    public sealed interface Command {}

    /** From a replica of this broker. */
    public record Observed(LeaderObserved observed) implements Command {}

    private record Ready(LeaderObserved observed, ActorRef<ReplicaMessage> coordinator) implements Command {}

    private final ActorRef<LeaderDirectory.Command> directory;
    private final GroupCoordinatorSettings settings;
    private final Map<ReplicaId, ActorRef<ReplicaMessage>> coordinators = new HashMap<>();

    public static Behavior<Command> create(
            ActorRef<LeaderDirectory.Command> directory, GroupCoordinatorSettings settings) {
        return Behaviors.setup(context -> new GroupCoordinators(context, directory, settings));
    }

    private GroupCoordinators(
            ActorContext<Command> context,
            ActorRef<LeaderDirectory.Command> directory,
            GroupCoordinatorSettings settings) {
        super(context);
        this.directory = directory;
        this.settings = settings;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Observed.class, this::onObserved)
                .onMessage(Ready.class, this::onReady)
                .build();
    }

    private Behavior<Command> onObserved(Observed message) {
        LeaderObserved observed = message.observed();
        if (!observed.replica().topic().equals(TopicName.GROUPS)) {
            directory.tell(new LeaderDirectory.Observed(observed));
            return this;
        }
        ActorRef<ReplicaMessage> before = coordinators.remove(observed.replica());
        if (before != null) {
            getContext().stop(before);
        }
        if (observed.leaderRef().isPresent()) {
            coordinate(observed, observed.leaderRef().get());
        } else {
            directory.tell(new LeaderDirectory.Observed(observed));
        }
        return this;
    }

    private void coordinate(LeaderObserved observed, ActorRef<PartitionCommand> partition) {
        ActorRef<Command> self = getContext().getSelf();
        String name = observed.replica().group();
        Behavior<ReplicaMessage> coordinator = Behaviors.setup(context -> GroupCoordinator.create(
                name, observed.term(), partition, settings, () -> self.tell(new Ready(observed, context.getSelf()))));
        coordinators.put(
                observed.replica(),
                getContext()
                        .spawnAnonymous(Behaviors.supervise(coordinator)
                                .onFailure(SupervisorStrategy.restartWithBackoff(
                                        RESTART_AFTER_MIN, RESTART_AFTER_MAX, 0.2))));
    }

    private Behavior<Command> onReady(Ready message) {
        LeaderObserved observed = message.observed();
        if (message.coordinator().equals(coordinators.get(observed.replica()))) {
            directory.tell(new LeaderDirectory.Observed(new LeaderObserved(
                    observed.replica(),
                    observed.term(),
                    observed.leader(),
                    Optional.of(message.coordinator().narrow()))));
        }
        return this;
    }
}
