package io.millrace.client;

/**
 * How {@link Consumer#forEach} spreads records over threads.
 *
 * @param workers how many threads
 * @param order what is handled in order, one record after the other
 * @param queueRecordsMax how many records wait for each worker; a partition whose next record finds no room waits, and no other
 */
public record WorkerSettings(int workers, Order order, int queueRecordsMax) {
    /** What is handled in order. */
    public enum Order {
        /** The records of each partition. */
        PARTITION,
        /** The records of each partition that have the same key; those without a key, like one key. More can be done at a time. */
        KEY
    }

    /** One thread, so everything is in order, with a hundred records waiting. */
    public static final WorkerSettings DEFAULT = new WorkerSettings(1, Order.PARTITION, 100);

    /**
     * Checks all of them.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public WorkerSettings {
        if (workers < 1 || queueRecordsMax < 1) {
            throw new IllegalArgumentException(
                    "workers and queueRecordsMax are 1 or more, not " + workers + " and " + queueRecordsMax);
        }
    }

    /** The same with another number of {@link #workers}. */
    public WorkerSettings withWorkers(int newWorkers) {
        return new WorkerSettings(newWorkers, order, queueRecordsMax);
    }

    /** The same with another {@link #order}. */
    public WorkerSettings withOrder(Order newOrder) {
        return new WorkerSettings(workers, newOrder, queueRecordsMax);
    }

    /** The same with another {@link #queueRecordsMax}. */
    public WorkerSettings withQueueRecordsMax(int newQueueRecordsMax) {
        return new WorkerSettings(workers, order, newQueueRecordsMax);
    }
}
