package io.millrace.partition.raft;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who takes part in a group. Voters elect and make up the quorum; all others are learners, who receive the log and count
 * for nothing. Immutable.
 */
public final class Membership {
    public enum Standing {
        VOTER,
        LEARNER,
        /** A learner that was a voter until it lost its disk, and will be one again when it has caught up. */
        RETURNING
    }

    /**
     * @param incarnation which one of the lives of this member's disk counts: 0 for the first, a random number for each
     *     that began because the one before was lost
     */
    public record Member(Standing standing, long incarnation) {}

    private static final long FIRST_INCARNATION = 0;

    private final NavigableMap<NodeId, Member> members;
    private final NavigableSet<NodeId> voters;
    private final NavigableSet<NodeId> learners;

    /**
     * @throws IllegalArgumentException if nobody votes
     */
    public Membership(Map<NodeId, Member> members) {
        this.members = Collections.unmodifiableNavigableMap(new TreeMap<>(members));
        TreeSet<NodeId> voting = new TreeSet<>();
        TreeSet<NodeId> learning = new TreeSet<>();
        members.forEach((node, member) -> (member.standing() == Standing.VOTER ? voting : learning).add(node));
        this.voters = Collections.unmodifiableNavigableSet(voting);
        this.learners = Collections.unmodifiableNavigableSet(learning);
        if (voters.isEmpty()) {
            throw new IllegalArgumentException("a group needs at least one voter");
        }
    }

    public static Membership ofVoters(Set<NodeId> voters) {
        TreeMap<NodeId, Member> members = new TreeMap<>();
        voters.forEach(node -> members.put(node, new Member(Standing.VOTER, FIRST_INCARNATION)));
        return new Membership(members);
    }

    Membership with(NodeId node, Standing standing, long incarnation) {
        TreeMap<NodeId, Member> changed = new TreeMap<>(members);
        changed.put(node, new Member(standing, incarnation));
        return new Membership(changed);
    }

    Membership without(NodeId node) {
        TreeMap<NodeId, Member> changed = new TreeMap<>(members);
        changed.remove(node);
        return new Membership(changed);
    }

    public NavigableMap<NodeId, Member> members() {
        return members;
    }

    public NavigableSet<NodeId> voters() {
        return voters;
    }

    /** All that do not vote. */
    public NavigableSet<NodeId> learners() {
        return learners;
    }

    /** The number of voters that make a majority. */
    public int quorum() {
        return voters.size() / 2 + 1;
    }

    public boolean isVoter(NodeId node) {
        return voters.contains(node);
    }

    public boolean contains(NodeId node) {
        return members.containsKey(node);
    }

    boolean has(NodeId node, Standing standing) {
        Member member = members.get(node);
        return member != null && member.standing() == standing;
    }

    /** 0 for a node that is no member. */
    public long incarnationOf(NodeId node) {
        Member member = members.get(node);
        return member == null ? FIRST_INCARNATION : member.incarnation();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Membership that && members.equals(that.members);
    }

    @Override
    public int hashCode() {
        return members.hashCode();
    }

    /** For example {@code 1, 2, 3 returning #5f, 4 learner}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        members.forEach((node, member) -> {
            text.append(text.isEmpty() ? "" : ", ").append(node);
            if (member.standing() != Standing.VOTER) {
                text.append(' ').append(member.standing().name().toLowerCase(java.util.Locale.ROOT));
            }
            if (member.incarnation() != FIRST_INCARNATION) {
                text.append(" #").append(Long.toHexString(member.incarnation()));
            }
        });
        return text.toString();
    }
}
