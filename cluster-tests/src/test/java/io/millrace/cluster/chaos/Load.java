package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.MillraceClient;
import io.millrace.client.MillraceException;
import io.millrace.client.PartitionReader;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.cluster.ProcessCluster;
import io.millrace.protocol.record.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;

/** A topic and its producers, one a partition, each at a steady pace; then the same topic read back. */
final class Load implements AutoCloseable {
    private static final String TOPIC = "chaos";
    private static final long NANOS_A_SECOND = 1_000_000_000;

    private final MillraceClient client;
    private final List<Sent> sent = new ArrayList<>();
    private final List<Gaps> gaps = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, Integer> failures = new TreeMap<>();
    private volatile boolean stopping;

    /** Makes the topic. */
    Load(List<String> addresses, int partitions, int replicationFactor) {
        client = MillraceClient.builder().bootstrap(String.join(",", addresses)).build();
        client.admin().createTopic(TOPIC, partitions, replicationFactor);
        for (int partition = 0; partition < partitions; partition++) {
            sent.add(new Sent(partition));
            gaps.add(new Gaps());
        }
    }

    static String topic() {
        return TOPIC;
    }

    int partitions() {
        return sent.size();
    }

    /** @param recordsPerSecond by all producers together */
    void begin(int recordsPerSecond) {
        for (int partition = 0; partition < partitions(); partition++) {
            int own = partition;
            Thread thread = new Thread(
                    () -> produce(own, NANOS_A_SECOND * partitions() / recordsPerSecond), "producer-" + partition);
            threads.add(thread);
            thread.start();
        }
    }

    private void produce(int partition, long intervalNanos) {
        Sent values = sent.get(partition);
        Gaps times = gaps.get(partition);
        times.begin(System.nanoTime());
        try (Producer producer = client.producer()) {
            long due = System.nanoTime();
            while (!stopping) {
                LockSupport.parkNanos(due - System.nanoTime());
                int number = values.count();
                var unused = producer.send(
                                ProducerRecord.of(TOPIC, values.next()).toPartition(partition))
                        .whenComplete((position, failure) -> {
                            if (failure == null) {
                                values.acknowledged(number, position.offset());
                                times.acknowledged(System.nanoTime());
                            } else {
                                failed(failure);
                            }
                        });
                // After an outage at the old pace: what was missed is not made up for.
                due = Math.max(due + intervalNanos, System.nanoTime() - intervalNanos);
            }
        }
    }

    private void failed(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        String reason =
                cause instanceof MillraceException failure ? failure.reason().name() : cause.toString();
        synchronized (failures) {
            failures.merge(reason, 1, Integer::sum);
        }
    }

    /** Records that were given up, by reason. */
    Map<String, Integer> failures() {
        synchronized (failures) {
            return new TreeMap<>(failures);
        }
    }

    int sent() {
        return sent.stream().mapToInt(Sent::count).sum();
    }

    int acknowledged() {
        return sent.stream().mapToInt(Sent::acknowledged).sum();
    }

    /** What was sent to each partition. */
    List<Sent> sentByPartition() {
        return List.copyOf(sent);
    }

    /** Of each partition. */
    List<Integer> acknowledgedByPartition() {
        return sent.stream().map(Sent::acknowledged).toList();
    }

    /** Waits until each partition has acknowledged so many more records than now. */
    void awaitAcknowledged(int more) {
        List<Integer> before = acknowledgedByPartition();
        ProcessCluster.await("each partition acknowledges records", () -> {
            List<Integer> now = acknowledgedByPartition();
            for (int partition = 0; partition < partitions(); partition++) {
                if (now.get(partition) < before.get(partition) + more) {
                    return false;
                }
            }
            return true;
        });
    }

    /** The longest time within these in which some partition acknowledged nothing, in ms. */
    double longestGapMillis(long beginNanos, long endNanos) {
        return gaps.stream()
                .mapToDouble(each -> each.longestMillis(beginNanos, endNanos))
                .max()
                .orElse(0);
    }

    /** Times in which a partition acknowledged nothing, by partition. */
    Map<Integer, List<Gaps.Gap>> gapsAtLeast(double millis, long beginNanos, long endNanos) {
        Map<Integer, List<Gaps.Gap>> found = new TreeMap<>();
        for (int partition = 0; partition < partitions(); partition++) {
            found.put(partition, gaps.get(partition).atLeast(millis, beginNanos, endNanos));
        }
        return found;
    }

    /** Sends no more, and waits until all that was sent is acknowledged or given up. */
    void end() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** When sending has ended: that no record was given up, lost, written twice or out of its order. */
    void assertAllIsWell() {
        assertThat(failures()).isEmpty();
        for (int partition = 0; partition < partitions(); partition++) {
            Audit.Findings found = audit(partition);
            assertThat(found.isWell()).as("partition %s: %s", partition, found).isTrue();
        }
    }

    /** Reads a partition from its first record to its last. */
    Audit.Findings audit(int partition) {
        Audit audit = new Audit(sent.get(partition));
        PartitionReader reader = client.reader(TOPIC, partition);
        long end = reader.offsets().join().latest();
        for (long next = 0; next < end; ) {
            var fetched = reader.fetch(next).join();
            for (StoredRecord record : fetched.records()) {
                audit.read(record.offset(), record.value());
            }
            next = fetched.nextOffset();
        }
        return audit.finish();
    }

    @Override
    public void close() {
        stopping = true;
        client.close();
    }
}
