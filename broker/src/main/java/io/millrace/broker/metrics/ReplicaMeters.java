package io.millrace.broker.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMetrics;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What the replicas on this broker do, that of the metadata included. */
public final class ReplicaMeters implements ReplicaMetrics {
    private final LongAdder proposals = new LongAdder();
    private final LongAdder proposedRequests = new LongAdder();
    private final LongAdder proposedRecords = new LongAdder();
    private final LongAdder proposedBytes = new LongAdder();
    private final LongAdder queuedBytes = new LongAdder();
    private final LongAdder replicatedBytes = new LongAdder();
    private final LongAdder catchUpBytes = new LongAdder();
    private final LongAdder throttledMillis = new LongAdder();
    private final LongAdder campaigns = new LongAdder();
    private final LongAdder elections = new LongAdder();
    private final Set<ReplicaId> asleep = ConcurrentHashMap.newKeySet();
    private final Timer commits;
    private final Timer logForces;

    ReplicaMeters(MeterRegistry registry) {
        counter(
                registry,
                "millrace.proposals",
                "Proposals that leaders here have made: one log entry each.",
                proposals);
        counter(
                registry,
                "millrace.proposed.requests",
                "Produce requests in these proposals; with millrace_proposals_total: how well requests are merged.",
                proposedRequests);
        counter(registry, "millrace.proposed.records", "Records in these proposals.", proposedRecords);
        counter(registry, "millrace.proposed.bytes", "Bytes in these proposals.", proposedBytes);
        counter(
                registry,
                "millrace.replication.sent.bytes",
                "Bytes of entries that leaders here have sent to followers.",
                replicatedBytes);
        counter(
                registry,
                "millrace.catch.up.sent.bytes",
                "Bytes sent to replicas that catch up before they vote: moved, made anew or rebuilt.",
                catchUpBytes);
        FunctionCounter.builder("millrace.catch.up.throttled.seconds", throttledMillis, adder -> adder.sum() / 1_000.0)
                .description("Time that such bytes have waited for millrace.move-throttle, of each such replica.")
                .register(registry);
        counter(registry, "millrace.elections.started", "Times that a replica here has stood for election.", campaigns);
        counter(registry, "millrace.elections.won", "Times that a replica here has become leader.", elections);
        Gauge.builder("millrace.partition.queue.bytes", queuedBytes::sum)
                .description(
                        "Bytes of records that leaders here hold because they wait for a proposal or to be committed.")
                .register(registry);
        Gauge.builder("millrace.replicas.asleep", asleep::size)
                .description("Replicas here whose partitions are idle, and that do nothing until something is new.")
                .register(registry);
        this.commits = BrokerMetrics.timer(
                registry,
                "millrace.commit",
                "From when a leader here made a proposal until it was committed: on disk at a majority, or what the topic's flush.policy says.",
                0.5,
                1,
                2.5,
                5,
                10,
                25,
                50,
                100,
                250,
                1_000,
                5_000);
        this.logForces = BrokerMetrics.forces(
                registry, "millrace.log.force", "Time to force the log of one partition to disk (fdatasync).");
    }

    private static void counter(MeterRegistry registry, String name, String description, LongAdder adder) {
        FunctionCounter.builder(name, adder, LongAdder::sum)
                .description(description)
                .register(registry);
    }

    public boolean isAsleep(ReplicaId replica) {
        return asleep.contains(replica);
    }

    @Override
    public void proposed(long requests, long records, int sizeBytes) {
        proposals.increment();
        proposedRequests.add(requests);
        proposedRecords.add(records);
        proposedBytes.add(sizeBytes);
    }

    @Override
    public void committed(long nanos) {
        commits.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void queued(long moreBytes) {
        queuedBytes.add(moreBytes);
    }

    @Override
    public void replicated(int sizeBytes) {
        replicatedBytes.add(sizeBytes);
    }

    @Override
    public void caughtUpBy(int sizeBytes) {
        catchUpBytes.add(sizeBytes);
    }

    @Override
    public void throttled(long millis) {
        throttledMillis.add(millis);
    }

    @Override
    public void campaigned() {
        campaigns.increment();
    }

    @Override
    public void elected() {
        elections.increment();
    }

    @Override
    public void forced(long nanos) {
        logForces.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void asleep(ReplicaId replica, boolean sleeps) {
        if (sleeps) {
            asleep.add(replica);
        } else {
            asleep.remove(replica);
        }
    }
}
