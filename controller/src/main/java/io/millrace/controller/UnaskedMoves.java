package io.millrace.controller;

import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.controller.placement.ReplicaMoves;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which replicas the controller moves although nobody asks for just that, one step at a time: first off brokers that are drained or lost, then to
 * even out what brokers carry. The rest follows when something of it is done.
 */
final class UnaskedMoves {
    /** @param what it is, for people */
    record Step(String what, MetadataCommand command) {}

    private UnaskedMoves() {}

    /**
     * What to do next; empty if there is nothing, or what is under way has to be done first.
     *
     * @param lost brokers that are given up
     */
    static Optional<Step> next(
            ClusterMetadata metadata,
            LiveBrokers live,
            Set<Integer> lost,
            ControllerSettings.Moves limits,
            ReplicaBalance balance) {
        List<ReplicaMove> all = ReplicaMoves.plan(metadata, live.ids(), lost).moves();
        if (all.isEmpty()) {
            all = balance.next(metadata, live);
        }
        List<ReplicaMove> moves = ReplicaMoves.dueNow(all, metadata, limits.perBrokerMax());
        if (!moves.isEmpty()) {
            return Optional.of(new Step(
                    DecisionLog.describe(moves),
                    new MetadataCommand.ReassignPartitions(
                            metadata.controllerEpoch(),
                            moves.stream().map(ReplicaMove::toTarget).toList())));
        }
        if (all.isEmpty() && balance.isToChange(metadata)) {
            boolean begins = !metadata.rebalancing();
            return Optional.of(new Step(
                    begins ? "replicas are to be evened out" : "replicas are as even as they can be",
                    new MetadataCommand.SetRebalancing(metadata.controllerEpoch(), begins)));
        }
        return Optional.empty();
    }
}
