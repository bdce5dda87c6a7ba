package io.millrace.controller;

import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaBalancer;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Spreads replicas evenly over the brokers, when asked to or by itself. Part of the {@link Controller}'s actor.
 *
 * <p>The metadata says whether that goes on, and which moves are under way for it: so the next controller goes on where this one
 * ends. What partitions weigh it learns anew.
 */
final class ReplicaBalance {
    /** Enough to see what it would come to. */
    private static final int MOVES_MAX = 1_000;

    /** So many cycles in a row it must be advised before it is done unasked: a load that comes and goes moves nothing. */
    private static final int ADVISED_CYCLES = 6;

    private final Supplier<ControllerSettings.Moves> settings;

    /**
     * While it goes on, as they were when it began: who leads a partition that was moved reports less for it at first than passes
     * there, and its broker would be given more and more. Empty for a controller that has taken over in the middle of it and waits
     * for what brokers report.
     */
    private Optional<ReplicaWeights> weights = Optional.empty();

    /** Nothing more is to be done for it, by the latest look. */
    private boolean isDone;

    private int advisedCycles;
    /** By the latest cycle. */
    private Optional<String> obstacle = Optional.empty();

    private String evenness = "";

    /** @param settings asked each time */
    ReplicaBalance(Supplier<ControllerSettings.Moves> settings) {
        this.settings = settings;
    }

    /** It rules no more. */
    void forget() {
        weights = Optional.empty();
        isDone = false;
        advisedCycles = 0;
    }

    /** What is to be said of it to people. */
    String state(ClusterMetadata metadata) {
        return metadata.rebalancing()
                ? "moves replicas" + obstacle.map(why -> ", but waits: " + why).orElse("")
                : obstacle.map(why -> "waits: " + why).orElse(evenness);
    }

    /** What would be done. */
    ControllerReply planned(ClusterMetadata metadata, LiveBrokers live, ReplicaWeights now) {
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(metadata, live.ids(), now, MOVES_MAX);
        return plan.obstacle().isPresent()
                ? refused(plan.obstacle().get())
                : told(plan, metadata, metadata.rebalancing());
    }

    /** @param mode begin or stop */
    ControllerDecisions.Decision decide(
            ControllerCommand.RebalanceReplicas.Mode mode,
            ClusterMetadata metadata,
            LiveBrokers live,
            ReplicaWeights now) {
        boolean begins = mode == ControllerCommand.RebalanceReplicas.Mode.BEGIN;
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(metadata, live.ids(), now, begins ? MOVES_MAX : 0);
        if (begins && plan.obstacle().isPresent()) {
            return new ControllerDecisions.Answer(refused(plan.obstacle().get()));
        }
        ControllerReply.ReplicasPlanned told = told(plan, metadata, begins);
        if (metadata.rebalancing() == begins) {
            return new ControllerDecisions.Answer(told);
        }
        weights = Optional.of(now);
        return new ControllerDecisions.Submit(
                new MetadataCommand.SetRebalancing(metadata.controllerEpoch(), begins), Optional.of(told));
    }

    /** It may last: nobody is to try again until it does not. */
    private static ControllerReply refused(String obstacle) {
        return new ControllerReply.Refused("nothing is moved to even out what brokers carry while " + obstacle);
    }

    private static ControllerReply.ReplicasPlanned told(
            ReplicaBalancer.Plan plan, ClusterMetadata metadata, boolean underWay) {
        return new ControllerReply.ReplicasPlanned(
                plan.moves(), plan.before(), plan.after(), plan.advised(), underWay, metadata.appliedIndex());
    }

    void cycle(ClusterMetadata metadata, LiveBrokers live, ReplicaWeights now) {
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(metadata, live.ids(), now, 1);
        advisedCycles = plan.advised() && !metadata.rebalancing() ? advisedCycles + 1 : 0;
        if (weights.isEmpty() || !metadata.rebalancing()) {
            weights = Optional.of(now);
        }
        obstacle = plan.obstacle();
        evenness = plan.advised() ? "uneven: " + plan.moves().get(0).reason() : "even enough";
    }

    /** The next moves, most important first; more than may begin at the same time. */
    List<ReplicaMove> next(ClusterMetadata metadata, LiveBrokers live) {
        isDone = false;
        List<ReplicaMove> back = back(metadata);
        if (!metadata.rebalancing()) {
            return back; // it was stopped
        }
        if (weights.isEmpty()) {
            return List.of();
        }
        int enough =
                settings.get().perBrokerMax() * Math.max(1, metadata.brokers().size());
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(metadata, live.ids(), weights.get(), enough);
        isDone = back.isEmpty() && plan.obstacle().isEmpty() && plan.moves().isEmpty();
        return plan.moves();
    }

    /** Whether the metadata is to say that it goes on and does not yet, or the other way round; to be asked when there are no moves. */
    boolean isToChange(ClusterMetadata metadata) {
        return metadata.rebalancing() ? isDone : settings.get().balanced() && advisedCycles >= ADVISED_CYCLES;
    }

    /** What would undo the moves that are under way for it. */
    private static List<ReplicaMove> back(ClusterMetadata metadata) {
        List<ReplicaMove> back = new ArrayList<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            topic.reassignments().forEach((partition, known) -> {
                if (isUnderWay(known)) {
                    back.add(new ReplicaMove(
                            topic.name(),
                            topic.id(),
                            partition,
                            topic.wanted(partition),
                            topic.replicas(partition),
                            ReassignmentCause.REQUESTED,
                            "moving replicas to even them out was stopped"));
                }
            });
        }
        return back;
    }

    private static boolean isUnderWay(Reassignment known) {
        return known.cause() == ReassignmentCause.BALANCE && known.target().isPresent();
    }
}
