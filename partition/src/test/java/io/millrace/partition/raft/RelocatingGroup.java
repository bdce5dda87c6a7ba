package io.millrace.partition.raft;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A group whose members change, without its log: {@link Relocation} says how it goes on, and who has all that is committed is a set. Something is
 * committed in each tick in which a majority of the voters can be reached. For simulations of those that ask groups to move.
 */
public final class RelocatingGroup {
    private static final int CATCH_UP_TICKS_MAX = 6;
    private static final int NEVER_ASKED = -1;

    private Membership present;
    private NavigableSet<NodeId> target;
    /** Which wish {@link #target} is. */
    private long targetIndex = NEVER_ASKED;

    private @Nullable NodeId leader;
    /** Members that have all that is committed. */
    private final Set<NodeId> complete;

    private final Map<NodeId, Integer> ticksBehind = new HashMap<>();

    public RelocatingGroup(List<Integer> founders) {
        this.target = nodes(founders);
        this.present = Membership.ofVoters(target);
        this.complete = new TreeSet<>(target);
    }

    private static NavigableSet<NodeId> nodes(List<Integer> brokers) {
        return brokers.stream().map(NodeId::new).collect(Collectors.toCollection(TreeSet::new));
    }

    public Set<Integer> voters() {
        return present.voters().stream().map(NodeId::value).collect(Collectors.toCollection(TreeSet::new));
    }

    public boolean hasLearners() {
        return !present.learners().isEmpty();
    }

    /** The broker of its leader. */
    public Optional<Integer> leader() {
        return Optional.ofNullable(leader).map(NodeId::value);
    }

    /** Its leader hears where it shall be; an older wish than the one that it has means nothing. */
    public void asked(List<Integer> brokers, long index) {
        if (index > targetIndex) {
            target = nodes(brokers);
            targetIndex = index;
        }
    }

    /** The wish that is fulfilled; empty if one is not, or none ever was. */
    public OptionalLong done() {
        return leader != null && targetIndex != NEVER_ASKED && Relocation.isDone(present, target)
                ? OptionalLong.of(targetIndex)
                : OptionalLong.empty();
    }

    /**
     * Time passes.
     *
     * @throws IllegalStateException if a leader would be elected that lacks something that is committed
     */
    public void tick(IntPredicate up, Random random) {
        Set<NodeId> reachable = present.members().keySet().stream()
                .filter(node -> up.test(node.value()))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!Quorum.isMajority(present.voters(), reachable)) {
            leader = null;
            return;
        }
        if (leader == null || !reachable.contains(leader)) {
            leader = elected(reachable, random);
        }
        for (NodeId node : reachable) {
            if (!complete.contains(node) && ticksBehind.merge(node, -1, Integer::sum) <= 0) {
                complete.add(node);
            }
        }
        Set<NodeId> listening = new TreeSet<>(reachable);
        listening.retainAll(complete);
        if (!Quorum.isMajority(present.voters(), listening)) {
            return;
        }
        commit(listening, random);
        Relocation.next(present, leader, target, peers(reachable)).ifPresent(step -> take(step, listening, random));
    }

    private NodeId elected(Set<NodeId> reachable, Random random) {
        List<NodeId> able = reachable.stream()
                .filter(node -> present.isVoter(node) && complete.contains(node))
                .toList();
        if (able.isEmpty()) {
            throw new IllegalStateException("of " + present.voters() + " a majority is up, " + reachable
                    + ", and none of it has what is committed: only " + complete);
        }
        return able.get(random.nextInt(able.size()));
    }

    /** Who is away lacks it from then on. */
    private void commit(Set<NodeId> listening, Random random) {
        for (NodeId node : present.members().keySet()) {
            if (!listening.contains(node) && complete.remove(node)) {
                ticksBehind.put(node, 1 + random.nextInt(CATCH_UP_TICKS_MAX));
            }
        }
    }

    private Relocation.Peers peers(Set<NodeId> reachable) {
        return new Relocation.Peers() {
            @Override
            public boolean hasCaughtUp(NodeId node) {
                return reachable.contains(node) && complete.contains(node);
            }

            @Override
            public boolean isSilent(NodeId node) {
                return !reachable.contains(node);
            }
        };
    }

    private void take(Relocation.Step step, Set<NodeId> listening, Random random) {
        if (step instanceof Relocation.HandOver) {
            leader = listening.stream()
                    .filter(node -> present.isVoter(node) && target.contains(node))
                    .findFirst()
                    .orElseThrow();
        } else if (step instanceof Relocation.Change change) {
            Membership next = change.change().applyTo(present);
            if (!Quorum.isMajority(next.voters(), listening)) {
                throw new IllegalStateException(change + " of " + present + " cannot be committed by " + listening);
            }
            if (change.change() instanceof MembershipChange.AddLearner added) {
                ticksBehind.put(added.node(), 1 + random.nextInt(CATCH_UP_TICKS_MAX));
            } else if (change.change() instanceof MembershipChange.Remove removed) {
                complete.remove(removed.node());
            }
            present = next;
        }
    }
}
