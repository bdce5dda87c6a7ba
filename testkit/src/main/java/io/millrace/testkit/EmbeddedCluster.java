package io.millrace.testkit;

import io.millrace.broker.Broker;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.SettingsLoader;
import io.millrace.client.MillraceClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Brokers 1 to n in this JVM, on free ports of loopback, with their data in a temporary directory that is deleted at the end.
 *
 * <pre>{@code
 * try (EmbeddedCluster cluster = EmbeddedCluster.start();
 *         MillraceClient client = cluster.client()) {
 *     client.admin().createTopic("orders", 1, Admin.REPLICATION_FACTOR_DEFAULT);
 *     client.producer().send(ProducerRecord.of("orders", null, Bytes.utf8("hello"))).join();
 * }
 * }</pre>
 *
 * <p>They are the brokers that production runs, so a test sees real elections, real batching and real errors. A broker can be
 * stopped and started again; it keeps its data and its ports. Not thread-safe.
 */
public final class EmbeddedCluster implements AutoCloseable {
    private static final int BROKERS_MAX = 5;
    private static final int PORTS_PER_BROKER = 3;
    /** Generous, since machines that run tests are busy. */
    private static final Duration READY_WITHIN = Duration.ofMinutes(2);

    private final Path directory;
    private final Map<Integer, BrokerSettings> settings = new TreeMap<>();
    private final Map<Integer, Broker> running = new TreeMap<>();

    private EmbeddedCluster(Path directory) {
        this.directory = directory;
    }

    /** A cluster of one broker, ready to serve. */
    public static EmbeddedCluster start() {
        return start(1);
    }

    /** A cluster of so many brokers, all ready to serve. */
    public static EmbeddedCluster start(int brokers) {
        return start(brokers, Map.of());
    }

    /**
     * A cluster whose brokers have some settings that are not the defaults.
     *
     * @param brokers 1, 3 or 5: all of them vote on the metadata
     * @param overrides by key, for example {@code millrace.max-message-size} to {@code 64 KiB}; the keys are in the broker's
     *     {@code reference.conf}
     * @throws IllegalArgumentException if there cannot be so many
     * @throws io.millrace.broker.config.InvalidSettingsException if a setting is wrong
     * @throws IllegalStateException if the cluster is not ready in time
     */
    public static EmbeddedCluster start(int brokers, Map<String, String> overrides) {
        if (brokers < 1 || brokers > BROKERS_MAX || brokers % 2 == 0) {
            throw new IllegalArgumentException("a cluster has 1, 3 or 5 embedded brokers, not " + brokers);
        }
        EmbeddedCluster cluster = new EmbeddedCluster(temporaryDirectory());
        try {
            cluster.configure(brokers, overrides);
            cluster.startAll();
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** Where clients find the cluster: {@code host:port,host:port…}. */
    public String bootstrap() {
        return settings.values().stream()
                .map(broker -> broker.frontDoor().advertised().toString())
                .collect(Collectors.joining(","));
    }

    /** A new client of this cluster, the caller's to close. */
    public MillraceClient client() {
        return MillraceClient.builder().bootstrap(bootstrap()).build();
    }

    /** Where a broker answers over HTTP: {@code resolve("/api/v1/topics")}. */
    public URI http(int brokerId) {
        return URI.create("http://" + settingsOf(brokerId).http().advertised());
    }

    /**
     * Stops a broker in an orderly way; its data stays. Does nothing if it does not run.
     *
     * @throws IllegalArgumentException if there is no such broker
     */
    public void stopBroker(int brokerId) {
        var unused = settingsOf(brokerId);
        Broker broker = running.remove(brokerId);
        if (broker != null) {
            broker.close();
        }
    }

    /**
     * Starts a broker that was stopped, with its data. Returns when it can serve.
     *
     * @throws IllegalArgumentException if there is no such broker, or it runs
     */
    public void startBroker(int brokerId) {
        if (running.containsKey(brokerId)) {
            throw new IllegalArgumentException("broker " + brokerId + " runs");
        }
        running.put(brokerId, Broker.start(settingsOf(brokerId)));
        awaitReady();
    }

    /** Stops all brokers and deletes their data. */
    @Override
    public void close() {
        // All at once: one that loses the others one by one would spend its last seconds on elections.
        CompletableFuture.allOf(running.values().stream()
                        .map(broker -> CompletableFuture.runAsync(broker::close))
                        .toArray(CompletableFuture[]::new))
                .join();
        running.clear();
        delete(directory);
    }

    private void configure(int brokers, Map<String, String> overrides) {
        int[] ports = freePorts(brokers * PORTS_PER_BROKER);
        String seeds = IntStream.range(0, brokers)
                .mapToObj(i -> "127.0.0.1:" + ports[i * PORTS_PER_BROKER])
                .collect(Collectors.joining(","));
        String voters =
                IntStream.rangeClosed(1, brokers).mapToObj(Integer::toString).collect(Collectors.joining(","));
        for (int id = 1; id <= brokers; id++) {
            int first = (id - 1) * PORTS_PER_BROKER;
            Map<String, String> all = new HashMap<>(overrides);
            all.put("millrace.broker-id", Integer.toString(id));
            all.put("millrace.data-dir", directory.resolve("broker-" + id).toString());
            all.put("millrace.cluster.seeds", seeds);
            all.put("millrace.cluster.metadata-voters", voters);
            all.put("millrace.http.port", Integer.toString(ports[first]));
            all.put("millrace.cluster.port", Integer.toString(ports[first + 1]));
            all.put("millrace.client.port", Integer.toString(ports[first + 2]));
            settings.put(id, SettingsLoader.load(Optional.empty(), Map.of(), all));
        }
    }

    private void startAll() {
        settings.forEach((id, broker) -> running.put(id, Broker.start(broker)));
        awaitReady();
    }

    private void awaitReady() {
        long giveUpNanos = System.nanoTime() + READY_WITHIN.toNanos();
        for (Map.Entry<Integer, Broker> entry : running.entrySet()) {
            Broker broker = entry.getValue();
            CompletableFuture<Void> ready = broker.whenReady().toCompletableFuture();
            CompletableFuture<Broker.Ended> ended = broker.whenEnded().toCompletableFuture();
            try {
                var unused = CompletableFuture.anyOf(ready, ended)
                        .get(giveUpNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while the cluster started", e);
            } catch (ExecutionException | TimeoutException e) {
                throw new IllegalStateException(
                        "broker " + entry.getKey() + " is not ready: "
                                + broker.readiness().missing(),
                        e);
            }
            if (ended.isDone()) {
                throw new IllegalStateException("broker " + entry.getKey() + " ended: " + reasonOf(ended));
            }
        }
    }

    private static String reasonOf(CompletableFuture<Broker.Ended> ended) {
        return ended.join().reason();
    }

    private BrokerSettings settingsOf(int brokerId) {
        @Nullable BrokerSettings found = settings.get(brokerId);
        if (found == null) {
            throw new IllegalArgumentException("there is no broker " + brokerId + ", only " + settings.keySet());
        }
        return found;
    }

    private static int[] freePorts(int count) {
        List<ServerSocket> open = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                open.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            int[] ports = open.stream().mapToInt(ServerSocket::getLocalPort).toArray();
            for (ServerSocket socket : open) {
                socket.close();
            }
            return ports;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("millrace-embedded-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        if (Files.notExists(directory)) {
            return;
        }
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
