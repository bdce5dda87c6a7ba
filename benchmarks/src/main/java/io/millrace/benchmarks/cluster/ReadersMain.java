package io.millrace.benchmarks.cluster;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Several consumers, each with connections of its own, that read a whole topic at the same time: for {@code bin/measure readers}. */
@Command(name = "readers", mixinStandardHelpOptions = true)
public final class ReadersMain implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(names = "--bootstrap", required = true, description = "Brokers: host:port,host:port")
    private String bootstrap;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(names = "--topic", required = true)
    private String topic;

    @Option(names = "--consumers", description = "How many. Default: 6.")
    private int consumers = 6;

    @Option(names = "--records", required = true, description = "That each of them reads.")
    private long records;

    @Option(names = "--any-replica", description = "From followers; otherwise from the leaders.")
    private boolean anyReplica;

    private ReadersMain() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ReadersMain()).execute(arguments));
    }

    /** Prints how many seconds it took until all had read everything. */
    @Override
    public Integer call() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(consumers);
        long startNanos = System.nanoTime();
        List<Future<?>> reading = new ArrayList<>();
        for (int i = 0; i < consumers; i++) {
            reading.add(threads.submit(this::readAll));
        }
        for (Future<?> one : reading) {
            one.get();
        }
        System.out.printf("%.1f%n", (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1));
        threads.shutdown();
        return 0;
    }

    private void readAll() {
        try (MillraceClient client =
                        MillraceClient.builder().bootstrap(bootstrap).build();
                Consumer consumer = client.consumer(ConsumerSettings.DEFAULT.withAnyReplica(anyReplica))) {
            consumer.assign(consumer.partitionsOf(topic));
            long read = 0;
            while (read < records) {
                int polled = consumer.poll(PATIENCE).size();
                if (polled == 0) {
                    throw new IllegalStateException("nothing came for " + PATIENCE + " after " + read + " records");
                }
                read += polled;
            }
        }
    }
}
