package io.millrace.benchmarks.cluster;

import java.util.List;
import java.util.stream.Stream;

/** A piece of work that every system gets. */
enum Cell {
    KIB_1P("1KiB-1p", Kind.THROUGHPUT, 1_024, 1),
    KIB_12P("1KiB-12p", Kind.THROUGHPUT, 1_024, 12),
    SMALL_1P("100B-1p", Kind.THROUGHPUT, 100, 1),
    SMALL_12P("100B-12p", Kind.THROUGHPUT, 100, 12),
    LATENCY("latency", Kind.LATENCY, 1_024, 1),
    BATCH("batch", Kind.BATCH, 1_024, 1),
    READ_1P("read-1p", Kind.READ, 1_024, 1),
    READ_12P("read-12p", Kind.READ, 1_024, 12),
    FAN_OUT("fan-out", Kind.FAN_OUT, 1_024, 1),
    DELIVERY("delivery", Kind.DELIVERY, 1_024, 1),
    REBALANCE("rebalance", Kind.REBALANCE, 1_024, 12);

    /** What belongs together on the command line. */
    enum Work {
        WRITES,
        READS;

        List<Cell> cells() {
            return Stream.of(Cell.values())
                    .filter(cell -> cell.kind.work == this)
                    .toList();
        }

        /** Kafka with and without flushing reads alike. */
        List<PeerSystem> systems() {
            return Stream.of(PeerSystem.values())
                    .filter(system -> this == WRITES || system != PeerSystem.KAFKA_FLUSHED)
                    .toList();
        }
    }

    /** What is done, and thus what is measured. */
    enum Kind {
        /** As many as are taken, by batches that linger: how many are acknowledged, and what that costs. */
        THROUGHPUT(Work.WRITES),
        /** {@value Driver#PACED_PER_SECOND} records a second at an even pace, without linger. */
        LATENCY(Work.WRITES),
        /** 100 and 1,000 records, each when the one before is acknowledged, and all together. */
        BATCH(Work.WRITES),
        /**
         * All of a topic from its first record on, by one consumer without a group: when the operating system of the servers has it in
         * memory ("warm"), and when that has been told to drop it ("cold").
         */
        READ(Work.READS),
        /** {@value ReadTasks#CONSUMERS} consumers that read a tenth of that, all of it each, at once. */
        FAN_OUT(Work.READS),
        /** {@value Driver#PACED_PER_SECOND} records a second at an even pace, and a consumer that waits for them. */
        DELIVERY(Work.READS),
        /**
         * {@value Driver#PACED_PER_SECOND} records a second to all partitions by turns, and a group of three members which a fourth and a
         * fifth join, and which then two leave.
         */
        REBALANCE(Work.READS);

        final Work work;

        Kind(Work work) {
            this.work = work;
        }

        /** JetStream has neither partitions nor groups that share them out. */
        boolean isFor(PeerSystem system) {
            return this != REBALANCE || system != PeerSystem.NATS;
        }

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
                case READ ->
                    List.of(
                            Metric.READ_WARM,
                            Metric.READ_COLD,
                            Metric.FROM_DISK,
                            Metric.SERVER_CPU,
                            Metric.CLIENT_CPU,
                            Metric.SERVER_RSS,
                            Metric.OTHERS_CPU);
                case FAN_OUT -> List.of(Metric.READ_BY_ALL, Metric.SERVER_CPU, Metric.CLIENT_CPU, Metric.OTHERS_CPU);
                case DELIVERY ->
                    List.of(
                            Metric.HANDLED_P50,
                            Metric.HANDLED_P99,
                            Metric.HANDLED_P999,
                            Metric.SERVER_CPU,
                            Metric.OTHERS_CPU);
                case REBALANCE ->
                    List.of(
                            Metric.PAUSE_KEPT,
                            Metric.PAUSE_MOVED,
                            Metric.PAUSE_QUIET,
                            Metric.UNTIL_MOVED,
                            Metric.MOVED);
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

    /** Whether whoever has done this does the other as fast as it can. */
    boolean warmsUp(Cell other) {
        return kind.work == other.kind.work && recordBytes == other.recordBytes;
    }

    @Override
    public String toString() {
        return label;
    }
}
