package io.millrace.controller.balance;

import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All that a decision about leaders depends on, but for the history.
 *
 * @param alive brokers that can be reached
 * @param draining brokers that are to lead nothing
 * @param reports the latest of each broker
 */
public record Situation(
        ClusterMetadata metadata,
        NavigableSet<Integer> alive,
        Set<Integer> draining,
        NavigableMap<Integer, LoadReport> reports,
        long nowMillis) {
    public Situation {
        alive = Collections.unmodifiableNavigableSet(new TreeSet<>(alive));
        draining = Set.copyOf(draining);
        reports = Collections.unmodifiableNavigableMap(new TreeMap<>(reports));
    }

    /** Who leads each partition, and how it stands there. If two say they do, who spoke last is right. */
    public Map<PartitionId, Led> led() {
        Map<PartitionId, Led> led = new HashMap<>();
        for (LoadReport report : reports.values()) {
            for (TopicLoad topic : report.load().topics()) {
                for (PartitionLoad load : topic.led()) {
                    led.merge(
                            new PartitionId(topic.topicId(), load.partition()),
                            new Led(report.load().brokerId(), load, report.receivedMillis()),
                            (one, other) -> other.saidMillis() > one.saidMillis() ? other : one);
                }
            }
        }
        return led;
    }

    /** Partitions that nobody says to lead. */
    public int withoutLeader() {
        Map<PartitionId, Led> led = led();
        int without = 0;
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                without += led.containsKey(new PartitionId(topic.id(), partition)) ? 0 : 1;
            }
        }
        return without;
    }

    /** Partitions of which a replica lacks something, or is away; and those that nobody says to lead. */
    public int underReplicated() {
        return withoutLeader()
                + (int) led().values().stream()
                        .filter(led -> led.load().behind() > 0)
                        .count();
    }

    public record Led(int broker, PartitionLoad load, long saidMillis) {}
}
