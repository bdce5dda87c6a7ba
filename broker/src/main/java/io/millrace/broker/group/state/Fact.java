package io.millrace.broker.group.state;

import io.millrace.broker.routing.PartitionKey;

/**
 * What the log of a coordinator says. Of facts about one thing the last holds, and nothing else: so a log whose beginning is gone
 * says the same, if every fact that still held then is told again after the cut.
 */
public sealed interface Fact {
    String group();

    /**
     * Of the group itself.
     *
     * @param epoch counts the changes of its members and of what they own
     * @param emptyMillis for how long, at least, it has had no members
     */
    record GroupIs(String group, long epoch, long emptyMillis) implements Fact {}

    /** With everything that belongs to it. */
    record GroupGone(String group) implements Fact {}

    record MemberIs(String group, String memberId, Member member) implements Fact {}

    record MemberGone(String group, String memberId) implements Fact {}

    record OffsetIs(String group, PartitionKey partition, Committed committed) implements Fact {}

    record OffsetGone(String group, PartitionKey partition) implements Fact {}
}
