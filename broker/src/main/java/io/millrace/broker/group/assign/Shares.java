package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Who gets what, while it is being worked out. */
final class Shares {
    private final Map<String, SortedSet<PartitionKey>> byMember = new LinkedHashMap<>();
    private final Map<PartitionKey, Sharing.Member> owners = new HashMap<>();

    Shares(Sharing sharing) {
        sharing.members().forEach(member -> byMember.put(member.id(), new TreeSet<>()));
    }

    void give(PartitionKey partition, Sharing.Member to) {
        Sharing.Member before = owners.put(partition, to);
        if (before != null) {
            of(before).remove(partition);
        }
        of(to).add(partition);
    }

    Optional<Sharing.Member> ownerOf(PartitionKey partition) {
        return Optional.ofNullable(owners.get(partition));
    }

    boolean isGiven(PartitionKey partition) {
        return owners.containsKey(partition);
    }

    SortedSet<PartitionKey> of(Sharing.Member member) {
        return byMember.getOrDefault(member.id(), new TreeSet<>());
    }

    int count(Sharing.Member member) {
        return of(member).size();
    }

    Map<String, Set<PartitionKey>> result() {
        return new LinkedHashMap<>(byMember);
    }
}
