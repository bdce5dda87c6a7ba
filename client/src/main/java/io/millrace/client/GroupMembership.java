package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a member of a group may do and has to tell, by the rules in {@code groups.proto}. It is given an assignment, acts on the
 * partitions that it has begun with, and lets go of those that are in it no more, before others may begin with these.
 */
final class GroupMembership {
    /** A partition of a topic, told apart from one of an earlier topic of the same name. */
    record Owned(long topicId, TopicPartition partition) {}

    private final String memberId;
    private long epoch;
    private Set<Owned> assignment = Set.of();
    /** Begun, and not let go of. */
    private final Set<Owned> acting = new LinkedHashSet<>();

    /** @param memberId unlike any other, for one membership only */
    GroupMembership(String memberId) {
        this.memberId = memberId;
    }

    String memberId() {
        return memberId;
    }

    /** Of the last answer; 0 before the first. */
    long epoch() {
        return epoch;
    }

    /**
     * What an answer says.
     *
     * @return whether it is news: another assignment
     */
    boolean answered(long newEpoch, Set<Owned> newAssignment) {
        if (newEpoch <= epoch) {
            return false; // the same, or one that was overtaken
        }
        epoch = newEpoch;
        assignment = Set.copyOf(newAssignment);
        return true;
    }

    /** What it is to begin with: all that is new, and of which it does not still act on a namesake. */
    Set<Owned> toBegin() {
        Set<TopicPartition> names = acting.stream().map(Owned::partition).collect(Collectors.toSet());
        return assignment.stream()
                .filter(owned -> !names.contains(owned.partition()))
                .collect(Collectors.toSet());
    }

    /** What it is to let go of. */
    Set<Owned> toLetGo() {
        Set<Owned> leaving = new HashSet<>(acting);
        leaving.removeAll(assignment);
        return leaving;
    }

    /** What it acts on. */
    Set<Owned> acting() {
        return Set.copyOf(acting);
    }

    /** Acts on this one from now on, if it is still to. */
    boolean begin(Owned owned) {
        return toBegin().contains(owned) && acting.add(owned);
    }

    /** Does not act on these any more. */
    void letGo(Set<Owned> partitions) {
        acting.removeAll(partitions);
    }

    /** All that it acts on, or may begin to act on: within one epoch that never grows (rule 1). */
    Set<Owned> owned() {
        Set<Owned> all = new LinkedHashSet<>(assignment);
        all.addAll(acting);
        return all;
    }
}
