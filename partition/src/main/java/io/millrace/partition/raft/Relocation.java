package io.millrace.partition.raft;

import io.millrace.partition.raft.Membership.Standing;
import java.util.Comparator;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The way from the members that a group has to those that it shall have (decision 018), one change at a time:
 *
 * <pre>
 *   1, 2, 3              4 becomes a learner, and votes when it has caught up
 *   1, 2, 3, 4           one too many: 2 goes, or first of all one that is away
 *   1, 3, 4              and so on, until all that vote shall, but perhaps the leader
 *   1, 4, 5, 6           the leader shall not: it hands over to one that shall, and that one removes it
 *   4, 5, 6
 * </pre>
 *
 * <p>So a group never has fewer voters on its way than it has at the beginning or shall have at the end, whichever is less, and one more
 * than it shall have at most, if it began with no more. No step is taken after which those who are at hand would be no majority: what has begun would not
 * end. What the next step is depends on nothing but what is given here; who leads next goes on.
 */
final class Relocation {
    sealed interface Step {}

    record Change(MembershipChange change) implements Step {}

    /** To any voter that shall be one, and has caught up. */
    record HandOver() implements Step {}

    /** What the leader knows of another member. */
    interface Peers {
        /** Whether it has, or will soon have, all of the log. */
        boolean hasCaughtUp(NodeId node);

        /** Whether it has not been heard of lately. */
        boolean isSilent(NodeId node);
    }

    private final Membership present;
    private final NodeId leader;
    private final NavigableSet<NodeId> target;
    private final Peers peers;

    private Relocation(Membership present, NodeId leader, NavigableSet<NodeId> target, Peers peers) {
        this.present = present;
        this.leader = leader;
        this.target = target;
        this.peers = peers;
    }

    /** Whether nothing is left to be done. */
    static boolean isDone(Membership present, NavigableSet<NodeId> target) {
        return present.voters().equals(target) && present.learners().isEmpty();
    }

    /** Empty if it is done, or must wait for a member. */
    static Optional<Step> next(Membership present, NodeId leader, NavigableSet<NodeId> target, Peers peers) {
        return new Relocation(present, leader, target, peers).next();
    }

    private Optional<Step> next() {
        return strayLearner()
                .or(this::removal)
                .or(this::promotion)
                .or(this::addition)
                .<Step>map(Change::new)
                .or(this::handOver);
    }

    private Optional<MembershipChange> strayLearner() {
        return present.learners().stream()
                .filter(node -> !target.contains(node))
                .findFirst()
                .map(MembershipChange.Remove::new);
    }

    private Optional<MembershipChange> removal() {
        if (!isOneTooMany()) {
            return Optional.empty();
        }
        return tooMany()
                .filter(node -> !node.equals(leader))
                .min(Comparator.comparing(this::isAtHand).thenComparing(Comparator.naturalOrder()))
                .<MembershipChange>map(MembershipChange.Remove::new)
                .filter(this::leavesMajorityAtHand);
    }

    private boolean isOneTooMany() {
        return isFull() || present.voters().containsAll(target);
    }

    private boolean isFull() {
        return present.voters().size() > target.size();
    }

    private Stream<NodeId> tooMany() {
        return present.voters().stream().filter(node -> !target.contains(node));
    }

    /** Those that lost their disk, {@link Standing#RETURNING}, get their vote back without this. */
    private Optional<MembershipChange> promotion() {
        return isFull()
                ? Optional.empty()
                : target.stream()
                        .filter(node -> present.has(node, Standing.LEARNER) && peers.hasCaughtUp(node))
                        .findFirst()
                        .<MembershipChange>map(MembershipChange.Promote::new)
                        .filter(this::leavesMajorityAtHand);
    }

    /** One learner at a time is given the log; one that does not listen holds nobody up. */
    private Optional<MembershipChange> addition() {
        boolean isBusy = present.learners().stream().anyMatch(node -> !peers.isSilent(node));
        return isBusy || isFull()
                ? Optional.empty()
                : target.stream()
                        .filter(node -> !present.contains(node))
                        .findFirst()
                        .map(MembershipChange.AddLearner::new);
    }

    private Optional<Step> handOver() {
        boolean isInTheWay = !target.contains(leader) && isOneTooMany();
        boolean isLast = tooMany().allMatch(leader::equals);
        boolean hasHeir = present.voters().stream().anyMatch(node -> target.contains(node) && peers.hasCaughtUp(node));
        return isInTheWay && isLast && hasHeir ? Optional.of(new HandOver()) : Optional.empty();
    }

    private boolean leavesMajorityAtHand(MembershipChange change) {
        NavigableSet<NodeId> voters = change.applyTo(present).voters();
        TreeSet<NodeId> atHand = new TreeSet<>(voters);
        atHand.removeIf(node -> !isAtHand(node));
        return Quorum.isMajority(voters, atHand);
    }

    private boolean isAtHand(NodeId node) {
        return node.equals(leader) || peers.hasCaughtUp(node);
    }
}
