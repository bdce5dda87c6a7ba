package io.millrace.broker.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** All that one broker counts and measures. For any thread. */
public final class BrokerMetrics implements AutoCloseable {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final TopicMeters topics;
    private final RequestMeters requests;
    private final ReplicaMeters replicas;
    private final Timer journalForces;
    private volatile @Nullable BrokerGauges gauges;

    /** @param topicsMax that have series of their own */
    public BrokerMetrics(int topicsMax) {
        this.topics = new TopicMeters(registry, topicsMax);
        this.requests = new RequestMeters(registry, topics);
        this.replicas = new ReplicaMeters(registry);
        this.journalForces = forces(
                registry,
                "millrace.journal.force",
                "Time to force terms and votes of all that wait to disk (LevelDB).");
        new JvmMemoryMetrics().bindTo(registry);
        gc.bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
    }

    public RequestMeters requests() {
        return requests;
    }

    public ReplicaMeters replicas() {
        return replicas;
    }

    public void journalForced(long nanos) {
        journalForces.record(nanos, TimeUnit.NANOSECONDS);
    }

    /** From now on these are shown as well. */
    public void show(BrokerGauges.Sources sources) {
        gauges = new BrokerGauges(registry, topics, sources);
    }

    /** All topics that there are: the series of others are dropped. */
    public void topicsAre(Set<String> names) {
        topics.retain(names);
    }

    /** Prometheus' text format, version 0.0.4. */
    public String scrape() {
        BrokerGauges shown = gauges;
        if (shown != null) {
            shown.refresh();
        }
        return registry.scrape();
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }

    static Timer forces(MeterRegistry registry, String name, String description) {
        return timer(registry, name, description, 0.25, 0.5, 1, 2.5, 5, 10, 25, 100, 500);
    }

    /** A histogram with these bounds. */
    static Timer timer(MeterRegistry registry, String name, String description, double... millis) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(millis(millis))
                .register(registry);
    }

    private static Duration[] millis(double... bounds) {
        return Arrays.stream(bounds)
                .mapToObj(millis -> Duration.ofNanos((long) (millis * NANOS_PER_MILLI)))
                .toArray(Duration[]::new);
    }
}
