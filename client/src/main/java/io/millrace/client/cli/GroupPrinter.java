package io.millrace.client.cli;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.GroupSettings;
import io.millrace.client.MillraceClient;
import io.millrace.protocol.record.StoredRecord;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Prints what a member of a group is given, and commits what is printed. */
final class GroupPrinter {
    private static final int OUT_BUFFER_BYTES = 256 * 1024;
    private static final Duration POLL = Duration.ofSeconds(1);
    /** For the last commit, and to leave the group: the others need not wait for the end of our session then. */
    private static final Duration LEAVING = Duration.ofSeconds(10);

    private final RecordFormat format;
    private final String topic;
    private final OutputStream out;
    private long remaining;
    /** Interrupted from outside: what is printed is committed, and no more is taken. */
    private volatile boolean stopping;

    GroupPrinter(Console console, RecordFormat format, String topic, long remaining) {
        this.format = format;
        this.topic = topic;
        this.remaining = remaining;
        this.out = new BufferedOutputStream(console.out(), OUT_BUFFER_BYTES);
    }

    void run(MillraceClient client, String group) {
        // By hand: a record counts when it is out of our hands.
        ConsumerSettings settings =
                ConsumerSettings.DEFAULT.withGroup(GroupSettings.of(group).withAutoCommit(Duration.ZERO));
        CountDownLatch left = new CountDownLatch(1);
        Consumer consumer = client.consumer(settings);
        Thread hook = new Thread(() -> leave(consumer, left), "leave-group");
        Runtime.getRuntime().addShutdownHook(hook);
        try (consumer) {
            consumer.subscribe(List.of(topic));
            while (remaining > 0 && !stopping) {
                print(consumer, consumer.poll(POLL));
            }
        } catch (IOException e) {
            throw CliException.writing(e);
        } finally {
            left.countDown();
            if (!stopping) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }

    private void leave(Consumer consumer, CountDownLatch left) {
        stopping = true;
        consumer.wakeup();
        try {
            boolean unused = left.await(LEAVING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void print(Consumer consumer, List<ConsumerRecord> records) throws IOException {
        ConsumerRecord last = null;
        for (ConsumerRecord record : records) {
            if (remaining == 0) {
                break;
            }
            if (last != null && !last.partition().equals(record.partition())) {
                commit(consumer, last);
            }
            format.write(
                    out,
                    record.topic(),
                    record.partition().partition(),
                    new StoredRecord(
                            record.offset(), record.timestampMillis(), record.key(), record.value(), record.headers()));
            remaining--;
            last = record;
        }
        if (last != null) {
            commit(consumer, last);
        }
    }

    private void commit(Consumer consumer, ConsumerRecord last) throws IOException {
        out.flush();
        consumer.commitSync(last);
    }
}
