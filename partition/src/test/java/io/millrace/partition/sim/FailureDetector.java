package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.NodeId;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Tells a sleeping member that a node it relies on cannot be reached, or was replaced: seconds late, and sometimes although
 * nothing is the matter.
 */
final class FailureDetector {
    private static final long LOOKS_EVERY_MICROS_MAX = 1_500_000;

    private final World world;
    private final SplittableRandom random;
    private long sleeps;

    FailureDetector(World world, SplittableRandom random) {
        this.world = world;
        this.random = random;
    }

    /** Until this member relies on others, or on nobody. */
    void watch(Shell sleeper, Set<NodeId> nodes) {
        if (!nodes.isEmpty()) {
            sleeps++;
            Map<NodeId, Integer> lives = new TreeMap<>();
            nodes.forEach(node -> lives.put(node, member(node).lives()));
            lookLater(sleeper, nodes, lives, false);
        }
    }

    /** How often a member fell asleep. */
    long sleeps() {
        return sleeps;
    }

    private void lookLater(Shell sleeper, Set<NodeId> nodes, Map<NodeId, Integer> lives, boolean suspicious) {
        world.timeline.after(1 + random.nextLong(LOOKS_EVERY_MICROS_MAX), () -> {
            if (sleeper.hasStopped() || sleeper.watched() != nodes) {
                return;
            }
            boolean falseAlarm = !world.faults.equals(Faults.NONE) && random.nextInt(30) == 0;
            boolean suspectsSomebody = false;
            for (Map.Entry<NodeId, Integer> node : lives.entrySet()) {
                boolean lost = world.conduct.detectsFailures() && isLost(sleeper.id(), node.getKey(), node.getValue());
                suspectsSomebody |= lost;
                if (falseAlarm || (lost && suspicious)) {
                    sleeper.deliver(new Input.PeerUnreachable(node.getKey()));
                    return;
                }
            }
            for (NodeId absent : sleeper.core().awaited()) {
                if (!isLost(sleeper.id(), absent, member(absent).lives())) {
                    sleeper.deliver(new Input.PeerReachable(absent));
                    return;
                }
            }
            lookLater(sleeper, nodes, lives, suspectsSomebody);
        });
    }

    /** What a leader that is awake believes, which may be wrong. */
    boolean believesReachable(NodeId from, NodeId node) {
        boolean wrong = !world.faults.equals(Faults.NONE) && random.nextInt(50) == 0;
        return wrong
                == (world.conduct.detectsFailures()
                        && isLost(from, node, member(node).lives()));
    }

    private boolean isLost(NodeId from, NodeId node, int life) {
        Shell shell = member(node).shell();
        return shell == null
                || !shell.isRunning()
                || member(node).lives() != life
                || world.network.isCut(from, node)
                || world.network.isCut(node, from);
    }

    private Member member(NodeId node) {
        return Objects.requireNonNull(world.members.get(node));
    }
}
