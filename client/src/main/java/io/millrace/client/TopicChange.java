package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * What a topic shall be from now on; all else stays as it is.
 *
 * @param settings to be as given here, by name, as {@code CreateTopicRequest} in {@code admin.proto} lists them
 * @param reset names of settings that are to be the default again
 * @param partitions how many there shall be; 0: as many as there are
 * @param assignment ids of the brokers that shall hold each partition that is added, in order, the preferred leader first; none: the cluster chooses
 */
public record TopicChange(
        String name, Map<String, String> settings, List<String> reset, int partitions, List<List<Integer>> assignment) {
    /** Takes copies. */
    public TopicChange {
        settings = Map.copyOf(settings);
        reset = List.copyOf(reset);
        assignment = assignment.stream().map(List::copyOf).toList();
    }

    /** Other settings, or more partitions whose brokers the cluster chooses, or both. */
    public TopicChange(String name, Map<String, String> settings, List<String> reset, int partitions) {
        this(name, settings, reset, partitions, List.of());
    }
}
