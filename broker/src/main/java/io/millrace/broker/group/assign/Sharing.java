package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is to be shared out, and among whom.
 *
 * @param members in an order that does not change when a static member is started anew
 * @param partitions of all topics that any member reads, with the racks of the brokers that hold them
 */
public record Sharing(List<Member> members, SortedMap<PartitionKey, Set<String>> partitions) {
    /**
     * One of those who share.
     *
     * @param name instance id, or member id for members without one
     * @param rack empty: anywhere
     * @param topicIds that it reads
     * @param current what it should have had so far; some of it may be gone
     */
    public record Member(String id, String name, String rack, Set<Long> topicIds, Set<PartitionKey> current) {
        public Member {
            topicIds = Set.copyOf(topicIds);
            current = Set.copyOf(current);
        }

        public boolean reads(PartitionKey partition) {
            return topicIds.contains(partition.topicId());
        }
    }

    private static final Comparator<Member> ORDER =
            Comparator.comparing(Member::name).thenComparing(Member::id);

    public Sharing {
        List<Member> sorted = new ArrayList<>(members);
        sorted.sort(ORDER);
        members = Collections.unmodifiableList(sorted);
        partitions = Collections.unmodifiableSortedMap(new TreeMap<>(partitions));
    }

    /** Who reads each topic, by its id, in order. */
    public Map<Long, List<Member>> readers() {
        Map<Long, List<Member>> readers = new HashMap<>();
        for (Member member : members) {
            member.topicIds().forEach(topic -> readers.computeIfAbsent(topic, id -> new ArrayList<>())
                    .add(member));
        }
        return readers;
    }

    /** Whether one of the partition's replicas is in the member's rack. */
    public boolean isNear(PartitionKey partition, Member member) {
        return !member.rack().isEmpty()
                && partitions.getOrDefault(partition, Set.of()).contains(member.rack());
    }
}
