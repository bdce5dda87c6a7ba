package io.millrace.partition.raft;

import java.util.List;
import java.util.Optional;

/**
 * What a member must never forget (Raft §5.2, "persistent state on all servers", less the log itself).
 *
 * @param term the latest term seen
 * @param vote who got this member's vote in that term
 * @param incarnation of the member's disk; 0 for the first one of a founder of the group; of each further one {@link
 *     #nextIncarnation}, or random if the one before is not known
 * @param recovering this disk is not the member's first, or the member did not found the group: it may have promised what it
 *     does not know of, and has no vote until it knows of a committed configuration that names this incarnation
 * @param configurations what {@link ConfigurationHistory} knows, in its order
 */
public record HardState(
        long term, Optional<NodeId> vote, long incarnation, boolean recovering, List<Configuration> configurations) {
    public static final HardState INITIAL = new HardState(0, Optional.empty());

    public HardState {
        configurations = List.copyOf(configurations);
    }

    public HardState(long term, Optional<NodeId> vote) {
        this(term, vote, 0, false, List.of());
    }

    /**
     * What a member begins with that has lost its disk, or part of it, or joins.
     *
     * @param term not earlier than that of the last entry in its log, if it still has one
     * @param vote in that term, if that is known
     * @param incarnation a new one, not 0
     */
    public static HardState recovering(long term, Optional<NodeId> vote, long incarnation) {
        if (incarnation == 0) {
            throw new IllegalArgumentException("0 is the incarnation of who has lost nothing");
        }
        return new HardState(term, vote, incarnation, true, List.of());
    }

    /** What follows an incarnation that is known. Never 0. */
    public static long nextIncarnation(long incarnation) {
        return incarnation == -1 ? 1 : incarnation + 1;
    }

    HardState recovered() {
        return new HardState(term, vote, incarnation, false, configurations);
    }

    HardState inTerm(long newTerm) {
        return new HardState(newTerm, Optional.empty(), incarnation, recovering, configurations);
    }

    HardState votingFor(NodeId candidate) {
        return new HardState(term, Optional.of(candidate), incarnation, recovering, configurations);
    }

    HardState noting(List<Configuration> known) {
        return new HardState(term, vote, incarnation, recovering, known);
    }
}
