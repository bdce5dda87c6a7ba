package io.millrace.broker.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.millrace.broker.Readiness;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.broker.group.GroupLags;
import io.millrace.broker.health.Figures;
import io.millrace.broker.health.Health;
import io.millrace.broker.health.HealthReport;
import io.millrace.broker.health.Problem;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.controller.MetadataView;
import io.millrace.partition.replica.DiskSpace;
import io.millrace.partition.replica.OpenLogs;
import io.millrace.protocol.TopicName;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/** What the broker knows anyway, looked up when somebody asks. */
public final class BrokerGauges {
    /** Where to look. All of it may be asked from any thread. */
    public record Sources(
            int brokerId,
            String version,
            Readiness readiness,
            MetadataView metadata,
            LeaderView leaders,
            IntPredicate alive,
            PartitionGateway gateway,
            OpenLogs logs,
            DiskReserve diskReserve,
            DiskReport disk,
            Health health,
            GroupLags groupLags) {}

    private final MeterRegistry registry;
    private final TopicMeters topics;
    private final Sources sources;
    private final MultiGauge logBytes;
    private final GroupLagMeters groupLags;

    BrokerGauges(MeterRegistry registry, TopicMeters topics, Sources sources) {
        this.registry = registry;
        this.topics = topics;
        this.sources = sources;
        this.logBytes = MultiGauge.builder("millrace.log.bytes")
                .description("Bytes of the logs of replicas here, without indexes and what is preallocated.")
                .register(registry);
        this.groupLags = new GroupLagMeters(registry, topics.topicsMax());
        gauge("millrace.build", "Always 1; the labels tell what runs.", Tags.of("version", sources.version()), () -> 1);
        gauge(
                "millrace.ready",
                "1 if this broker serves clients, otherwise 0.",
                () -> sources.readiness().isReady() ? 1 : 0);
        gauge(
                "millrace.pending.requests",
                "Requests that this broker has taken and not answered.",
                sources.gateway()::pendingRequests);
        gauge("millrace.pending.bytes", "Bytes of records in these requests.", sources.gateway()::pendingBytes);
        cluster();
        disk();
        health();
    }

    private void cluster() {
        gauge("millrace.brokers.up", "Registered brokers that this one can reach, itself included.", this::brokersUp);
        gauge(
                "millrace.brokers.registered",
                "Brokers that belong to the cluster.",
                () -> sources.metadata().current().brokers().size());
        gauge(
                "millrace.controller.active",
                "1 if the controller of the cluster runs here, as far as this broker knows, otherwise 0.",
                () -> sources.metadata().current().controllerId().equals(OptionalInt.of(sources.brokerId())) ? 1 : 0);
        gauge(
                "millrace.topics",
                "Topics of the cluster, its own ones included.",
                () -> sources.metadata().current().topics().size());
        gauge("millrace.leaders", "Partitions that are led here and take requests.", () -> sources.leaders()
                .ledBy(sources.brokerId()));
        gauge(
                "millrace.replicas",
                "Replicas here whose logs are open, that of the metadata included.",
                () -> sources.logs().count());
    }

    private void health() {
        for (Problem problem : Problem.values()) {
            gauge(
                    "millrace.problems",
                    "How many partitions, replicas or brokers have the problem, as /api/v1/health names it; looked at every 5 seconds.",
                    Tags.of(
                            "problem",
                            problem.name(),
                            "severity",
                            problem.severity().name()),
                    () -> sources.health().last().problems().stream()
                            .filter(group -> group.problem() == problem)
                            .mapToInt(HealthReport.Group::count)
                            .sum());
        }
        figure(
                "millrace.partitions.under.replicated",
                "Partitions led here that have a replica which cannot be reached, or lacks what was committed seconds ago; and those without leader, each counted by one broker.",
                Figures::underReplicated);
        figure(
                "millrace.partitions.without.leader",
                "Partitions of the cluster that have no leader, as far as this broker knows.",
                Figures::withoutLeader);
        figure(
                "millrace.replication.lag.entries.max",
                "How many log entries the follower that is furthest behind lacks, of all partitions led here.",
                Figures::lagEntriesMax);
        figure(
                "millrace.uncommitted.entries.max",
                "Of the partitions led here, the most log entries that one has and that are not committed.",
                Figures::uncommittedEntriesMax);
    }

    private void figure(String name, String description, Function<Figures, Number> figure) {
        gauge(name, description, () -> figure.apply(sources.health().last().figures()));
    }

    private long brokersUp() {
        return sources.metadata().current().brokers().keySet().stream()
                .filter(broker -> sources.alive().test(broker))
                .count();
    }

    private void disk() {
        gauge(
                "millrace.disk.free.bytes",
                "Bytes free for this process on the disk of the data directory.",
                () -> sources.disk().state().freeBytes());
        gauge("millrace.disk.reserve.bytes", "The setting millrace.disk-reserve.", () -> sources.diskReserve()
                .bytes());
        for (DiskSpace space : DiskSpace.values()) {
            gauge(
                    "millrace.disk.space",
                    "1 for the state that the disk is in, 0 for the others: AMPLE, LOW (leaders take no records) or EXHAUSTED"
                            + " (nobody takes records).",
                    Tags.of("state", space.name()),
                    () -> sources.disk().space() == space ? 1 : 0);
        }
    }

    /** What has as many series as there are topics, or groups. */
    void refresh() {
        groupLags.show(sources.groupLags().latest());
        Map<String, ?> there = sources.metadata().current().topics();
        Map<String, Long> shown = new TreeMap<>();
        sources.logs().sizeBytesByTopic().forEach((topic, bytes) -> {
            if (there.containsKey(topic)) { // a log may outlive its topic for a moment
                topics.of(topic);
            }
            boolean own = topics.isOwn(topic) || TopicName.isInternal(topic);
            shown.merge(own ? topic : TopicMeters.OTHER, bytes, Long::sum);
        });
        logBytes.register(
                shown.entrySet().stream()
                        .map(entry -> MultiGauge.Row.of(Tags.of("topic", entry.getKey()), entry.getValue()))
                        .toList(),
                true);
    }

    private void gauge(String name, String description, Supplier<Number> value) {
        gauge(name, description, Tags.empty(), value);
    }

    private void gauge(String name, String description, Tags tags, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).tags(tags).register(registry);
    }
}
