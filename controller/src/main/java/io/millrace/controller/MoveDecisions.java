package io.millrace.controller;

import io.millrace.controller.ControllerDecisions.Answer;
import io.millrace.controller.ControllerDecisions.Decision;
import io.millrace.controller.ControllerDecisions.Submit;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.metadata.TopicSettings;
import io.millrace.controller.placement.ReplicaMove;
import io.millrace.controller.placement.ReplicaMoves;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the controller does about requests to move replicas, to drain brokers and to let them go: pure. */
final class MoveDecisions {
    private static final int STUCK_TOLD_MAX = 3;

    private final Set<Integer> metadataVoters;

    MoveDecisions(Set<Integer> metadataVoters) {
        this.metadataVoters = metadataVoters;
    }

    Decision reassign(ControllerCommand.ReassignPartitions request, ClusterMetadata metadata, LiveBrokers live) {
        List<ReplicaMove> moves = new ArrayList<>();
        Set<List<Object>> named = new HashSet<>();
        for (ControllerCommand.Destination destination : request.destinations()) {
            Optional<TopicMetadata> found = metadata.topic(destination.topic());
            if (found.isEmpty()) {
                return new Answer(new ControllerReply.UnknownTopic(destination.topic()));
            }
            TopicMetadata topic = found.get();
            if (!topic.hasPartition(destination.partition())) {
                return new Answer(new ControllerReply.UnknownPartition(
                        topic.name(), destination.partition(), topic.partitionCount()));
            }
            String name = topic.name() + "-" + destination.partition();
            if (!named.add(List.of(topic.name(), destination.partition()))) {
                return refuse(name + " is named twice");
            }
            Optional<ControllerReply> problem = destination.brokers().isEmpty()
                    ? problemWithCancelling(topic, destination.partition())
                    : problemWith(topic, destination, metadata, live);
            if (problem.isPresent()) {
                return new Answer(problem.get());
            }
            List<Integer> to =
                    destination.brokers().isEmpty() ? topic.replicas(destination.partition()) : destination.brokers();
            if (!to.equals(topic.wanted(destination.partition()))) {
                moves.add(new ReplicaMove(
                        topic.name(),
                        topic.id(),
                        destination.partition(),
                        topic.wanted(destination.partition()),
                        to,
                        ReassignmentCause.REQUESTED,
                        destination.brokers().isEmpty() ? "cancelled" : "requested"));
            }
        }
        MetadataCommand.ReassignPartitions command = new MetadataCommand.ReassignPartitions(
                metadata.controllerEpoch(),
                moves.stream().map(ReplicaMove::toTarget).toList());
        ControllerReply.MovePlan plan = planOf(moves, metadata);
        return moves.isEmpty() || request.dryRun() ? new Answer(plan) : new Submit(command, Optional.of(plan));
    }

    private static Optional<ControllerReply> problemWithCancelling(TopicMetadata topic, int partition) {
        return topic.target(partition).isEmpty()
                ? Optional.of(new ControllerReply.Refused(topic.name() + "-" + partition + " is not being moved"))
                : Optional.empty();
    }

    private static Optional<ControllerReply> problemWith(
            TopicMetadata topic,
            ControllerCommand.Destination destination,
            ClusterMetadata metadata,
            LiveBrokers live) {
        String name = topic.name() + "-" + destination.partition();
        Set<Integer> brokers = new HashSet<>();
        for (int broker : destination.brokers()) {
            if (metadata.broker(broker).isEmpty()) {
                return Optional.of(new ControllerReply.UnknownBroker(broker));
            } else if (!brokers.add(broker)) {
                return Optional.of(new ControllerReply.Refused(name + " cannot have two replicas on broker " + broker));
            }
            boolean isNew = !topic.isOn(broker, destination.partition()); // else it may stay, whatever its state is
            if (isNew && metadata.stateOf(broker) == BrokerState.DRAINING) {
                return Optional.of(new ControllerReply.Refused("broker " + broker + " is drained"));
            } else if (isNew && !live.contains(broker)) {
                return Optional.of(new ControllerReply.Refused("broker " + broker + " cannot be reached"));
            }
        }
        List<Integer> replicas = topic.replicas(destination.partition());
        if (!live.containsMajorityOf(replicas)) {
            return Optional.of(new ControllerReply.Refused(name + " is on brokers " + replicas
                    + ", of which no majority can be reached, and nobody else can move it: start them first"));
        }
        return TopicSettings.of(topic.settings())
                .problemWith(destination.brokers().size())
                .map(problem -> new ControllerReply.Refused(name + ": " + problem));
    }

    /** The mark is all that is written: the moves follow from it. */
    Decision setState(ControllerCommand.SetBrokerState request, ClusterMetadata metadata, LiveBrokers live) {
        int broker = request.brokerId();
        if (metadata.broker(broker).isEmpty()) {
            return new Answer(new ControllerReply.UnknownBroker(broker));
        }
        MetadataCommand command =
                new MetadataCommand.SetBrokerState(metadata.controllerEpoch(), broker, request.state());
        ClusterMetadata marked =
                metadata.apply(metadata.appliedIndex() + 1, command).next();
        ReplicaMoves.Plan moves = ReplicaMoves.plan(marked, live.ids(), Set.of());
        if (request.state() == BrokerState.DRAINING) {
            List<ReplicaMoves.Stuck> stuck = new ArrayList<>(moves.stuck());
            stuck.removeAll(ReplicaMoves.plan(metadata, live.ids(), Set.of()).stuck());
            if (!stuck.isEmpty()) {
                return refuse("broker " + broker + " cannot be drained: " + told(stuck));
            }
        }
        ControllerReply.MovePlan plan = planOf(moves.moves(), metadata);
        return request.dryRun() || metadata.stateOf(broker) == request.state()
                ? new Answer(plan)
                : new Submit(command, Optional.of(plan));
    }

    /** By reasons, of which there are few, with the first partitions of each: {@code orders-0, orders-1, orders-2 and 57 more: 3 replicas, and …}. */
    private static String told(List<ReplicaMoves.Stuck> stuck) {
        Map<String, List<String>> partitions = new LinkedHashMap<>();
        stuck.forEach(one ->
                partitions.computeIfAbsent(one.why(), why -> new ArrayList<>()).add(one.partition()));
        return partitions.entrySet().stream()
                .map(reason -> firstOf(reason.getValue()) + ": " + reason.getKey())
                .collect(Collectors.joining("; "));
    }

    private static String firstOf(List<String> names) {
        int more = names.size() - STUCK_TOLD_MAX;
        return String.join(", ", names.subList(0, Math.min(names.size(), STUCK_TOLD_MAX)))
                + (more > 0 ? " and " + more + " more" : "");
    }

    Decision unregister(ControllerCommand.UnregisterBroker request, ClusterMetadata metadata, LiveBrokers live) {
        int broker = request.brokerId();
        if (metadata.broker(broker).isEmpty()) {
            return new Answer(new ControllerReply.UnknownBroker(broker));
        }
        if (metadataVoters.contains(broker)) {
            return refuse("broker " + broker
                    + " votes on the cluster's metadata, by the setting metadata-voters of all brokers: it"
                    + " can be drained and stopped for a while, but not be given up");
        }
        int replicas = metadata.replicasOn(broker);
        if (replicas > 0) {
            return refuse("broker " + broker + " holds " + replicas + " replicas: drain it first");
        }
        if (live.contains(broker)) {
            return refuse("broker " + broker + " is running: stop it first, or it would register again");
        }
        return new Submit(new MetadataCommand.UnregisterBroker(metadata.controllerEpoch(), broker));
    }

    private static ControllerReply.MovePlan planOf(List<ReplicaMove> moves, ClusterMetadata metadata) {
        ClusterMetadata after = metadata.apply(
                        metadata.appliedIndex() + 1,
                        new MetadataCommand.ReassignPartitions(
                                metadata.controllerEpoch(),
                                moves.stream().map(ReplicaMove::toTarget).toList()))
                .next();
        return new ControllerReply.MovePlan(
                moves,
                ReplicaMoves.replicasWanted(metadata),
                ReplicaMoves.replicasWanted(after),
                metadata.appliedIndex());
    }

    private static Answer refuse(String problem) {
        return new Answer(new ControllerReply.Refused(problem));
    }
}
