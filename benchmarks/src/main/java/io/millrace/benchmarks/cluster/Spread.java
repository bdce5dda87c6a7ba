package io.millrace.benchmarks.cluster;

import java.util.List;
import java.util.Optional;

/** The middle and the ends of some values. */
record Spread(double median, double min, double max, int count) {
    /** Empty if there are no values. */
    static Optional<Spread> of(List<Double> values) {
        if (values.isEmpty()) {
            return Optional.empty();
        }
        List<Double> sorted = values.stream().sorted().toList();
        int last = sorted.size() - 1;
        double median = (sorted.get(last / 2) + sorted.get((last + 1) / 2)) / 2;
        return Optional.of(new Spread(median, sorted.get(0), sorted.get(last), sorted.size()));
    }
}
