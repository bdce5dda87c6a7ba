package io.millrace.benchmarks.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** All that was measured, and what follows from it. */
final class Results {
    private final List<Measurement> measurements = new ArrayList<>();

    void add(Measurement measurement) {
        measurements.add(measurement);
    }

    List<Measurement> all() {
        return List.copyOf(measurements);
    }

    Optional<Spread> spread(Cell cell, Metric metric, PeerSystem system) {
        return Spread.of(List.copyOf(byRepetition(cell, metric, system).values()));
    }

    /** One system by another: of each repetition that has both, so that what changes slowly on the machine cancels out. */
    Optional<Spread> ratio(Cell cell, Metric metric, PeerSystem system, PeerSystem by) {
        Map<Integer, Double> divisors = byRepetition(cell, metric, by);
        List<Double> ratios = new ArrayList<>();
        byRepetition(cell, metric, system).forEach((repetition, value) -> {
            Double divisor = divisors.get(repetition);
            if (divisor != null && divisor != 0) {
                ratios.add(value / divisor);
            }
        });
        return Spread.of(ratios);
    }

    private SortedMap<Integer, Double> byRepetition(Cell cell, Metric metric, PeerSystem system) {
        SortedMap<Integer, Double> values = new TreeMap<>();
        for (Measurement measurement : measurements) {
            Double value = measurement.result().metrics().get(metric);
            if (measurement.cell() == cell && measurement.system() == system && value != null) {
                values.put(measurement.repetition(), value);
            }
        }
        return values;
    }
}
