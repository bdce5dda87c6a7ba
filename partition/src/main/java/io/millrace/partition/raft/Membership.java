package io.millrace.partition.raft;

import java.util.Collections;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who takes part in a group. Voters elect and make up the quorum; learners receive the log and count for nothing.
 */
public record Membership(NavigableSet<NodeId> voters, NavigableSet<NodeId> learners) {
    public Membership {
        voters = Collections.unmodifiableNavigableSet(new TreeSet<>(voters));
        learners = Collections.unmodifiableNavigableSet(new TreeSet<>(learners));
        if (voters.isEmpty()) {
            throw new IllegalArgumentException("a group needs at least one voter");
        }
        if (voters.stream().anyMatch(learners::contains)) {
            throw new IllegalArgumentException("a member is either a voter or a learner: " + voters + ", " + learners);
        }
    }

    public static Membership ofVoters(Set<NodeId> voters) {
        return new Membership(new TreeSet<>(voters), new TreeSet<>());
    }

    public Membership withLearners(Set<NodeId> newLearners) {
        return new Membership(voters, new TreeSet<>(newLearners));
    }

    /** The number of voters that make a majority. */
    public int quorum() {
        return voters.size() / 2 + 1;
    }

    public boolean isVoter(NodeId node) {
        return voters.contains(node);
    }
}
