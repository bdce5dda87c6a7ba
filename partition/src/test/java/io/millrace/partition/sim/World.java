package io.millrace.partition.sim;

import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What all members share: time, network, conditions, and those who watch. */
final class World {
    final Scenario scenario;
    final Conduct conduct;
    final Timeline timeline = new Timeline();
    final Trace trace = new Trace(timeline);
    final FaultCounts counts = new FaultCounts();
    final SimulatedNetwork network;
    final SafetyChecks checks;
    final LeaderChecks leaderChecks;
    final FailureDetector failureDetector;
    final History history;
    final Supplier<StateMachine> stateMachines;
    final TreeMap<NodeId, Member> members = new TreeMap<>();
    Faults faults;
    final MembershipChanges membershipChanges;
    private NavigableSet<NodeId> target = new TreeSet<>();

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
        this.leaderChecks = new LeaderChecks(this);
        this.history = new History(checks);
        this.failureDetector = new FailureDetector(this, random.split());
        this.membershipChanges = new MembershipChanges(this, random.split());
        for (int i = 1; i <= scenario.size() + scenario.learners(); i++) {
            NodeId id = new NodeId(i);
            members.put(id, new Member(id, this, random.split()));
        }
    }

    /** Who shall be the group's members, as was said last; empty: whoever they are. */
    NavigableSet<NodeId> target() {
        return target;
    }

    void setTarget(NavigableSet<NodeId> voters) {
        target = voters;
        trace.world("shall be the members: " + voters);
    }

    boolean stalls(SplittableRandom random) {
        return random.nextDouble() < faults.stalls();
    }

    boolean mayLosePowerAfterCut(SplittableRandom random) {
        return faults.strikes().containsKey(Fault.POWER_FAILURE) && random.nextInt(5) == 0;
    }

    /** Who voted when the group was made. */
    Membership founding() {
        return Membership.ofVoters(
                members.keySet().stream().filter(this::isFounder).collect(Collectors.toCollection(TreeSet::new)));
    }

    boolean isFounder(NodeId id) {
        return id.value() <= scenario.size();
    }
}
