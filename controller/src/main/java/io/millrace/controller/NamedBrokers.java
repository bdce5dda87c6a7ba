package io.millrace.controller;

import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Whether new partitions can be made on the brokers that a user names for them: pure. What is merely uneven is the user's to decide.
 *
 * <p>Much as Kafka has it, which takes brokers that are down as well, if one of each partition's is up: there one in sync is enough to lead. Here a majority must
 * be up. Kafka knows no brokers that are drained: a replica there would be moved off again at once.
 */
final class NamedBrokers {
    private NamedBrokers() {}

    /**
     * What is wrong with them, if anything is.
     *
     * @param first the number of the first new partition
     * @param count how many new ones there are to be
     */
    static Optional<String> problemWith(
            List<List<Integer>> assignment,
            int first,
            int count,
            int replicationFactor,
            ClusterMetadata metadata,
            LiveBrokers live) {
        if (assignment.size() != count) {
            return Optional.of("brokers are named for " + assignment.size()
                    + (assignment.size() == 1 ? " partition, " : " partitions, ")
                    + (count == 0
                            ? "and none is new"
                            : "and the new ones are " + first + " to " + (first + count - 1)));
        }
        return metadata.problemWith(first, assignment, replicationFactor).or(() -> IntStream.range(0, count)
                .mapToObj(i -> problemNow(first + i, assignment.get(i), metadata, live))
                .flatMap(Optional::stream)
                .findFirst());
    }

    private static Optional<String> problemNow(
            int partition, List<Integer> brokers, ClusterMetadata metadata, LiveBrokers live) {
        Optional<Integer> drained = brokers.stream()
                .filter(broker -> metadata.stateOf(broker) == BrokerState.DRAINING)
                .findFirst();
        if (drained.isPresent()) {
            return Optional.of("partition " + partition + ": broker " + drained.get() + " is drained");
        }
        long reachable = brokers.stream().filter(live::contains).count();
        return reachable > brokers.size() / 2
                ? Optional.empty()
                : Optional.of("partition " + partition + " could elect no leader: of brokers " + brokers + " only "
                        + reachable + " can be reached");
    }

    /** Whether the last partitions of the topic were made on just these brokers. */
    static boolean areThoseOf(List<List<Integer>> assignment, TopicMetadata topic) {
        int first = topic.partitionCount() - assignment.size();
        return first >= 0
                && IntStream.range(0, assignment.size())
                        .allMatch(i -> topic.founders(first + i).equals(assignment.get(i)));
    }
}
