package io.millrace.benchmarks.cluster;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a driver answers; a line of JSON on its standard output.
 *
 * @param problem why there is nothing to tell; null: there is
 * @param metrics what was measured
 * @param latencies in microseconds, as HdrHistogram encodes and compresses them, in Base64; null if the task was not about them
 */
record TaskResult(@Nullable String problem, Map<Metric, Double> metrics, @Nullable String latencies) {
    TaskResult {
        metrics = Map.copyOf(metrics);
    }

    static TaskResult failed(String problem) {
        return new TaskResult(problem, Map.of(), null);
    }
}
