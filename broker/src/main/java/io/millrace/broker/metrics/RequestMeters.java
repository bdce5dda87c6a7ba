package io.millrace.broker.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.broker.routing.Traffic;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionReply;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What clients ask of this broker, whichever broker leads. */
public final class RequestMeters implements Traffic {
    private static final double[] LATENCIES_MILLIS = {1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000};
    private static final OffsetReader OFFSETS = OffsetReader.recordBatches();

    private final MeterRegistry registry;
    private final TopicMeters topics;
    private final Timer produce;
    private final Timer fetch;
    private final LongAdder coordinated = new LongAdder();
    private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();

    RequestMeters(MeterRegistry registry, TopicMeters topics) {
        this.registry = registry;
        this.topics = topics;
        this.produce = BrokerMetrics.timer(
                registry,
                "millrace.produce",
                "From when a produce request was checked until it was acknowledged; refused ones are not in it.",
                LATENCIES_MILLIS);
        this.fetch = BrokerMetrics.timer(
                registry,
                "millrace.fetch",
                "From when a read of one partition was checked until it was answered, with the time that it waited for records.",
                LATENCIES_MILLIS);
        FunctionCounter.builder("millrace.group.requests", coordinated, LongAdder::sum)
                .description("Requests of consumer groups that were answered through this broker.")
                .register(registry);
    }

    @Override
    public void answered(PartitionTarget target, Request request, PartitionReply reply, long nanos) {
        if (reply instanceof PartitionReply.Produced produced) {
            TopicMeters.Counters of = topics.of(target.topic());
            of.produceRequests.increment();
            of.produceRecords.add(produced.recordCount());
            of.produceBytes.add(
                    request instanceof Request.Produce asked ? asked.batches().sizeBytes() : 0);
            produce.record(nanos, TimeUnit.NANOSECONDS);
        } else if (reply instanceof PartitionReply.Fetched fetched && request instanceof Request.Fetch asked) {
            TopicMeters.Counters of = topics.of(target.topic());
            Payload batches = fetched.batches();
            of.fetchRequests.increment();
            if (batches.sizeBytes() > 0) {
                long begin = OFFSETS.baseOffset(batches);
                of.fetchRecords.add(OFFSETS.nextOffset(batches, begin) - Math.max(begin, asked.offset()));
                of.fetchBytes.add(batches.sizeBytes());
            }
            fetch.record(nanos, TimeUnit.NANOSECONDS);
        } else if (request instanceof Request.Coordinate) {
            coordinated.increment();
        }
    }

    /** A client, or the part of an answer, was told this error. */
    public void failed(String reason) {
        errors.computeIfAbsent(reason, this::begin).increment();
    }

    private LongAdder begin(String reason) {
        LongAdder adder = new LongAdder();
        FunctionCounter.builder("millrace.request.errors", adder, LongAdder::sum)
                .description(
                        "Requests, and parts of requests, that were refused or failed, by the reason that the client was told.")
                .tag("reason", reason)
                .register(registry);
        return adder;
    }
}
