package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A Raft group in one thread on virtual time, among faults. The scenario, which a seed stands for, decides everything. */
final class SimulatedCluster {
    /** After the faults end, all is well again within this time, ten of the longest election timeouts. */
    private static final long RECOVERY_MILLIS = 10_000;

    /** So much does not happen in that time, unless members keep themselves busy with nothing. */
    private static final long RECOVERY_EVENTS = 200_000;

    private static final long RELOCATION_MILLIS = 30_000;

    private static final int CLOSING_PROPOSALS = 5;

    private final Scenario scenario;
    private final World world;
    private final Clients clients;
    private final Chaos chaos;

    SimulatedCluster(long seed) {
        this(seed, StateMachine::ofPartition);
    }

    SimulatedCluster(long seed, Supplier<StateMachine> stateMachines) {
        this(Scenario.ofSeed(seed), Conduct.CORRECT, Set.of(), stateMachines);
    }

    /**
     * @param unchecked what need not hold, to see what else finds a bug
     * @param stateMachines one for each life of each member
     */
    SimulatedCluster(
            Scenario scenario, Conduct conduct, Set<Property> unchecked, Supplier<StateMachine> stateMachines) {
        this.scenario = scenario;
        SplittableRandom random = new SplittableRandom(scenario.seed());
        this.world = new World(scenario, conduct, unchecked, stateMachines, random.split());
        this.clients = new Clients(world, random.split());
        this.chaos = new Chaos(world, random.split());
        world.members.values().forEach(Member::start);
        clients.start();
        chaos.start();
    }

    /** Lets so many things happen. */
    void run(long events) {
        telling(() -> {
            for (long i = 0; i < events; i++) {
                next();
            }
        });
    }

    /**
     * The faults end: every member runs, every link and disk works. A leader must emerge, commit new proposals, and bring
     * everyone to the same log with all that was ever acknowledged, within {@value #RECOVERY_MILLIS} ms of virtual time. Then
     * the group falls asleep, and its leader dies.
     */
    void heal() {
        telling(() -> {
            clients.stop();
            chaos.stop();
            world.trace.world("healed");
            world.faults = Faults.NONE;
            world.network.heal(Faults.NONE.network());
            world.members.values().forEach(member -> {
                member.disk.storage().clearFaults();
                member.clock.runAt(1_000);
                member.start();
                Shell shell = member.shell();
                if (shell != null) {
                    shell.resume();
                    shell.arm();
                    shell.disksTakeUpTo(4_000);
                }
            });
            shells().forEach(shell -> shell.deliver(new Input.Target(world.target())));
            long deadlineMillis = world.timeline.nowMillis() + RECOVERY_MILLIS;
            long target = world.history.acknowledgedCount() + CLOSING_PROPOSALS;
            runUntil("acknowledgements", deadlineMillis, () -> {
                proposeIfNobodyWaits();
                return world.history.acknowledgedCount() >= target;
            });
            runUntil(
                    "equal logs",
                    deadlineMillis,
                    () -> shells().size() == world.members.size()
                            && isWhole(group())
                            && world.checks.areEqual(group()));
            awaitTarget();
            readAtEveryMember();
            loseLeaderWhileAsleep();
        });
    }

    /** All members are replaced by others in that time, if need be. */
    private void awaitTarget() {
        if (!world.target().isEmpty()) {
            runUntil(
                    "the members that shall be", world.timeline.nowMillis() + RELOCATION_MILLIS, () -> shells().stream()
                            .anyMatch(shell -> shell.believesToLead()
                                    && shell.core().isMembershipSettled()
                                    && shell.core().membership().voters().equals(world.target())
                                    && shell.core().membership().learners().isEmpty()));
        }
    }

    private void readAtEveryMember() {
        long deadlineMillis = world.timeline.nowMillis() + RECOVERY_MILLIS;
        for (Shell first : group()) {
            long before = first.partition().endReadsAnswered();
            runUntil("a read at " + first.id(), deadlineMillis, () -> {
                Shell shell = first.member.shell();
                if (shell == null) {
                    return false; // it is rebuilt, and begins anew: whoever reads there asks again
                }
                if (!shell.partition().hasEndReads()) {
                    shell.partition().readEnd();
                }
                return shell.partition().endReadsAnswered() > (shell == first ? before : 0);
            });
        }
    }

    /** If its leader dies then, the others of a group wake, elect, and commit. */
    private void loseLeaderWhileAsleep() {
        if (scenario.settings().quiesceAfterMillis() == RaftSettings.NEVER) {
            return;
        }
        runUntil(
                "sleep",
                world.timeline.nowMillis() + RECOVERY_MILLIS,
                () -> !group().isEmpty()
                        && group().stream().allMatch(shell -> shell.core().isAsleep()));
        Shell leader =
                group().stream().filter(Shell::believesToLead).findFirst().orElseThrow();
        boolean othersSuffice = leader.core().membership().voters().size() >= 3
                && world.members.values().stream().allMatch(Member::isWhole);
        if (!othersSuffice) {
            return;
        }
        leader.member.die();
        long target = world.history.acknowledgedCount() + CLOSING_PROPOSALS;
        runUntil("a leader of who slept", world.timeline.nowMillis() + RECOVERY_MILLIS, () -> {
            proposeIfNobodyWaits();
            return world.history.acknowledgedCount() >= target;
        });
    }

    private void proposeIfNobodyWaits() {
        if (shells().stream()
                .noneMatch(shell -> shell.believesToLead() && shell.partition().hasUnanswered())) {
            clients.produce();
        }
    }

    private void runUntil(String what, long deadlineMillis, BooleanSupplier holds) {
        long patience = world.timeline.happened() + RECOVERY_EVENTS;
        while (!holds.getAsBoolean()) {
            if (world.timeline.nowMillis() > deadlineMillis || world.timeline.happened() > patience) {
                throw new SimulationFailure(Property.LIVENESS, "waited in vain for " + what);
            }
            next();
        }
    }

    /** Lets things happen until a leader serves, and tells which. */
    NodeId runUntilServed() {
        telling(() -> runUntil("a leader", world.timeline.nowMillis() + RECOVERY_MILLIS, () -> serving()
                .isPresent()));
        return serving().orElseThrow().id();
    }

    /** One request, to whoever serves, again and again until it is acknowledged. */
    void runUntilAcknowledged() {
        telling(() -> {
            long target = world.history.acknowledgedCount() + 1;
            runUntil("an acknowledgement", world.timeline.nowMillis() + RECOVERY_MILLIS, () -> {
                proposeIfNobodyWaits();
                return world.history.acknowledgedCount() >= target;
            });
        });
    }

    private Optional<Shell> serving() {
        return shells().stream().filter(shell -> shell.partition().isServing()).findFirst();
    }

    Shell shell(NodeId member) {
        return Objects.requireNonNull(
                Objects.requireNonNull(world.members.get(member)).shell());
    }

    private void next() {
        world.timeline.next();
        world.checks.areBounded();
    }

    /** The members of the group as its last leader sees it: who was removed need not have the log. */
    private List<Shell> group() {
        return shells().stream()
                .filter(Shell::believesToLead)
                .max(Comparator.comparingLong(shell -> shell.core().term()))
                .map(leader -> shells().stream()
                        .filter(shell -> leader.core().membership().contains(shell.id()))
                        .toList())
                .orElse(List.of());
    }

    /** Whether nobody is still on the way back. */
    private static boolean isWhole(List<Shell> group) {
        return !group.isEmpty() && group.stream().allMatch(shell -> shell.core().remembers());
    }

    private List<Shell> shells() {
        List<Shell> shells = new ArrayList<>();
        for (Member member : world.members.values()) {
            Shell shell = member.shell();
            if (shell != null) {
                shells.add(shell);
            }
        }
        return shells;
    }

    private void telling(Runnable action) {
        try {
            action.run();
        } catch (SimulationFailure e) {
            throw new SimulationFailure(e, story());
        } catch (RuntimeException e) {
            SimulationFailure failure = new SimulationFailure(Property.OWN_INVARIANTS, String.valueOf(e.getMessage()));
            failure.initCause(e);
            throw new SimulationFailure(failure, story());
        }
    }

    private String story() {
        return scenario + "\nthe last of " + world.trace.count() + " events:\n\n" + world.trace;
    }

    long traceHash() {
        return world.trace.hash();
    }

    long acknowledgedCount() {
        return world.history.acknowledgedCount();
    }

    long readCount() {
        return world.history.readCount();
    }

    long virtualMicros() {
        return world.timeline.nowMicros();
    }

    long eventCount() {
        return world.timeline.happened();
    }

    /** How often a member fell asleep. */
    long sleeps() {
        return world.failureDetector.sleeps();
    }

    FaultCounts faults() {
        return world.counts;
    }
}
