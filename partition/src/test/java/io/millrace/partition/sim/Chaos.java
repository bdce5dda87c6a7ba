package io.millrace.partition.sim;

import io.millrace.partition.log.SimulatedStorage;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.NodeId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Does now and then what the scenario's faults name, and counts it. */
final class Chaos {
    private final World world;
    private final SplittableRandom random;
    private final int weights;
    private boolean stopped;

    Chaos(World world, SplittableRandom random) {
        this.world = world;
        this.random = random;
        this.weights = world.faults.strikes().values().stream()
                .mapToInt(weight -> weight)
                .sum();
    }

    void start() {
        world.timeline.after(1 + random.nextLong(2 * world.faults.chaosEveryMicros()), () -> {
            if (!stopped) {
                strike();
                start();
            }
        });
    }

    void stop() {
        stopped = true;
    }

    private void strike() {
        int choice = random.nextInt(weights);
        for (Map.Entry<Fault, Integer> strike : world.faults.strikes().entrySet()) {
            choice -= strike.getValue();
            if (choice < 0) {
                if (strike(strike.getKey())) {
                    world.counts.count(strike.getKey());
                }
                return;
            }
        }
    }

    /** @return whether it could be done */
    private boolean strike(Fault fault) {
        return switch (fault) {
            case LINKS_HEALED -> healLinks();
            case LINKS_CUT -> cutLinks();
            case LINKS_CUT_ONE_WAY -> cutOneLink();
            case PAUSE -> pause(false);
            case SUSPENSION -> pause(true);
            case KILL -> crash(false);
            case POWER_FAILURE -> crash(true);
            case POWER_FAILURE_OF_ALL -> crashAll();
            case POWER_FAILURE_IN_DISK_OPERATION ->
                onSomeDisk(
                        "the power will go in the middle of a disk operation",
                        disk -> disk.haltAfter(random.nextInt(12)));
            case FSYNC_ERROR -> onSomeDisk("an fsync will fail", disk -> disk.failForceAfter(random.nextInt(4)));
            case WRITE_ERROR -> onSomeDisk("a write will fail", disk -> disk.failWriteAfter(random.nextInt(8)));
            case DISK_FULL -> fillDisk();
            case BIT_FLIP -> flipBit();
            case SLOW_DISK -> slowDisks();
            case CLOCK_JUMP -> jumpClock();
            case CLOCK_RATE -> changeClockRate();
            case LOST_DISK -> loseDisk();
            case CHANGE_ASKED -> changeMembers();
            case TRANSFER_ASKED -> transferLeadership();
            case TARGET_SET -> setTarget();
            case TRIM_ASKED -> trim();
            case CAMPAIGN -> campaign();
            default -> throw new IllegalArgumentException(fault + " is nothing that can be done");
        };
    }

    private List<NodeId> all() {
        return new ArrayList<>(world.members.keySet());
    }

    private List<Member> members() {
        return new ArrayList<>(world.members.values());
    }

    private List<Shell> running() {
        List<Shell> running = new ArrayList<>();
        for (Member member : world.members.values()) {
            Shell shell = member.shell();
            if (shell != null) {
                running.add(shell);
            }
        }
        return running;
    }

    private <T> T anyOf(List<T> some) {
        return some.get(random.nextInt(some.size()));
    }

    // --------------------------------------------------------------------------------------------------------- network

    private boolean healLinks() {
        world.network.heal(world.faults.network());
        world.trace.world("all links work");
        return true;
    }

    private boolean cutLinks() {
        Set<NodeId> side = new HashSet<>();
        if (random.nextBoolean()) {
            side.add(anyOf(all()));
        } else {
            all().stream().filter(n -> random.nextBoolean()).forEach(side::add);
        }
        for (NodeId one : all()) {
            for (NodeId other : all()) {
                if (side.contains(one) != side.contains(other)) {
                    world.network.cut(one, other);
                }
            }
        }
        world.trace.world("apart from the others: " + side);
        return true;
    }

    private boolean cutOneLink() {
        NodeId from = anyOf(all());
        NodeId to = anyOf(all());
        world.network.cut(from, to);
        world.trace.world("cut: " + from + "→" + to);
        return true;
    }

    // ------------------------------------------------------------------------------------------------------- processes

    private boolean pause(boolean clockToo) {
        if (clockToo && clocksAreReliedOn()) {
            return false;
        }
        boolean any = false;
        boolean leadersOnly = random.nextInt(3) == 0; // for so long that the others have elected when they go on
        for (Shell shell : running()) {
            if (leadersOnly && shell.believesToLead()) {
                shell.pause(1_000_000 + random.nextLong(2_000_000), clockToo);
                any = true;
            } else if (!leadersOnly && random.nextInt(3) == 0) {
                long micros = random.nextLong(random.nextBoolean() ? 200_000 : 3_000_000);
                shell.pause(micros, clockToo);
                any = true;
            }
        }
        return any;
    }

    private boolean crash(boolean power) {
        List<Shell> running = running();
        if (running.isEmpty()) {
            return false;
        }
        anyOf(running).member.crash(power);
        if (random.nextBoolean()) {
            campaign();
        }
        return true;
    }

    private boolean crashAll() {
        running().forEach(shell -> shell.member.crash(true));
        return true;
    }

    /** Several stand for election at about the same time, as if their timeouts were the same. */
    private boolean campaign() {
        long micros = random.nextLong(1_200_000);
        for (Shell shell : running()) {
            if (shell.core().membership().isVoter(shell.id()) && random.nextBoolean()) {
                world.timeline.after(micros + random.nextLong(5_000), () -> {
                    if (!stopped) {
                        shell.deliver(new Input.Campaign());
                    }
                });
            }
        }
        if (random.nextBoolean()) {
            Member voter = anyOf(members());
            long whileVotesAreCounted =
                    micros + random.nextLong(2 * world.faults.network().delayMicros());
            world.timeline.after(whileVotesAreCounted, () -> {
                if (!stopped) {
                    voter.crash(random.nextBoolean());
                }
            });
        }
        return true;
    }

    /** A lease is only as good as the clocks; that is why it is off by default. */
    private boolean clocksAreReliedOn() {
        return world.scenario.settings().readLeaseMillis() > 0;
    }

    private boolean jumpClock() {
        if (clocksAreReliedOn()) {
            return false;
        }
        Member member = anyOf(members());
        long micros = random.nextLong(random.nextBoolean() ? 100_000 : 5_000_000);
        world.trace.befell(member.id, "the clock jumps by " + micros + " µs");
        member.clock.jump(micros);
        rearm(member);
        return true;
    }

    private boolean changeClockRate() {
        if (clocksAreReliedOn()) {
            return false;
        }
        Member member = anyOf(members());
        int perMille = 800 + random.nextInt(500);
        world.trace.befell(member.id, "the clock runs at " + perMille + " ‰");
        member.clock.runAt(perMille);
        rearm(member);
        return true;
    }

    private static void rearm(Member member) {
        Shell shell = member.shell();
        if (shell != null) {
            shell.arm();
        }
    }

    // ----------------------------------------------------------------------------------------------------------- disks

    private interface DiskFault {
        void befall(SimulatedStorage disk);
    }

    private boolean onSomeDisk(String what, DiskFault fault) {
        Member member = anyOf(members());
        world.trace.befell(member.id, what);
        fault.befall(member.disk.storage());
        return true;
    }

    private boolean slowDisks() {
        for (Shell shell : running()) {
            long micros = random.nextInt(3) == 0 ? 1_500_000 : 4_000;
            shell.disksTakeUpTo(micros);
            world.trace.befell(shell.id(), "a sync takes up to " + micros + " µs");
        }
        return true;
    }

    private boolean fillDisk() {
        Member member = anyOf(members());
        SimulatedStorage disk = member.disk.storage();
        disk.limitTo(disk.usedBytes() + random.nextInt(2_000));
        world.trace.befell(member.id, "the disk is nearly full");
        world.timeline.after(random.nextLong(4_000_000), () -> disk.limitTo(Long.MAX_VALUE));
        return true;
    }

    /**
     * In what is forced and vouched for by something that is forced as well: other damage cannot be told from a torn
     * write. Only while a majority of voters is without harm, or there may be no leader any more.
     */
    private boolean flipBit() {
        Member member = anyOf(members());
        if (!world.membershipChanges.mayHarm(member)) {
            return false;
        }
        if (!member.disk.flipBit(random)) {
            return false;
        }
        member.harm();
        world.trace.befell(member.id, "a bit flips on the disk");
        return true;
    }

    private boolean loseDisk() {
        Member member = anyOf(members());
        if (!world.membershipChanges.mayHarm(member)) {
            return false;
        }
        member.loseDisk();
        return true;
    }

    // ------------------------------------------------------------------------------------------------------ membership

    private List<Shell> leaders() {
        return running().stream().filter(Shell::believesToLead).toList();
    }

    private boolean transferLeadership() {
        List<Shell> leaders = leaders();
        if (leaders.isEmpty()) {
            return false;
        }
        boolean byItsShell = random.nextInt(4) == 0;
        anyOf(leaders).deliver(byItsShell ? new Input.StepAside() : new Input.TransferLeadership(anyOf(all())));
        return true;
    }

    /** Not all hear of it at the same time; who starts meanwhile knows it. */
    private boolean setTarget() {
        TreeSet<NodeId> target = new TreeSet<>();
        int size = 1 + random.nextInt(Math.min(4, all().size()));
        while (target.size() < size) {
            target.add(anyOf(all()));
        }
        world.setTarget(target);
        running()
                .forEach(shell ->
                        world.timeline.after(random.nextLong(random.nextBoolean() ? 10_000 : 2_000_000), () -> {
                            if (target.equals(world.target())) {
                                shell.deliver(new Input.Target(target));
                            }
                        }));
        return true;
    }

    private boolean changeMembers() {
        List<Shell> leaders = leaders();
        if (leaders.isEmpty()) {
            return false;
        }
        world.membershipChanges.ask(anyOf(leaders));
        return true;
    }

    private boolean trim() {
        List<Shell> running = running();
        if (running.isEmpty()) {
            return false;
        }
        anyOf(random.nextBoolean() || leaders().isEmpty() ? running : leaders())
                .partition()
                .trim();
        return true;
    }
}
