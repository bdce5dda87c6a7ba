package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import io.millrace.client.load.Payloads;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** One task that is about reading. */
final class ReadTasks {
    /** Of a fan-out. */
    static final int CONSUMERS = 20;

    private static final int FAN_OUT_PART = 10;
    private static final long PATIENCE_SECONDS = 300;

    private final LoadClient client;
    private final Task task;

    ReadTasks(LoadClient client, Task task) {
        this.client = client;
        this.task = task;
    }

    TaskResult read() throws Exception {
        int records = write(task.megabytes());
        warmUp(1, records);
        Meter warm = new Meter(task);
        double warmSeconds = readAll(1, records, warm);
        dropFromPageCache(Path.of(task.directory()));
        Meter cold = new Meter(task);
        double coldSeconds = readAll(1, records, cold);
        Map<Metric, Double> metrics = usage(warm, records);
        metrics.put(Metric.READ_WARM, records / warmSeconds);
        metrics.put(Metric.READ_COLD, records / coldSeconds);
        metrics.put(Metric.FROM_DISK, 100.0 * cold.serverReadBytes() / records / task.recordBytes());
        metrics.put(Metric.SERVER_RSS, cold.serverRssBytes() / 1048576.0);
        return new TaskResult(null, metrics, null);
    }

    TaskResult fanOut() throws Exception {
        int records = write(Math.max(1, task.megabytes() / FAN_OUT_PART));
        warmUp(CONSUMERS, records);
        Meter meter = new Meter(task);
        double seconds = readAll(CONSUMERS, records, meter);
        Map<Metric, Double> metrics = usage(meter, (long) CONSUMERS * records);
        metrics.put(Metric.READ_BY_ALL, CONSUMERS * records / seconds);
        return new TaskResult(null, metrics, null);
    }

    private static Map<Metric, Double> usage(Meter meter, long records) {
        Map<Metric, Double> metrics = new EnumMap<>(Metric.class);
        metrics.put(Metric.SERVER_CPU, meter.serverCpuSeconds() / records * 1e6);
        metrics.put(Metric.CLIENT_CPU, meter.clientCpuSeconds() / records * 1e6);
        metrics.put(Metric.OTHERS_CPU, 100 * meter.othersCpu());
        return metrics;
    }

    /** @return how many records it takes */
    private int write(int megabytes) throws Exception {
        int records = (int) (megabytes * 1_000_000L / task.recordBytes());
        try (LoadClient.Sender sender =
                client.sender(task.topic(), task.partitions(), Payloads.random(task.recordBytes()), true)) {
            Driver.send(sender, 0, records);
        }
        return records;
    }

    private void warmUp(int consumers, int records) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(task.warmUpSeconds());
        while (System.nanoTime() < end) {
            readAll(consumers, records, Load.Listener.NONE);
        }
    }

    /** @return how long it takes, in seconds, from before the consumers are made until each has handled all records */
    private double readAll(int consumers, int records, Load.Listener listener) throws Exception {
        CountDownLatch left = new CountDownLatch(consumers);
        Deque<LoadClient.Receiver> open = new ArrayDeque<>();
        listener.measuringBegins();
        long startNanos = System.nanoTime();
        try {
            for (int i = 0; i < consumers; i++) {
                int[] handled = new int[1]; // by one thread
                open.push(client.receive(task.topic(), task.partitions(), bytes -> {
                    if (bytes > 0 && ++handled[0] == records) {
                        left.countDown();
                    }
                }));
            }
            if (!left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not all was read in " + PATIENCE_SECONDS + " s");
            }
            listener.measuringEnds();
            return (System.nanoTime() - startNanos) / 1e9;
        } finally {
            open.forEach(LoadClient.Receiver::close);
        }
    }

    /** Tells the operating system that nobody needs these files in memory: it drops what is on disk, and maps no longer. */
    private static void dropFromPageCache(Path directory) throws IOException, InterruptedException {
        new ProcessBuilder("sync").start().waitFor();
        // Files of deleted topics may go meanwhile: what was read from disk is measured, so nothing depends on the exit
        // code.
        new ProcessBuilder(
                        "find",
                        directory.toString(),
                        "-type",
                        "f",
                        "-exec",
                        "dd",
                        "if={}",
                        "iflag=nocache",
                        "count=0",
                        "status=none",
                        ";")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    TaskResult delivery() throws Exception {
        int rate = Driver.PACED_PER_SECOND;
        Load load = new Load(rate, Duration.ofSeconds(task.warmUpSeconds()), Duration.ofSeconds(task.seconds()));
        Meter meter = new Meter(task);
        long warmUp = (long) task.warmUpSeconds() * rate;
        Deliveries deliveries = new Deliveries(warmUp, warmUp + (long) task.seconds() * rate, meter);
        LoadClient.Receiver consumer = client.receive(task.topic(), task.partitions(), deliveries::handled);
        Load.Result result;
        Histogram micros;
        try (consumer;
                LoadClient.Sender sender =
                        client.sender(task.topic(), task.partitions(), Payloads.random(task.recordBytes()), false)) {
            result = load.run(sender, deliveries);
            if (result.failed() > 0) {
                throw new IllegalStateException(result.failed() + " records failed", load.firstFailure());
            }
            micros = deliveries.latencyMicros();
        }
        Map<Metric, Double> metrics = usage(meter, result.acknowledged());
        metrics.put(Metric.HANDLED_P50, micros.getValueAtPercentile(50) / 1e3);
        metrics.put(Metric.HANDLED_P99, micros.getValueAtPercentile(99) / 1e3);
        metrics.put(Metric.HANDLED_P999, micros.getValueAtPercentile(99.9) / 1e3);
        return new TaskResult(null, metrics, Driver.encoded(micros));
    }
}
