package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.client.WorkerSettings;
import io.millrace.client.WorkerSettings.Order;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Handles the records of one partition on four threads, those of one customer in order. A worker that is slow holds back the
 * partitions that it has a full queue of; what is fetched ahead stays within bounds, and nothing is dropped.
 */
public final class WorkerPoolSample {
    private static final String TOPIC = "sample-worker-pool";
    private static final int CUSTOMERS = 20;
    private static final int ORDERS_EACH = 50;

    private WorkerPoolSample() {}

    public static void main(String[] args) {
        Sample.run(args, WorkerPoolSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 1);
        TopicPartition partition = new TopicPartition(TOPIC, 0);
        long before = Sample.endOffset(client, TOPIC, 0);
        List<ProducerRecord> orders = new ArrayList<>();
        for (int order = 0; order < ORDERS_EACH; order++) {
            for (int customer = 0; customer < CUSTOMERS; customer++) {
                orders.add(ProducerRecord.of(
                        TOPIC, Bytes.utf8("customer-" + customer), Bytes.utf8(Integer.toString(order))));
            }
        }
        Sample.write(client, orders);
        Map<Bytes, Integer> lastOrder = new ConcurrentHashMap<>();
        Map<String, Boolean> threads = new ConcurrentHashMap<>();
        AtomicInteger handled = new AtomicInteger();
        try (Consumer consumer = client.consumer()) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, before);
            consumer.forEach(WorkerSettings.DEFAULT.withWorkers(4).withOrder(Order.KEY), record -> {
                int order =
                        Integer.parseInt(Objects.requireNonNull(record.value()).toUtf8());
                Integer last = lastOrder.put(Objects.requireNonNull(record.key()), order);
                Sample.require(order == (last == null ? 0 : last + 1), "a customer's orders are handled in order");
                threads.put(Thread.currentThread().getName(), true);
                if (handled.incrementAndGet() == CUSTOMERS * ORDERS_EACH) {
                    consumer.wakeup(); // ends forEach, when all workers are done
                }
            });
        }
        System.out.println(handled + " orders of " + CUSTOMERS + " customers on " + threads.size() + " threads");
        Sample.require(threads.size() > 1, "several threads had something to do");
    }
}
