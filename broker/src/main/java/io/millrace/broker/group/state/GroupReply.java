package io.millrace.broker.group.state;

import io.millrace.broker.Failure;
import io.millrace.broker.routing.PartitionKey;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** How a coordinator answers a {@link GroupCommand}; the rule for changes is the same. */
public sealed interface GroupReply {
    record Refused(Failure failure) implements GroupReply {}

    record Done() implements GroupReply {}

    /**
     * Where a member stands.
     *
     * @param assignment all that it may act on
     * @param names of the topics, by id
     */
    record Assigned(
            long memberEpoch,
            List<PartitionKey> assignment,
            SortedMap<Long, String> names,
            long sessionTimeoutMillis,
            long rebalanceTimeoutMillis)
            implements GroupReply {
        /** At which members are to be heard of. */
        public long heartbeatIntervalMillis() {
            return sessionTimeoutMillis / 3;
        }
    }

    /** One for each partition of the command, in order. */
    record OffsetsCommitted(List<CommitOutcome> outcomes) implements GroupReply {}

    /**
     * One of the two is there.
     *
     * @param offset that is committed now
     */
    record CommitOutcome(Optional<Long> offset, Optional<Failure> refusal) {}

    /** @param names of the topics, by id */
    record Offsets(List<OffsetOf> offsets, SortedMap<Long, String> names) implements GroupReply {}

    record OffsetOf(PartitionKey partition, Committed committed) {}

    record Listed(List<Summary> groups) implements GroupReply {}

    record Summary(String group, State state, int members) {}

    enum State {
        EMPTY,
        REBALANCING,
        STABLE
    }

    /**
     * The whole group.
     *
     * @param assignor the one in use
     * @param names of the topics, by id
     */
    record Described(
            String group,
            State state,
            long epoch,
            String assignor,
            SortedMap<String, Member> members,
            List<OffsetOf> offsets,
            SortedMap<Long, String> names)
            implements GroupReply {}
}
