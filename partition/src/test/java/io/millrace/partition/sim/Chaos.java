package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.NodeId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Cuts links, pauses and crashes members, slows disks, and lets learners come and go, as the scenario's faults say. */
final class Chaos {
    private final World world;
    private final SplittableRandom random;
    private boolean stopped;

    Chaos(World world, SplittableRandom random) {
        this.world = world;
        this.random = random;
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
        Faults faults = world.faults;
        int choice = random.nextInt(faults.weights());
        if ((choice -= faults.partitions()) < 0) {
            cutLinks();
        } else if ((choice -= faults.pauses()) < 0) {
            pause();
        } else if ((choice -= faults.crashes()) < 0) {
            crash();
        } else if ((choice -= faults.slowDisks()) < 0) {
            slowDisks();
        } else {
            changeLearners();
        }
    }

    private List<NodeId> all() {
        return new ArrayList<>(world.members.keySet());
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

    private NodeId anyOf(List<NodeId> nodes) {
        return nodes.get(random.nextInt(nodes.size()));
    }

    private void cutLinks() {
        switch (random.nextInt(5)) {
            case 0, 1 -> { // heals as often as not, or nothing would ever be committed
                world.network.heal(world.faults);
                world.trace.world("all links work");
            }
            case 2 -> {
                Set<NodeId> side = new HashSet<>();
                all().stream().filter(n -> random.nextBoolean()).forEach(side::add);
                separate(side);
            }
            case 3 -> separate(Set.of(anyOf(all())));
            default -> {
                NodeId from = anyOf(all());
                NodeId to = anyOf(all());
                world.network.cut(from, to);
                world.trace.world("cut: " + from + "→" + to);
            }
        }
    }

    private void separate(Set<NodeId> side) {
        for (NodeId one : all()) {
            for (NodeId other : all()) {
                if (side.contains(one) != side.contains(other)) {
                    world.network.cut(one, other);
                }
            }
        }
        world.trace.world("apart from the others: " + side);
    }

    private void pause() {
        for (Shell shell : running()) {
            if (random.nextInt(3) == 0) {
                long micros = random.nextLong(random.nextBoolean() ? 200_000 : 3_000_000);
                world.trace.world(shell.id() + " pauses for " + micros + " µs");
                shell.pause(micros);
            }
        }
    }

    private void crash() {
        boolean powerFails = random.nextInt(8) == 0;
        List<Shell> running = running();
        if (powerFails) {
            running.forEach(shell -> shell.member.crash());
        } else if (!running.isEmpty()) {
            running.get(random.nextInt(running.size())).member.crash();
        }
        if (random.nextBoolean()) {
            campaign();
        }
    }

    /** Several stand for election at about the same time, as if their timeouts were the same. */
    private void campaign() {
        long micros = random.nextLong(1_200_000);
        for (Shell shell : running()) {
            if (random.nextBoolean()) {
                world.timeline.after(micros + random.nextLong(5_000), () -> shell.deliver(new Input.Campaign()));
            }
        }
        if (random.nextBoolean()) {
            Member voter = members().get(random.nextInt(world.scenario.size()));
            long whileVotesAreCounted = micros + random.nextLong(2 * world.faults.delayMicros());
            world.timeline.after(whileVotesAreCounted, () -> {
                if (!stopped) {
                    voter.crash();
                }
            });
        }
    }

    private List<Member> members() {
        return new ArrayList<>(world.members.values());
    }

    private void slowDisks() {
        for (Shell shell : running()) {
            long micros = random.nextInt(3) == 0 ? 1_500_000 : 4_000;
            shell.disksTakeUpTo(micros);
            world.trace.world("a sync at " + shell.id() + " takes up to " + micros + " µs");
        }
    }

    private void changeLearners() {
        Set<NodeId> learners = new HashSet<>();
        all().stream().filter(n -> !world.isVoter(n) && random.nextBoolean()).forEach(learners::add);
        announce(learners);
    }

    /** Voters hear of it at different times, or not in this life if they are down: they start with what is true then. */
    void announce(Set<NodeId> learners) {
        world.learners = learners;
        world.trace.world("learners: " + learners);
        for (Shell shell : running()) {
            if (world.isVoter(shell.id())) {
                world.timeline.after(random.nextLong(100_000), () -> shell.deliver(new Input.Learners(world.learners)));
            }
        }
    }
}
