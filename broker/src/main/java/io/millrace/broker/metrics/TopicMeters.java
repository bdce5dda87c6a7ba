package io.millrace.broker.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counters of each topic, up to so many topics; those that come later share one. A topic that is deleted gives its place to
 * the next one that is used.
 */
final class TopicMeters {
    static final String OTHER = "_other";

    /** What was done with one topic, or with all that have no counters of their own. */
    static final class Counters {
        final LongAdder produceRequests = new LongAdder();
        final LongAdder produceRecords = new LongAdder();
        final LongAdder produceBytes = new LongAdder();
        final LongAdder fetchRequests = new LongAdder();
        final LongAdder fetchRecords = new LongAdder();
        final LongAdder fetchBytes = new LongAdder();
        private List<Meter> meters = List.of();
    }

    private final MeterRegistry registry;
    private final int topicsMax;
    private final Map<String, Counters> own = new ConcurrentHashMap<>();
    private final Counters others = new Counters();

    TopicMeters(MeterRegistry registry, int topicsMax) {
        this.registry = registry;
        this.topicsMax = topicsMax;
        register(OTHER, others);
    }

    int topicsMax() {
        return topicsMax;
    }

    Counters of(String topic) {
        Counters counters = own.get(topic);
        return counters != null ? counters : own.size() < topicsMax ? begin(topic) : others;
    }

    /** Whether this topic is told apart from others. */
    boolean isOwn(String topic) {
        return own.containsKey(topic);
    }

    private synchronized Counters begin(String topic) {
        Counters there = own.get(topic);
        if (there != null) {
            return there;
        } else if (own.size() >= topicsMax || topic.equals(OTHER)) {
            return others;
        }
        Counters counters = new Counters();
        register(topic, counters);
        own.put(topic, counters);
        return counters;
    }

    /** All topics that there are. */
    synchronized void retain(Set<String> topics) {
        own.entrySet().removeIf(entry -> {
            boolean gone = !topics.contains(entry.getKey());
            if (gone) {
                entry.getValue().meters.forEach(registry::remove);
            }
            return gone;
        });
    }

    private void register(String topic, Counters counters) {
        counters.meters = List.of(
                counter(
                        topic,
                        "millrace.produce.requests",
                        "Produce requests that were acknowledged through this broker.",
                        counters.produceRequests),
                counter(
                        topic,
                        "millrace.produce.records",
                        "Records that were acknowledged through this broker.",
                        counters.produceRecords),
                counter(
                        topic,
                        "millrace.produce.bytes",
                        "Bytes of record batches that were acknowledged through this broker.",
                        counters.produceBytes),
                counter(
                        topic,
                        "millrace.fetch.requests",
                        "Reads of one partition that were answered through this broker, with records or without.",
                        counters.fetchRequests),
                counter(
                        topic,
                        "millrace.fetch.records",
                        "Records that were read through this broker.",
                        counters.fetchRecords),
                counter(
                        topic,
                        "millrace.fetch.bytes",
                        "Bytes of record batches that were read through this broker.",
                        counters.fetchBytes));
    }

    private Meter counter(String topic, String name, String description, LongAdder adder) {
        return FunctionCounter.builder(name, adder, LongAdder::sum)
                .description(description)
                .tags(Tags.of("topic", topic))
                .register(registry);
    }
}
