package io.millrace.broker.group.state;

import io.millrace.broker.routing.PartitionKey;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is asked of a coordinator. Names and sizes have been checked.
 *
 * <p>Brokers of two versions send each other these: a component may be added with a meaning for its absence, and is never renamed.
 */
public sealed interface GroupCommand {
    /**
     * Joins (epoch 0), or says that the member lives and what it owns. Answers: {@link GroupReply.Assigned}, or refused.
     *
     * @param membership must be there when joining; otherwise a change
     * @param owned all that the member acts on
     */
    record Heartbeat(
            String group, String memberId, long epoch, Optional<Membership> membership, Set<PartitionKey> owned)
            implements GroupCommand {}

    /** Answers: {@link GroupReply.Done}. */
    record Leave(String group, String memberId, boolean keepPlace) implements GroupCommand {}

    /**
     * Answers: {@link GroupReply.OffsetsCommitted}, or refused.
     *
     * @param memberId empty: of nobody, in a group without members
     * @param allowBack whether lower offsets than those committed hold
     */
    record Commit(String group, String memberId, long epoch, List<PartitionOffset> offsets, boolean allowBack)
            implements GroupCommand {}

    /** @param topic its name, for answers */
    record PartitionOffset(PartitionKey partition, String topic, Committed committed) {}

    /**
     * Answers: {@link GroupReply.Offsets}, or refused.
     *
     * @param memberId empty: of nobody
     */
    record FetchOffsets(String group, String memberId, long epoch) implements GroupCommand {}

    /** Answers: {@link GroupReply.Listed}. */
    record ListGroups() implements GroupCommand {}

    /** Answers: {@link GroupReply.Described}, or refused. */
    record Describe(String group) implements GroupCommand {}

    /** Answers: {@link GroupReply.Done}, or refused. */
    record Delete(String group) implements GroupCommand {}
}
