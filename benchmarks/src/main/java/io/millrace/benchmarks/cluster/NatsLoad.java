package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * JetStream has no partitions: a topic of twelve is twelve streams. It has no batches either; asynchronous publishing with a bound
 * on what is not acknowledged is what its documentation advises.
 */
final class NatsLoad implements LoadClient {
    /** Records not acknowledged. */
    private static final int PENDING_MAX = 4_096;

    private final Connection connection;

    NatsLoad(String bootstrap) throws Exception {
        connection = Nats.connect(Options.builder()
                .servers(bootstrap.split(",", -1))
                .connectionTimeout(Duration.ofSeconds(30))
                .maxReconnects(-1)
                .build());
    }

    @Override
    public void createTopic(String topic, int partitions) throws Exception {
        for (int partition = 0; partition < partitions; partition++) {
            connection
                    .jetStreamManagement()
                    .addStream(StreamConfiguration.builder()
                            .name(stream(topic, partition))
                            .subjects(stream(topic, partition))
                            .storageType(StorageType.File)
                            .replicas(3)
                            .build());
        }
    }

    @Override
    public void deleteTopic(String topic) throws Exception {
        for (String name : connection.jetStreamManagement().getStreamNames()) {
            if (name.startsWith(topic + "-")) {
                connection.jetStreamManagement().deleteStream(name);
            }
        }
    }

    private static String stream(String topic, int partition) {
        return topic + "-" + partition;
    }

    @Override
    public Sender sender(String topic, int partitions, List<byte[]> values, boolean linger) throws Exception {
        JetStream stream = connection.jetStream();
        List<String> subjects = IntStream.range(0, partitions)
                .mapToObj(partition -> stream(topic, partition))
                .toList();
        Semaphore room = new Semaphore(PENDING_MAX);
        return new Sender() {
            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // the acknowledgement is told when it completes
            public void send(long number, Load.Acknowledgement acknowledgement) {
                room.acquireUninterruptibly();
                stream.publishAsync(subjects.get((int) (number % subjects.size())), values.get((int)
                                (number % values.size())))
                        .whenComplete((ack, failure) -> {
                            room.release();
                            acknowledgement.completed(failure);
                        });
            }

            @Override
            public void flush() {
                room.acquireUninterruptibly(PENDING_MAX);
                room.release(PENDING_MAX);
            }

            @Override
            public void close() {
                flush();
            }
        };
    }

    /** An ordered consumer of each stream: the server sends, and the client asks again for what is missing. */
    @Override
    public Receiver receive(String topic, int partitions, IntConsumer handler) throws Exception {
        JetStream streams = connection.jetStream();
        Dispatcher dispatcher = connection.createDispatcher();
        PushSubscribeOptions ordered =
                PushSubscribeOptions.builder().ordered(true).build();
        for (int partition = 0; partition < partitions; partition++) {
            streams.subscribe(
                    stream(topic, partition),
                    dispatcher,
                    message -> handler.accept(message.getData().length),
                    false,
                    ordered);
        }
        return () -> connection.closeDispatcher(dispatcher);
    }

    @Override
    public Receiver receiveInGroup(String topic, String group, IntConsumer handler) {
        throw new UnsupportedOperationException("JetStream has no such groups");
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
