package io.millrace.controller;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The brokers that can be reached now: Up members of the cluster, none of which another member holds for unreachable.
 *
 * @param members the addresses of those members, with their uid, by broker id; normally one each, but two brokers may
 *     have been given the same id
 */
public record LiveBrokers(NavigableMap<Integer, NavigableSet<String>> members) {
    public static final LiveBrokers NONE = new LiveBrokers(new TreeMap<>());

    public LiveBrokers {
        NavigableMap<Integer, NavigableSet<String>> copy = new TreeMap<>();
        for (Map.Entry<Integer, NavigableSet<String>> entry : members.entrySet()) {
            if (!entry.getValue().isEmpty()) {
                copy.put(entry.getKey(), Collections.unmodifiableNavigableSet(new TreeSet<>(entry.getValue())));
            }
        }
        members = Collections.unmodifiableNavigableMap(copy);
    }

    public NavigableSet<Integer> ids() {
        return members.navigableKeySet();
    }

    public boolean contains(int brokerId) {
        return members.containsKey(brokerId);
    }

    boolean containsMajorityOf(Collection<Integer> brokers) {
        return brokers.stream().filter(this::contains).count() > brokers.size() / 2;
    }

    /** The other live members with the id of this one. */
    SortedSet<String> othersNamed(int brokerId, String memberAddress) {
        SortedSet<String> others = new TreeSet<>(members.getOrDefault(brokerId, Collections.emptyNavigableSet()));
        others.remove(memberAddress);
        return others;
    }
}
