package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Each topic by itself, in runs of neighbours: partition n of topics with as many partitions goes to one member, so that it can
 * join what belongs together. The first members get one more where a topic cannot be divided evenly.
 */
final class RangeAssignor implements Assignor {
    @Override
    public String name() {
        return Assignors.RANGE;
    }

    @Override
    public Map<String, Set<PartitionKey>> assign(Sharing sharing) {
        Map<Long, List<PartitionKey>> byTopic = new TreeMap<>();
        for (PartitionKey partition : sharing.partitions().keySet()) {
            byTopic.computeIfAbsent(partition.topicId(), id -> new ArrayList<>())
                    .add(partition);
        }
        Map<Long, List<Sharing.Member>> readers = sharing.readers();
        Shares shares = new Shares(sharing);
        byTopic.forEach((topic, partitions) -> {
            List<Sharing.Member> among = readers.getOrDefault(topic, List.of());
            int next = 0;
            for (int i = 0; i < among.size(); i++) {
                int share = partitions.size() / among.size() + (i < partitions.size() % among.size() ? 1 : 0);
                for (PartitionKey partition : partitions.subList(next, next + share)) {
                    shares.give(partition, among.get(i));
                }
                next += share;
            }
        });
        return shares.result();
    }
}
