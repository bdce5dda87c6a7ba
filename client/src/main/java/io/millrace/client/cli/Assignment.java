package io.millrace.client.cli;

import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Which brokers shall hold new partitions, as {@code --assign 0=1,2,3 --assign 1=2,3,1} says it. */
final class Assignment {
    static final String DESCRIPTION = "The brokers that shall hold a partition, the preferred leader first, such as"
            + " 0=1,2,3; once for each new partition. Default: the cluster chooses.";

    private Assignment() {}

    /**
     * By partition, one after the other without a gap.
     *
     * @throws IllegalArgumentException that tells the user what is wrong
     */
    static NavigableMap<Integer, List<Integer>> parse(List<String> given) {
        NavigableMap<Integer, List<Integer>> parsed = new TreeMap<>();
        for (String text : given) {
            if (!text.matches("[0-9]{1,6}=[0-9]{1,9}(,[0-9]{1,9})*")) {
                throw new IllegalArgumentException(
                        "--assign " + text + " is not PARTITION=BROKER,BROKER..., such as 0=1,2,3");
            }
            int equals = text.indexOf('=');
            int partition = Integer.parseInt(text.substring(0, equals));
            List<Integer> brokers = Arrays.stream(text.substring(equals + 1).split(","))
                    .map(Integer::valueOf)
                    .toList();
            if (parsed.put(partition, brokers) != null) {
                throw new IllegalArgumentException("--assign names partition " + partition + " twice");
            }
        }
        if (!parsed.isEmpty() && parsed.lastKey() - parsed.firstKey() >= parsed.size()) {
            throw new IllegalArgumentException(
                    "--assign leaves out a partition between " + parsed.firstKey() + " and " + parsed.lastKey());
        }
        return parsed;
    }
}
