package io.millrace.controller.balance;

import io.millrace.controller.Samples;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.Placement;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/** A cluster of which only the leaders and what passes there are of interest. */
public final class SimulatedLeaders {
    static final String TOPIC = "orders";

    public final ClusterMetadata metadata;
    public final NavigableSet<Integer> alive;
    public final Map<PartitionId, Integer> leaders = new HashMap<>();
    long nowMillis = 1_000_000;

    public SimulatedLeaders(int brokers, int partitions, int replicationFactor) {
        int[] ids = IntStream.rangeClosed(1, brokers).toArray();
        ClusterMetadata registered = Samples.cluster(ids);
        alive = new TreeSet<>(registered.brokers().keySet());
        metadata = Samples.apply(
                registered,
                new MetadataCommand.CreateTopic(
                        1,
                        TOPIC,
                        replicationFactor,
                        Placement.place(registered, alive, ReplicaWeights.ALIKE, partitions, replicationFactor),
                        new TreeMap<>()));
        partitions().forEach(id -> leaders.put(id, topic().preferredLeader(id.partition())));
    }

    TopicMetadata topic() {
        return metadata.topic(TOPIC).orElseThrow();
    }

    List<PartitionId> partitions() {
        return IntStream.range(0, topic().partitionCount())
                .mapToObj(partition -> new PartitionId(topic().id(), partition))
                .toList();
    }

    /** Half of what it led is led by one of the others, half by the next. */
    void restart(int broker) {
        int[] given = new int[1];
        for (PartitionId id : partitions()) {
            List<Integer> others = topic().replicas(id.partition()).stream()
                    .filter(other -> other != broker)
                    .sorted()
                    .toList();
            if (leaders.getOrDefault(id, 0) == broker && !others.isEmpty()) {
                leaders.put(id, others.get(given[0]++ % others.size()));
            }
        }
    }

    void take(LeaderMove move) {
        leaders.put(move.id(), move.to());
    }

    /** Every broker has just reported. */
    public Situation situation(ToLongFunction<PartitionId> bytesPerSecond) {
        TreeMap<Integer, LoadReport> reports = new TreeMap<>();
        for (int broker : alive) {
            List<PartitionLoad> led = new ArrayList<>();
            for (PartitionId id : partitions()) {
                if (leaders.getOrDefault(id, 0) == broker) {
                    long bytes = bytesPerSecond.applyAsLong(id);
                    led.add(new PartitionLoad(id.partition(), 0, 0, bytes, 2 * bytes, bytes / 1_000));
                }
            }
            reports.put(
                    broker,
                    new LoadReport(new BrokerLoad(broker, List.of(new TopicLoad(topic().id(), led))), nowMillis));
        }
        return new Situation(metadata, alive, Set.of(), reports, nowMillis);
    }

    Map<Integer, Integer> leaderCounts() {
        Map<Integer, Integer> counts = new TreeMap<>();
        alive.forEach(broker -> counts.put(broker, 0));
        leaders.values().forEach(leader -> counts.merge(leader, 1, Integer::sum));
        return counts;
    }
}
