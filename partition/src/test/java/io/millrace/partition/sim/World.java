package io.millrace.partition.sim;

import io.millrace.partition.raft.NodeId;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;

/** What all members share: time, network, conditions, and those who watch. */
final class World {
    final Scenario scenario;
    final Conduct conduct;
    final Timeline timeline = new Timeline();
    final Trace trace = new Trace(timeline);
    final FaultCounts counts = new FaultCounts();
    final SimulatedNetwork network;
    final SafetyChecks checks;
    final FailureDetector failureDetector;
    final History history;
    final Supplier<StateMachine> stateMachines;
    final TreeMap<NodeId, Member> members = new TreeMap<>();
    Faults faults;
    /** What voters are told of learners. */
    Set<NodeId> learners = Set.of();

    World(
            Scenario scenario,
            Conduct conduct,
            Set<Property> unchecked,
            Supplier<StateMachine> stateMachines,
            SplittableRandom random) {
        this.scenario = scenario;
        this.conduct = conduct;
        this.faults = scenario.faults();
        this.stateMachines = stateMachines;
        this.network = new SimulatedNetwork(timeline, trace, counts, random.split(), faults.network(), message -> {
            Member to = members.get(message.to());
            if (to != null) {
                to.receive(message);
            }
        });
        this.checks = new SafetyChecks(this, unchecked);
        this.history = new History(checks);
        this.failureDetector = new FailureDetector(this, random.split());
        for (int i = 1; i <= scenario.size() + scenario.learners(); i++) {
            NodeId id = new NodeId(i);
            members.put(id, new Member(id, this, random.split()));
        }
    }

    boolean stalls(SplittableRandom random) {
        return random.nextDouble() < faults.stalls();
    }

    List<NodeId> voters() {
        return members.keySet().stream().filter(this::isVoter).toList();
    }

    boolean isVoter(NodeId id) {
        return id.value() <= scenario.size();
    }
}
