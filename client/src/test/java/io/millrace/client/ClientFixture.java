package io.millrace.client;

import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A cluster of three, a client on virtual time, and what tests do with them. */
final class ClientFixture implements AutoCloseable {
    final FakeCluster cluster = new FakeCluster(3);
    final TestTimers timers = new TestTimers();
    private final ExecutorService threads = Executors.newCachedThreadPool(ClientThreads.named("test-client"));
    final MillraceClient client = client(Duration.ofSeconds(10));

    MillraceClient client(Duration attemptTimeout) {
        return client(attemptTimeout, Duration.ZERO);
    }

    /** @param connecting how long it takes until a connection is made or refused */
    MillraceClient client(Duration attemptTimeout, Duration connecting) {
        return client(attemptTimeout, connecting, "");
    }

    MillraceClient clientIn(String rack) {
        return client(Duration.ofSeconds(10), Duration.ZERO, rack);
    }

    private MillraceClient client(Duration attemptTimeout, Duration connecting, String rack) {
        ClientSettings settings = new ClientSettings(
                HostPort.parseList(cluster.bootstrap()),
                Duration.ofSeconds(30),
                attemptTimeout,
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                RetryPolicy.DEFAULT,
                rack);
        return new MillraceClient(
                settings,
                address -> {
                    timers.pass(connecting);
                    return NettyChannelBuilder.forAddress(address.host(), address.port())
                            .usePlaintext()
                            .build();
                },
                threads,
                timers,
                new Random(1),
                () -> {});
    }

    static MillraceException failureOf(CompletableFuture<?> future) {
        try {
            Object value = future.join();
            throw new AssertionError("succeeded: " + value);
        } catch (CompletionException e) {
            return Futures.failure(e);
        }
    }

    @Override
    public void close() {
        client.close();
        timers.close();
        threads.shutdownNow();
        cluster.close();
    }
}
