package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import io.millrace.client.load.Payloads;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Does one task after the other with one system's client. */
final class Driver {
    /** Of the work that is paced, records. */
    static final int PACED_PER_SECOND = 1_000;

    /** Of the work that is one record at a time or all at once; the median counts. */
    private static final int ROUNDS = 3;

    private final LoadClient client;

    Driver(LoadClient client) {
        this.client = client;
    }

    TaskResult run(Task task) throws Exception {
        client.createTopic(task.topic(), task.partitions());
        ReadTasks reads = new ReadTasks(client, task);
        try {
            return switch (task.kind()) {
                case THROUGHPUT -> throughput(task);
                case LATENCY -> latency(task);
                case BATCH -> batch(task);
                case READ -> reads.read();
                case FAN_OUT -> reads.fanOut();
                case DELIVERY -> reads.delivery();
                case REBALANCE -> new Rebalances(client, task).run();
            };
        } finally {
            client.deleteTopic(task.topic());
        }
    }

    private TaskResult throughput(Task task) throws Exception {
        Meter meter = new Meter(task);
        Load.Result result = load(task, 0, true, meter);
        Map<Metric, Double> metrics = new EnumMap<>(Metric.class);
        metrics.put(Metric.RECORDS_PER_SECOND, result.recordsPerSecond());
        metrics.put(Metric.CLIENT_CPU, meter.clientCpuSeconds() / result.acknowledged() * 1e6);
        metrics.put(Metric.SERVER_CPU, meter.serverCpuSeconds() / result.acknowledged() * 1e6);
        metrics.put(Metric.SERVER_RSS, meter.serverRssBytes() / 1048576.0);
        metrics.put(Metric.OTHERS_CPU, 100 * meter.othersCpu());
        return new TaskResult(null, metrics, null);
    }

    private TaskResult latency(Task task) throws Exception {
        Meter meter = new Meter(task);
        Load.Result result = load(task, PACED_PER_SECOND, false, meter);
        Map<Metric, Double> metrics = new EnumMap<>(Metric.class);
        metrics.put(Metric.P50, result.latencyMillis(50));
        metrics.put(Metric.P99, result.latencyMillis(99));
        metrics.put(Metric.P999, result.latencyMillis(99.9));
        metrics.put(Metric.SERVER_CPU, meter.serverCpuSeconds() / result.acknowledged() * 1e6);
        metrics.put(Metric.OTHERS_CPU, 100 * meter.othersCpu());
        return new TaskResult(null, metrics, encoded(result.latencyMicros()));
    }

    private Load.Result load(Task task, int rate, boolean linger, Meter meter) throws Exception {
        Load load = new Load(rate, Duration.ofSeconds(task.warmUpSeconds()), Duration.ofSeconds(task.seconds()));
        try (LoadClient.Sender sender =
                client.sender(task.topic(), task.partitions(), Payloads.random(task.recordBytes()), linger)) {
            Load.Result result = load.run(sender, meter);
            if (result.failed() > 0) {
                throw new IllegalStateException(result.failed() + " records failed", load.firstFailure());
            }
            return result;
        }
    }

    private TaskResult batch(Task task) throws Exception {
        List<byte[]> values = Payloads.random(task.recordBytes());
        try (LoadClient.Sender single = client.sender(task.topic(), task.partitions(), values, false);
                LoadClient.Sender batching = client.sender(task.topic(), task.partitions(), values, true)) {
            together(batching, 100);
            oneAtATime(single, 100);
            Map<Metric, Double> metrics = new EnumMap<>(Metric.class);
            metrics.put(Metric.SINGLE_100, median(() -> oneAtATime(single, 100)));
            metrics.put(Metric.BATCH_100, median(() -> together(batching, 100)));
            metrics.put(Metric.SINGLE_1000, median(() -> oneAtATime(single, 1_000)));
            metrics.put(Metric.BATCH_1000, median(() -> together(batching, 1_000)));
            return new TaskResult(null, metrics, null);
        }
    }

    /** Something that takes a time. */
    private interface Round {
        double millis() throws Exception;
    }

    private static double median(Round round) throws Exception {
        double[] millis = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            millis[i] = round.millis();
        }
        Arrays.sort(millis);
        return millis[ROUNDS / 2];
    }

    private static double oneAtATime(LoadClient.Sender sender, int count) throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            send(sender, i, 1);
        }
        return (System.nanoTime() - start) / 1e6;
    }

    private static double together(LoadClient.Sender sender, int count) throws Exception {
        long start = System.nanoTime();
        send(sender, 0, count);
        return (System.nanoTime() - start) / 1e6;
    }

    /** Returns when they are acknowledged. */
    static void send(LoadClient.Sender sender, int first, int count) throws Exception {
        CountDownLatch left = new CountDownLatch(count);
        AtomicReference<@Nullable Throwable> problem = new AtomicReference<>();
        for (int i = first; i < first + count; i++) {
            sender.send(i, failure -> {
                problem.compareAndSet(null, failure);
                left.countDown();
            });
        }
        if (count > 1) {
            sender.flush(); // they are all there: nothing to linger for
        }
        left.await();
        Throwable failure = problem.get();
        if (failure != null) {
            throw new IllegalStateException("a record failed", failure);
        }
    }

    static String encoded(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int length = histogram.encodeIntoCompressedByteBuffer(buffer);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
    }
}
