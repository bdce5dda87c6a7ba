package io.millrace.controller;

import io.millrace.controller.metadata.ClusterMetadata;
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
 * Whether replicas are being spread evenly over the brokers, and what is next. Part of the {@link Controller}'s actor.
 *
 * <p>That it goes on is seen from the moves that are under way: so the next controller goes on where this one ends.
 */
final class ReplicaBalance {
    /** Enough to see what it would come to. */
    private static final int MOVES_MAX = 1_000;

    /** So many cycles in a row it must be advised before it is done unasked: a load that comes and goes moves nothing. */
    private static final int ADVISED_CYCLES = 6;

    private final Supplier<ControllerSettings.Moves> settings;

    private boolean going;
    /**
     * As they were when it began: who leads a partition that was moved reports less for it at first than passes there, and
     * its broker would be given more and more.
     */
    private Optional<ReplicaWeights> weightsAtBegin = Optional.empty();

    private boolean stopping;
    private int advisedCycles;
    private String state = "";

    /** @param settings asked each time */
    ReplicaBalance(Supplier<ControllerSettings.Moves> settings) {
        this.settings = settings;
    }

    /** Of what is not begun, nothing more is known. */
    void forget() {
        going = false;
        stopping = false;
        advisedCycles = 0;
        weightsAtBegin = Optional.empty();
    }

    /** What is to be said of it to people. */
    String state() {
        return state;
    }

    ReplicaBalancer.Plan plan(ClusterMetadata metadata, LiveBrokers live, ReplicaWeights weights) {
        return ReplicaBalancer.plan(metadata, live.ids(), weights, MOVES_MAX);
    }

    void begin() {
        forget();
        going = true;
    }

    /** What has begun is undone, and nothing more is begun. */
    void stop() {
        forget();
        stopping = true;
    }

    void cycle(ClusterMetadata metadata, LiveBrokers live, ReplicaWeights weights) {
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(metadata, live.ids(), weights, 1);
        advisedCycles = plan.advised() && !going ? advisedCycles + 1 : 0;
        going |= settings.get().balanced() && advisedCycles >= ADVISED_CYCLES;
        state = going
                ? "moves replicas"
                        + plan.obstacle().map(why -> ", but waits: " + why).orElse("")
                : plan.obstacle().isPresent()
                        ? "waits: " + plan.obstacle().get()
                        : plan.advised() ? "uneven: " + plan.moves().get(0).reason() : "even enough";
    }

    /** The next moves, most important first; more than may begin at the same time. */
    List<ReplicaMove> next(ClusterMetadata metadata, LiveBrokers live, Supplier<ReplicaWeights> weights) {
        List<ReplicaMove> back = back(metadata);
        if (stopping) {
            stopping = !back.isEmpty();
            return back;
        }
        boolean underWay = !back.isEmpty();
        going |= underWay;
        if (!going) {
            return List.of();
        }
        ReplicaWeights known = weightsAtBegin.orElseGet(weights);
        weightsAtBegin = Optional.of(known);
        int enough =
                settings.get().perBrokerMax() * Math.max(1, metadata.brokers().size());
        ReplicaBalancer.Plan plan = ReplicaBalancer.plan(metadata, live.ids(), known, enough);
        if (!underWay && plan.obstacle().isEmpty() && plan.moves().isEmpty()) {
            forget();
        }
        return plan.moves();
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
