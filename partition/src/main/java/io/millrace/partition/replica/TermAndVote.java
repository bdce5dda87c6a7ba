package io.millrace.partition.replica;

import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.NodeId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@link HardState} as it lies in the journal: both the event (it became this) and the state.
 *
 * @param vote a broker id; null for none
 */
record TermAndVote(long term, @Nullable Integer vote) implements ControlMessage {
    static TermAndVote of(HardState state) {
        return new TermAndVote(state.term(), state.vote().map(NodeId::value).orElse(null));
    }

    HardState toHardState() {
        return new HardState(term, Optional.ofNullable(vote).map(NodeId::new));
    }
}
