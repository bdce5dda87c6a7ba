package io.millrace.benchmarks.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultsTest {
    private final Results results = new Results();

    private void add(int repetition, PeerSystem system, double recordsPerSecond) {
        TaskResult result = new TaskResult(null, Map.of(Metric.RECORDS_PER_SECOND, recordsPerSecond), null);
        results.add(new Measurement(repetition, Cell.KIB_1P, system, result));
    }

    @Test
    void ratiosAreThoseOfNeighboursNotOfMedians() {
        add(0, PeerSystem.MILLRACE, 100);
        add(0, PeerSystem.KAFKA, 50);
        add(1, PeerSystem.MILLRACE, 10); // the machine is busy
        add(1, PeerSystem.KAFKA, 5);
        add(2, PeerSystem.MILLRACE, 90);
        add(2, PeerSystem.KAFKA, 30);
        assertThat(results.ratio(Cell.KIB_1P, Metric.RECORDS_PER_SECOND, PeerSystem.MILLRACE, PeerSystem.KAFKA))
                .contains(new Spread(2, 2, 3, 3));
        assertThat(results.spread(Cell.KIB_1P, Metric.RECORDS_PER_SECOND, PeerSystem.MILLRACE))
                .contains(new Spread(90, 10, 100, 3));
    }

    @Test
    void whatFailedIsNotCounted() {
        add(0, PeerSystem.MILLRACE, 100);
        results.add(new Measurement(0, Cell.KIB_1P, PeerSystem.KAFKA, TaskResult.failed("no")));
        add(1, PeerSystem.MILLRACE, 200);
        add(1, PeerSystem.KAFKA, 50);
        assertThat(results.ratio(Cell.KIB_1P, Metric.RECORDS_PER_SECOND, PeerSystem.MILLRACE, PeerSystem.KAFKA))
                .contains(new Spread(4, 4, 4, 1));
        assertThat(results.spread(Cell.KIB_1P, Metric.RECORDS_PER_SECOND, PeerSystem.NATS))
                .isEmpty();
    }

    @Test
    void theMedianOfAnEvenNumberLiesBetweenTheTwoInTheMiddle() {
        assertThat(Spread.of(List.of(9.0, 1.0, 2.0, 4.0))).contains(new Spread(3, 1, 9, 4));
    }

    @Test
    void theTableHasARowForEachMetricAndAColumnForEachRatio() {
        add(0, PeerSystem.MILLRACE, 1_500);
        add(0, PeerSystem.KAFKA, 1_000);
        String table = Table.of(
                results, List.of(Cell.KIB_1P), List.of(PeerSystem.MILLRACE, PeerSystem.KAFKA, PeerSystem.NATS));
        List<String> lines =
                table.lines().map(line -> line.replaceAll(" +", " ")).toList();
        assertThat(lines).hasSize(2 + Cell.KIB_1P.kind.metrics().size());
        assertThat(lines.get(0))
                .isEqualTo("| work | measured | millrace | kafka | nats | millrace / kafka | millrace / nats |");
        assertThat(lines.get(2))
                .isEqualTo("| 1KiB-1p | acknowledged records/s | 1,500 (1,500–1,500) | 1,000 (1,000–1,000) | – |"
                        + " 1.50 (1.50–1.50) | – |");
    }
}
