package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import java.util.List;
import java.util.function.IntConsumer;

/** One system's Java client, as a careful user of that system would set it up. */
interface LoadClient extends AutoCloseable {
    /** Batches of up to this size. */
    int BATCH_BYTES_MAX = 256 * 1024;

    /** How long a batch waits for company, where throughput is wanted. */
    int LINGER_MILLIS = 5;

    /** What a producer may hold that is not acknowledged; the default of Kafka's and of ours. */
    int BUFFER_BYTES = 32 * 1024 * 1024;

    /** What a consumer takes at a time, at most. */
    int POLL_RECORDS_MAX = 10_000;

    /** Three replicas of each partition; returns when it exists. */
    void createTopic(String topic, int partitions) throws Exception;

    void deleteTopic(String topic) throws Exception;

    /**
     * A producer.
     *
     * @param values of its records, one after the other
     * @param linger whether throughput matters, and the client chooses the partitions; otherwise it is how soon a single record is
     *     acknowledged, and they go to the partitions by turns
     */
    Sender sender(String topic, int partitions, List<byte[]> values, boolean linger) throws Exception;

    /**
     * A consumer of all partitions from the first record on, on a thread of its own, without a group; until it is closed.
     *
     * @param handler told the size of each value; one of no bytes may have been written when the topic was created
     */
    Receiver receive(String topic, int partitions, IntConsumer handler) throws Exception;

    /**
     * A member of a group that consumes this topic, on a thread of its own; a group without positions begins with the first records.
     *
     * @param handler told the partition of each record; those of no bytes may be among them
     */
    Receiver receiveInGroup(String topic, String group, IntConsumer handler) throws Exception;

    @Override
    void close();

    /** A consumer. */
    interface Receiver extends AutoCloseable {
        /** @throws IllegalStateException if it has failed */
        @Override
        void close();
    }

    /** A producer. */
    interface Sender extends Load.Target, AutoCloseable {
        @Override
        void close();
    }
}
