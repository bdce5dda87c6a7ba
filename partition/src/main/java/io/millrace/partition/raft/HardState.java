package io.millrace.partition.raft;

import java.util.Optional;

/**
 * What a member must never forget (Raft §5.2, "persistent state on all servers", less the log itself).
 *
 * @param term the latest term seen
 * @param vote who got this member's vote in that term
 */
public record HardState(long term, Optional<NodeId> vote) {
    public static final HardState INITIAL = new HardState(0, Optional.empty());

    HardState inTerm(long newTerm) {
        return new HardState(newTerm, Optional.empty());
    }

    HardState votingFor(NodeId candidate) {
        return new HardState(term, Optional.of(candidate));
    }
}
