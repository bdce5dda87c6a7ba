package io.millrace.partition.sim;

import io.millrace.partition.raft.NodeId;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** What all members share: time, network, conditions, and those who watch. */
final class World {
    final Scenario scenario;
    final Conduct conduct;
    final Timeline timeline = new Timeline();
    final Trace trace = new Trace(timeline);
    final SimulatedNetwork network;
    final SafetyChecks checks;
    final TreeMap<NodeId, Member> members = new TreeMap<>();
    Faults faults;
    /** What voters are told of learners. */
    Set<NodeId> learners = Set.of();

    World(Scenario scenario, Conduct conduct, Set<Property> unchecked, SplittableRandom random) {
        this.scenario = scenario;
        this.conduct = conduct;
        this.faults = scenario.faults();
        this.network = new SimulatedNetwork(timeline, trace, random.split(), faults, message -> {
            Member to = members.get(message.to());
            if (to != null) {
                to.receive(message);
            }
        });
        this.checks = new SafetyChecks(this, unchecked);
        for (int i = 1; i <= scenario.size() + scenario.learners(); i++) {
            NodeId id = new NodeId(i);
            members.put(id, new Member(id, this, random.split()));
        }
    }

    boolean stalls(SplittableRandom random) {
        return random.nextDouble() < faults.stalls();
    }

    List<NodeId> voters() {
        return members.keySet().stream()
                .filter(id -> id.value() <= scenario.size())
                .toList();
    }

    boolean isVoter(NodeId id) {
        return id.value() <= scenario.size();
    }
}
