package io.millrace.client;

/** An application's own choice of partitions, for records that do not name one. Called by whichever thread sends. */
@FunctionalInterface
public interface PartitionChooser {
    /**
     * Chooses.
     *
     * @param partitions how many the topic has
     * @return 0 to {@code partitions - 1}
     */
    int choose(ProducerRecord record, int partitions);
}
