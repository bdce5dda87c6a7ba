package io.millrace.broker.group.state;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The groups of one coordinator: what its log comes to. */
public final class GroupTable {
    private final SortedMap<String, Group> groups = new TreeMap<>();

    /** Takes any fact at any time, since the log may begin in the middle of a group's life. */
    public void apply(Fact fact) {
        if (fact instanceof Fact.GroupGone gone) {
            groups.remove(gone.group());
        } else if (fact instanceof Fact.MemberGone || fact instanceof Fact.OffsetGone) {
            group(fact.group()).ifPresent(known -> known.apply(fact));
        } else {
            groups.computeIfAbsent(fact.group(), Group::new).apply(fact);
        }
    }

    /** All that holds: applied to an empty table, they make this one. */
    public List<Fact> facts() {
        List<Fact> facts = new ArrayList<>();
        groups.values().forEach(group -> facts.addAll(group.facts()));
        return facts;
    }

    public SortedMap<String, Group> groups() {
        return Collections.unmodifiableSortedMap(groups);
    }

    public Optional<Group> group(String name) {
        return Optional.ofNullable(groups.get(name));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GroupTable that && groups.equals(that.groups);
    }

    @Override
    public int hashCode() {
        return groups.hashCode();
    }

    @Override
    public String toString() {
        return groups.toString();
    }
}
