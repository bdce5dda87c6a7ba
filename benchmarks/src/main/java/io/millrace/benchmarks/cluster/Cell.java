package io.millrace.benchmarks.cluster;

import java.util.List;

/** A piece of work that every system gets. */
enum Cell {
    KIB_1P("1KiB-1p", Kind.THROUGHPUT, 1_024, 1),
    KIB_12P("1KiB-12p", Kind.THROUGHPUT, 1_024, 12),
    SMALL_1P("100B-1p", Kind.THROUGHPUT, 100, 1),
    SMALL_12P("100B-12p", Kind.THROUGHPUT, 100, 12),
    LATENCY("latency", Kind.LATENCY, 1_024, 1),
    BATCH("batch", Kind.BATCH, 1_024, 1);

    /** What is done, and thus what is measured. */
    enum Kind {
        /** As many as are taken, by batches that linger: how many are acknowledged, and what that costs. */
        THROUGHPUT,
        /** {@value Driver#PACED_PER_SECOND} records a second at an even pace, without linger. */
        LATENCY,
        /** 100 and 1,000 records, each when the one before is acknowledged, and all together. */
        BATCH;

        List<Metric> metrics() {
            return switch (this) {
                case THROUGHPUT ->
                    List.of(
                            Metric.RECORDS_PER_SECOND,
                            Metric.SERVER_CPU,
                            Metric.CLIENT_CPU,
                            Metric.SERVER_RSS,
                            Metric.OTHERS_CPU);
                case LATENCY -> List.of(Metric.P50, Metric.P99, Metric.P999, Metric.SERVER_CPU, Metric.OTHERS_CPU);
                case BATCH -> List.of(Metric.SINGLE_100, Metric.BATCH_100, Metric.SINGLE_1000, Metric.BATCH_1000);
            };
        }
    }

    final String label;
    final Kind kind;
    final int recordBytes;
    final int partitions;

    Cell(String label, Kind kind, int recordBytes, int partitions) {
        this.label = label;
        this.kind = kind;
        this.recordBytes = recordBytes;
        this.partitions = partitions;
    }

    @Override
    public String toString() {
        return label;
    }
}
