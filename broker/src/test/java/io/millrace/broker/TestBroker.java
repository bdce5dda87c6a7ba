package io.millrace.broker;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.HostPort;
import io.millrace.broker.config.SettingsLoader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A real broker in this JVM: gRPC and HTTP over loopback, LevelDB, a log on disk. */
final class TestBroker implements AutoCloseable {
    private static final long READY_SECONDS_MAX = 60;

    private final Broker broker;
    private final BrokerSettings settings;
    private final ManagedChannel channel;

    private TestBroker(Broker broker, BrokerSettings settings) {
        this.broker = broker;
        this.settings = settings;
        this.channel = NettyChannelBuilder.forAddress(
                        "127.0.0.1", settings.frontDoor().address().port())
                .usePlaintext()
                .maxInboundMessageSize(16 << 20)
                .build();
    }

    static TestBroker start(Path directory, Map<String, String> overrides) throws Exception {
        BrokerSettings settings = settings(directory, overrides);
        TestBroker started = startUnready(settings);
        started.broker.whenReady().toCompletableFuture().get(READY_SECONDS_MAX, TimeUnit.SECONDS);
        return started;
    }

    static TestBroker startUnready(BrokerSettings settings) {
        return new TestBroker(Broker.start(settings), settings);
    }

    /** Until both ports are open. */
    void awaitServing() throws Exception {
        awaitPort(settings.frontDoor().address());
        awaitPort(settings.http().address());
    }

    private static void awaitPort(HostPort address) throws Exception {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS_MAX);
        while (true) {
            try {
                new Socket(address.host(), address.port()).close();
                return;
            } catch (IOException e) {
                if (System.nanoTime() > giveUp) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    static BrokerSettings settings(Path directory, Map<String, String> overrides) throws IOException {
        List<Integer> ports = freePorts(3);
        Map<String, String> all = new HashMap<>(Map.of(
                "millrace.data-dir", directory.toString(),
                "millrace.cluster.port", ports.get(0).toString(),
                "millrace.client.port", ports.get(1).toString(),
                "millrace.http.port", ports.get(2).toString()));
        all.putAll(overrides);
        return SettingsLoader.load(Optional.empty(), Map.of(), all);
    }

    static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            ports.add(socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return ports;
    }

    ManagedChannel channel() {
        return channel;
    }

    BrokerSettings settings() {
        return settings;
    }

    Broker broker() {
        return broker;
    }

    HttpResponse<String> http(String path) throws Exception {
        return http("GET", path);
    }

    HttpResponse<String> http(String method, String path) throws Exception {
        URI uri = URI.create("http://" + settings.http().address() + path);
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri)
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
        channel.shutdownNow();
        broker.close();
    }
}
