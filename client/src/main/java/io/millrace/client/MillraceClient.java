package io.millrace.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The way into a cluster: connections, knowledge of who leads what, and from it producers, readers and the admin. One for an
 * application is enough; thread-safe.
 *
 * <pre>{@code
 * try (MillraceClient client = MillraceClient.builder().bootstrap("localhost:9092").build();
 *         Producer producer = client.producer()) {
 *     producer.send(ProducerRecord.of("orders", Bytes.utf8("o-17"), Bytes.utf8("{…}")))
 *             .thenAccept(position -> log.info("written at {}", position.offset()));
 * }
 * }</pre>
 */
public final class MillraceClient implements AutoCloseable {
    private final ClientSettings settings;
    private final Connections connections;
    private final Timers timers;
    private final RandomGenerator random;
    private final Calls calls;
    private final Runnable whenClosed;
    /** Those that are not closed. */
    private final Set<Producer> producers = ConcurrentHashMap.newKeySet();

    private final Set<Consumer> consumers = ConcurrentHashMap.newKeySet();

    /** For tests, which bring their own time, channels and chance. */
    MillraceClient(
            ClientSettings settings,
            Function<HostPort, ManagedChannel> channels,
            Executor executor,
            Timers timers,
            RandomGenerator random,
            Runnable whenClosed) {
        this.settings = settings;
        this.timers = timers;
        this.random = random;
        this.connections = new Connections(channels, executor, timers, random.nextInt());
        this.calls = new Calls(settings, connections, timers, random);
        this.whenClosed = whenClosed;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A producer with {@link ProducerSettings#DEFAULT}. */
    public Producer producer() {
        return producer(ProducerSettings.DEFAULT);
    }

    /** A producer of its own buffer and counters; it may be closed alone, and is closed with the client. */
    public Producer producer(ProducerSettings producerSettings) {
        Producer producer = new Producer(producerSettings, settings, calls, timers, random, producers::remove);
        producers.add(producer);
        return producer;
    }

    /** A consumer with {@link ConsumerSettings#DEFAULT}. */
    public Consumer consumer() {
        return consumer(ConsumerSettings.DEFAULT);
    }

    /** A consumer, which reads nothing until it is told what; it may be closed alone, and is closed with the client. */
    public Consumer consumer(ConsumerSettings consumerSettings) {
        Consumer consumer = new Consumer(consumerSettings, settings, calls, timers, random, consumers::remove);
        consumers.add(consumer);
        return consumer;
    }

    /** How many of its producers are not closed. */
    int openProducers() {
        return producers.size();
    }

    /**
     * A reader of one partition; nothing to close.
     *
     * @throws IllegalArgumentException if the topic's name is not valid or the partition is negative
     */
    public PartitionReader reader(String topic, int partition) {
        return new PartitionReader(new TopicPartition(topic, partition), settings, calls);
    }

    /**
     * How many partitions a topic has; blocks until that is known.
     *
     * @throws MillraceException UNKNOWN_TOPIC, or what any call may fail with
     */
    public int partitions(String topic) {
        return Futures.await(calls.metadata().topic(topic)).leaders().size();
    }

    /** Topics and the cluster. */
    public Admin admin() {
        return new Admin(settings, calls);
    }

    /**
     * Closes the consumers, and the producers, which wait for what they have taken to be acknowledged or to fail, and then the connections. Other
     * calls that are under way fail with CLOSED.
     */
    @Override
    public void close() {
        consumers.forEach(Consumer::close);
        producers.forEach(Producer::close);
        calls.close();
        connections.close();
        whenClosed.run();
    }

    /** Settings of a client; all have defaults. Not thread-safe. */
    public static final class Builder {
        /** Less than the broker's own limits on what waits in its queues, so that a lost broker is noticed. */
        private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

        private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(5);
        private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
        private static final int ANSWER_BYTES_MAX = 64 * 1024 * 1024;
        private static final Duration METADATA_AGE_MAX = Duration.ofSeconds(10);

        private List<HostPort> bootstrap = List.of(new HostPort("localhost", HostPort.DEFAULT_PORT));
        private Duration timeout = Duration.ofSeconds(30);
        private Duration attemptTimeout = Duration.ofSeconds(10);
        private @Nullable Duration firstContactTimeout;
        private RetryPolicy retryPolicy = RetryPolicy.DEFAULT;
        private String rack = "";

        private Builder() {}

        /**
         * Brokers to ask first, {@code host:port[,host:port…]}; the others are learned from them. {@code localhost:9092} unless
         * set. Name several: any of them may be down.
         *
         * @throws IllegalArgumentException if it is not such a list
         */
        public Builder bootstrap(String addresses) {
            return bootstrap(HostPort.parseList(addresses));
        }

        /** The same, as a list that is not empty. */
        public Builder bootstrap(List<HostPort> addresses) {
            bootstrap = List.copyOf(addresses);
            return this;
        }

        /** How long a call goes on trying; 30 s unless set. A producer has its own, {@link ProducerSettings#deliveryTimeout}. */
        public Builder timeout(Duration newTimeout) {
            timeout = newTimeout;
            return this;
        }

        /** How long to wait for one answer before asking again, perhaps another broker; 10 s unless set. */
        public Builder attemptTimeout(Duration newAttemptTimeout) {
            attemptTimeout = newAttemptTimeout;
            return this;
        }

        /**
         * How long to go on trying while no broker has ever answered: then the address is likely wrong, and a short time tells it
         * sooner. As long as any call unless set.
         */
        public Builder firstContactTimeout(Duration newFirstContactTimeout) {
            firstContactTimeout = newFirstContactTimeout;
            return this;
        }

        /** How long to wait between attempts; {@link RetryPolicy#DEFAULT} unless set. */
        public Builder retryPolicy(RetryPolicy newRetryPolicy) {
            retryPolicy = newRetryPolicy;
            return this;
        }

        /**
         * Where this process runs, in the words of the brokers' setting {@code millrace.rack}. Consumers that may read any replica then read those
         * in this rack, and groups whose assignor is rack-aware know it. Empty unless set: nowhere in particular.
         */
        public Builder rack(String newRack) {
            rack = newRack;
            return this;
        }

        /**
         * Makes the client; it connects when it is first used.
         *
         * @throws IllegalArgumentException if a setting is out of its range
         */
        public MillraceClient build() {
            ClientSettings settings = new ClientSettings(
                    bootstrap,
                    timeout,
                    attemptTimeout,
                    firstContactTimeout == null ? timeout : firstContactTimeout,
                    METADATA_AGE_MAX,
                    retryPolicy,
                    rack);
            // As many threads as there are callbacks that block, and none when idle: a completion that waits for
            // another
            // call must not keep that call from completing.
            ExecutorService executor = Executors.newCachedThreadPool(ClientThreads.named("millrace-client"));
            SystemTimers timers = new SystemTimers(executor);
            return new MillraceClient(
                    settings,
                    address -> open(address, executor),
                    executor,
                    timers,
                    // Thread-safe, unlike the others.
                    new Random(),
                    () -> {
                        timers.close();
                        executor.shutdown();
                    });
        }

        private static ManagedChannel open(HostPort address, ExecutorService executor) {
            return NettyChannelBuilder.forAddress(address.host(), address.port())
                    .usePlaintext()
                    .executor(executor)
                    .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT_TIMEOUT.toMillis())
                    .keepAliveTime(KEEP_ALIVE.toNanos(), TimeUnit.NANOSECONDS)
                    .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
                    .maxInboundMessageSize(ANSWER_BYTES_MAX)
                    .build();
        }
    }
}
