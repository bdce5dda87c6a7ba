package io.millrace.cluster.chaos;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.GroupSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.RebalanceListener;
import io.millrace.client.WorkerSettings;
import io.millrace.cluster.chaos.GroupAudit.Event;
import io.millrace.cluster.chaos.GroupAudit.Kind;
import io.millrace.protocol.TopicPartition;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A process that consumes in a group, and writes down what it does, each line before it goes on. It commits by itself every second and
 * when partitions are revoked, as the defaults do; and again by hand, so that it knows of commits that succeeded. SIGTERM lets it leave
 * in order.
 */
final class GroupMemberMain {
    static final Duration SESSION = Duration.ofSeconds(10);

    private static final WorkerSettings WORKERS = WorkerSettings.DEFAULT.withWorkers(2);
    private static final long COMMIT_MILLIS = 1_500;

    private final OutputStream log;
    private final Map<TopicPartition, Long> next = new ConcurrentHashMap<>();

    private GroupMemberMain(OutputStream log) {
        this.log = log;
    }

    /** @param arguments brokers, topic, group, and the file to write to */
    public static void main(String[] arguments) throws Exception {
        try (OutputStream log = Files.newOutputStream(Path.of(arguments[3]))) {
            new GroupMemberMain(log).run(arguments[0], arguments[1], arguments[2]);
        }
    }

    private void run(String bootstrap, String topic, String group) throws InterruptedException {
        ConsumerSettings settings = ConsumerSettings.DEFAULT.withGroup(
                GroupSettings.of(group).withSessionTimeout(SESSION).withAutoCommit(Duration.ofSeconds(1)));
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try (MillraceClient client =
                MillraceClient.builder().bootstrap(bootstrap).build()) {
            Consumer consumer = client.consumer(settings);
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                consumer.wakeup();
                try {
                    main.join();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
            consumer.subscribe(List.of(topic), new Listener(consumer));
            var unused = timer.scheduleWithFixedDelay(
                    () -> consumer.commitAsync(Map.copyOf(next), (offsets, failure) -> {
                        if (failure == null) {
                            committed(offsets);
                        }
                    }),
                    COMMIT_MILLIS,
                    COMMIT_MILLIS,
                    TimeUnit.MILLISECONDS);
            consumer.forEach(WORKERS, this::handle);
            consumer.close();
        } finally {
            timer.shutdownNow();
        }
    }

    private void handle(ConsumerRecord record) {
        int partition = record.partition().partition();
        write(new Event(
                Kind.HANDLED, System.nanoTime(), partition, record.offset(), Sent.numberOf(partition, record.value())));
        next.put(record.partition(), record.offset() + 1);
    }

    private void committed(Map<TopicPartition, Long> offsets) {
        long now = System.nanoTime();
        offsets.forEach((partition, offset) ->
                write(new Event(Kind.COMMITTED, now, partition.partition(), offset, Event.NONE)));
    }

    private void write(Event event) {
        try {
            synchronized (log) {
                log.write((event.line() + "\n").getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Listener implements RebalanceListener {
        private final Consumer consumer;

        Listener(Consumer consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onAssigned(Set<TopicPartition> partitions) {
            tell(Kind.BEGAN, partitions);
        }

        @Override
        public void onRevoked(Set<TopicPartition> partitions) {
            Map<TopicPartition, Long> handled = new HashMap<>(next);
            handled.keySet().retainAll(partitions);
            try {
                consumer.commitSync(handled);
                committed(handled);
                tell(Kind.RELEASED, partitions);
            } catch (MillraceException e) {
                tell(Kind.LOST, partitions); // others will handle some of it again
            }
            next.keySet().removeAll(partitions);
        }

        @Override
        public void onLost(Set<TopicPartition> partitions) {
            tell(Kind.LOST, partitions);
            next.keySet().removeAll(partitions);
        }

        private void tell(Kind kind, Set<TopicPartition> partitions) {
            long now = System.nanoTime();
            partitions.forEach(partition -> write(new Event(kind, now, partition.partition(), Event.NONE, Event.NONE)));
        }
    }
}
