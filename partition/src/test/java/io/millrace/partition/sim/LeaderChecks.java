package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.raft.Role;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What is expected of leaders beyond safety: no others in their place without need, not without a majority, no floods. */
final class LeaderChecks {
    /** Elections may be under way for so long after somebody has won one. */
    private static final long SETTLES_MICROS = 10_000_000;

    private record Hearing(NodeId leader, NodeId from) {}

    private final World world;
    private final RaftSettings settings;
    private final boolean onlyDisksAreSlow;
    /** By the leader's own clock, in milliseconds; also when it began to lead, and when it slept last. */
    private final Map<Hearing, Long> heardMillis = new HashMap<>();

    private final Map<NodeId, Membership> memberships = new HashMap<>();
    private final Set<NodeId> asleep = new TreeSet<>();
    private @Nullable NodeId elected;
    private long electedMicros = Long.MAX_VALUE;
    /** Somebody else is to lead: that is no deposition. */
    private long handedOverMicros = Long.MIN_VALUE / 2;

    LeaderChecks(World world) {
        this.world = world;
        this.settings = world.scenario.settings();
        this.onlyDisksAreSlow =
                world.scenario.faults().areSlowDisksAtMost() && settings.quiesceAfterMillis() == RaftSettings.NEVER;
    }

    void roleChanged(NodeId node, Output.RoleChange change) {
        boolean peaceful = onlyDisksAreSlow && world.faults.equals(world.scenario.faults());
        boolean settled = electedMicros != Long.MAX_VALUE
                && world.timeline.nowMicros() > Math.max(electedMicros, handedOverMicros) + SETTLES_MICROS;
        world.checks.check(
                !peaceful || !settled || (change.role() == Role.FOLLOWER && !node.equals(elected)),
                Property.SLOW_DISKS_DEPOSE_NOBODY,
                "%s becomes %s in term %s",
                node,
                change.role(),
                change.term());
        if (change.role() == Role.LEADER) {
            elected = node;
            electedMicros = world.timeline.nowMicros();
            world.members.keySet().forEach(member -> heard(node, member));
        }
    }

    void handedOver() {
        handedOverMicros = world.timeline.nowMicros();
    }

    private void heard(NodeId by, NodeId from) {
        Member member = world.members.get(by);
        if (member != null) {
            heardMillis.put(new Hearing(by, from), member.clock.nowMillis());
        }
    }

    void stepped(Shell shell, Input input) {
        if (!shell.believesToLead()) {
            asleep.remove(shell.id());
            return;
        }
        if (shell.core().isAsleep()) {
            asleep.add(shell.id());
        } else if (asleep.remove(shell.id())) {
            world.members.keySet().forEach(member -> heard(shell.id(), member));
        } else if (input instanceof Input.Received received
                && received.message().term() == shell.core().term()) {
            heard(shell.id(), received.message().from());
        } else if (input instanceof Input.TimePassed) {
            hearsMajority(shell);
        } else if (input instanceof Input.Sent) {
            isWithinWindow(shell);
        }
    }

    private void hearsMajority(Shell leader) {
        Membership membership = leader.core().membership();
        if (!membership.equals(memberships.put(leader.id(), membership))) {
            membership.voters().forEach(voter -> heard(leader.id(), voter)); // some may be new
        }
        long now = leader.member.clock.nowMillis();
        long patience = settings.electionTimeoutMillisMax() + settings.electionTimeoutMillisMin();
        long heard = membership.voters().stream()
                .filter(voter -> voter.equals(leader.id())
                        || now - heardMillis.getOrDefault(new Hearing(leader.id(), voter), 0L) <= patience)
                .count();
        world.checks.check(
                heard >= membership.quorum(),
                Property.LEADER_HEARS_MAJORITY,
                "%s leads term %s and has heard of %s voters only within %s ms",
                leader.id(),
                leader.core().term(),
                heard,
                patience);
    }

    private void isWithinWindow(Shell leader) {
        for (Map.Entry<NodeId, RaftStatus.Peer> peer :
                leader.core().status().peers().entrySet()) {
            long most =
                    settings.inflightBytesMax() + (long) Math.max(settings.appendBytesMax(), Batches.ENTRY_BYTES_MAX);
            world.checks.check(
                    peer.getValue().inflightBytes() <= most,
                    Property.BOUNDED,
                    "%s bytes are on their way from %s to %s",
                    peer.getValue().inflightBytes(),
                    leader.id(),
                    peer.getKey());
        }
    }
}
