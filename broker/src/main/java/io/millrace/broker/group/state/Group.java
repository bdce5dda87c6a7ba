package io.millrace.broker.group.state;

import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** One group, as the facts say. */
public final class Group {
    private final String name;
    private long epoch;
    private long emptyMillis;
    private final SortedMap<String, Member> members = new TreeMap<>();
    private final SortedMap<PartitionKey, Committed> offsets = new TreeMap<>();

    Group(String name) {
        this.name = name;
    }

    /** The only way in which it changes. */
    void apply(Fact fact) {
        if (fact instanceof Fact.GroupIs is) {
            epoch = is.epoch();
            emptyMillis = is.emptyMillis();
        } else if (fact instanceof Fact.MemberIs is) {
            members.put(is.memberId(), is.member());
        } else if (fact instanceof Fact.MemberGone gone) {
            members.remove(gone.memberId());
        } else if (fact instanceof Fact.OffsetIs is) {
            offsets.put(is.partition(), is.committed());
        } else if (fact instanceof Fact.OffsetGone gone) {
            offsets.remove(gone.partition());
        } else {
            throw new IllegalStateException("no rule for " + fact);
        }
    }

    /** All that holds: applied to nothing, they make this group. */
    List<Fact> facts() {
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact.GroupIs(name, epoch, emptyMillis));
        members.forEach((id, member) -> facts.add(new Fact.MemberIs(name, id, member)));
        offsets.forEach((partition, committed) -> facts.add(new Fact.OffsetIs(name, partition, committed)));
        return facts;
    }

    public String name() {
        return name;
    }

    public long epoch() {
        return epoch;
    }

    long emptyMillis() {
        return emptyMillis;
    }

    public SortedMap<String, Member> members() {
        return Collections.unmodifiableSortedMap(members);
    }

    public SortedMap<PartitionKey, Committed> offsets() {
        return Collections.unmodifiableSortedMap(offsets);
    }

    Optional<Member> member(String id) {
        return Optional.ofNullable(members.get(id));
    }

    /** Who has each partition, or has not let go of it yet. */
    public Map<PartitionKey, String> holders() {
        Map<PartitionKey, String> holders = new HashMap<>();
        members.forEach((id, member) -> {
            member.owned().forEach(held -> holders.put(held.partition(), id));
            member.revoking().forEach(held -> holders.put(held.partition(), id));
        });
        return holders;
    }

    public GroupReply.State state() {
        if (members.isEmpty()) {
            return GroupReply.State.EMPTY;
        }
        boolean settled = members.values().stream()
                .allMatch(member -> member.revoking().isEmpty()
                        && (member.away() || member.ownedSince().keySet().equals(member.target())));
        return settled ? GroupReply.State.STABLE : GroupReply.State.REBALANCING;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Group that && facts().equals(that.facts());
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, epoch, members, offsets);
    }

    @Override
    public String toString() {
        return facts().toString();
    }
}
