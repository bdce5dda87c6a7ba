package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.MembershipChange;
import io.millrace.partition.raft.MembershipChange.AddLearner;
import io.millrace.partition.raft.MembershipChange.Demote;
import io.millrace.partition.raft.MembershipChange.Promote;
import io.millrace.partition.raft.MembershipChange.Remove;
import io.millrace.partition.raft.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Who may be added, promoted, demoted, removed, and harmed. So much that there could never be a leader again is not done:
 * a group of whose voters a majority has lost their disks is lost, and safe, and shows nothing more.
 */
final class MembershipChanges {
    private final World world;
    private final SplittableRandom random;

    MembershipChanges(World world, SplittableRandom random) {
        this.world = world;
        this.random = random;
    }

    /** Asks one who may believe to lead, for something that may make sense. */
    void ask(Shell shell) {
        Membership present = shell.core().membership();
        List<NodeId> all = new ArrayList<>(world.members.keySet());
        NodeId any = all.get(random.nextInt(all.size()));
        MembershipChange change;
        if (!present.contains(any)) {
            change = new AddLearner(any);
        } else if (!present.isVoter(any)) {
            change = random.nextInt(4) > 0 ? new Promote(any) : new Remove(any);
        } else {
            change = random.nextBoolean() ? new Demote(any) : new Remove(any);
        }
        shell.deliver(new Input.ChangeMembership(change));
    }

    /** Asked when it would be begun: nobody loses a healthy voter while another one is harmed, nor gets a harmed one. */
    boolean mayBegin(MembershipChange change) {
        Member member = world.members.get(change.node());
        if (change instanceof AddLearner) {
            return member != null && !member.isHarmed();
        } else if (change instanceof Promote) {
            return member != null && member.isWhole();
        }
        return world.members.values().stream().allMatch(Member::isWhole);
    }

    /**
     * Whether, whatever configuration is in effect, and if its harmed learners are promoted, most voters are whole. Who comes
     * back after it lost its disk is not until it votes again:
     *
     * <pre>
     *   1  2  3 returning  4  5 returning     voters are 1, 2 and 4; 4 leads, and makes 5 a voter: 1, 2, 4 and 5
     *   2 has that entry; 5 has it not, but the first entry of 4's next term in its place
     *   4 loses its disk                      2 needs three of four votes; 5 has the better log, refuses,
     *                                         and does not stand for election, being no voter by its own log
     * </pre>
     *
     * Three lost disks are then too many for five, although never more than one of the voters had lost its own.
     */
    boolean mayHarm(Member harmed) {
        return world.checks.possibleConfigurations().allMatch(configuration -> {
            long whole = 0;
            long voters = 0;
            for (NodeId node : configuration.members().keySet()) {
                Member member = world.members.get(node);
                boolean isWhole = member != null
                        && member != harmed
                        && member.isWhole()
                        && configuration.incarnationOf(node) == member.incarnation();
                if (configuration.isVoter(node) || isReturning(configuration, node) || !isWhole) {
                    voters++;
                    whole += isWhole && configuration.isVoter(node) ? 1 : 0;
                }
            }
            return !configuration.contains(harmed.id) || whole > voters / 2;
        });
    }

    private static boolean isReturning(Membership configuration, NodeId node) {
        Membership.Member member = configuration.members().get(node);
        return member != null && member.standing() == Membership.Standing.RETURNING;
    }
}
