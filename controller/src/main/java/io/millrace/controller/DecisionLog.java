package io.millrace.controller;

import io.millrace.controller.placement.ReplicaMove;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The last decisions, for people who ask why. */
final class DecisionLog {
    private static final int MOVES_TOLD_MAX = 20;

    private final int kept;
    private final Deque<ControllerReply.Decision> latestFirst = new ArrayDeque<>();

    DecisionLog(int kept) {
        this.kept = kept;
    }

    void add(ControllerReply.Decision decision) {
        if (latestFirst.size() == kept) {
            latestFirst.removeLast();
        }
        latestFirst.addFirst(decision);
    }

    List<ControllerReply.Decision> latestFirst() {
        return List.copyOf(latestFirst);
    }

    /** A request in a few words. */
    static String describe(ControllerCommand.Request request) {
        if (request instanceof ControllerCommand.CreateTopic create) {
            return "create topic " + create.name() + ", partitions " + create.partitions() + ", replication factor "
                    + create.replicationFactor()
                    + (create.assignment().isEmpty() ? "" : ", on brokers that were named");
        }
        if (request instanceof ControllerCommand.AlterTopic alter) {
            return "alter topic " + alter.name()
                    + (alter.settings().isEmpty() ? "" : ", " + new TreeMap<>(alter.settings()))
                    + (alter.reset().isEmpty() ? "" : ", reset " + alter.reset())
                    + (alter.partitions() == 0 ? "" : ", partitions " + alter.partitions())
                    + (alter.assignment().isEmpty() ? "" : ", on brokers that were named");
        }
        if (request instanceof ControllerCommand.DeleteTopic delete) {
            return "delete topic " + delete.name();
        }
        if (request instanceof ControllerCommand.RegisterBroker register) {
            return "register broker " + register.broker().brokerId() + " at "
                    + register.broker().client() + " with directory "
                    + register.broker().directoryId();
        }
        if (request instanceof ControllerCommand.AllocateProducerIds allocate) {
            return "producer ids for broker " + allocate.brokerId();
        }
        if (request instanceof ControllerCommand.CompleteReassignments complete) {
            return "moved: "
                    + complete.partitions().stream()
                            .map(done -> done.topic() + "-" + done.partition())
                            .collect(Collectors.joining(", "));
        }
        if (request instanceof ControllerCommand.ReassignPartitions reassign) {
            return (reassign.dryRun() ? "what if: " : "")
                    + "move "
                    + reassign.destinations().stream()
                            .map(to -> to.topic() + "-" + to.partition()
                                    + (to.brokers().isEmpty() ? " back" : " to " + to.brokers()))
                            .limit(MOVES_TOLD_MAX)
                            .collect(Collectors.joining(", "));
        }
        if (request instanceof ControllerCommand.SetBrokerState set) {
            return (set.dryRun() ? "what if: " : "") + "broker " + set.brokerId() + " is to be " + set.state();
        }
        if (request instanceof ControllerCommand.AlterBrokerSettings alter) {
            return "settings of "
                    + (alter.brokerId().isPresent()
                            ? "broker " + alter.brokerId().getAsInt()
                            : "all brokers")
                    + (alter.settings().isEmpty() ? "" : ", " + new TreeMap<>(alter.settings()))
                    + (alter.reset().isEmpty() ? "" : ", reset " + alter.reset());
        }
        if (request instanceof ControllerCommand.RebalanceReplicas rebalance) {
            return "rebalance replicas, " + rebalance.mode();
        }
        if (request instanceof ControllerCommand.UnregisterBroker unregister) {
            return "unregister broker " + unregister.brokerId();
        }
        throw new IllegalStateException("no words for " + request);
    }

    /** Moves with their reasons, the first of them. */
    static String describe(List<ReplicaMove> moves) {
        int more = moves.size() - MOVES_TOLD_MAX;
        return moves.size() + " to be moved"
                + moves.stream()
                        .limit(MOVES_TOLD_MAX)
                        .map(ReplicaMove::toString)
                        .collect(Collectors.joining("; ", moves.isEmpty() ? "" : ": ", ""))
                + (more > 0 ? "; and " + more + " more" : "");
    }
}
