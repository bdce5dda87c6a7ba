package io.millrace.benchmarks.cluster;

import java.util.Locale;

/** What a measurement tells. */
enum Metric {
    RECORDS_PER_SECOND("acknowledged records/s", true, 0),
    SERVER_CPU("server CPU s per million records", false, 1),
    CLIENT_CPU("client CPU s per million records", false, 1),
    SERVER_RSS("RSS of the three servers, MiB", false, 0),
    OTHERS_CPU("CPU of the idle systems, % of one core", false, 0),
    P50("due to acknowledged, p50, ms", false, 2),
    P99("due to acknowledged, p99, ms", false, 2),
    P999("due to acknowledged, p99.9, ms", false, 2),
    SINGLE_100("100 records one at a time, ms", false, 1),
    BATCH_100("100 records in one batch, ms", false, 1),
    SINGLE_1000("1,000 records one at a time, ms", false, 1),
    BATCH_1000("1,000 records in one batch, ms", false, 1),
    READ_WARM("records/s read, warm", true, 0),
    READ_COLD("records/s read, cold", true, 0),
    FROM_DISK("of the cold, read from disk, %", true, 0),
    READ_BY_ALL("records/s, all consumers together", true, 0),
    HANDLED_P50("due to handled, p50, ms", false, 2),
    HANDLED_P99("due to handled, p99, ms", false, 2),
    HANDLED_P999("due to handled, p99.9, ms", false, 2),
    PAUSE_QUIET("longest pause of a partition while nobody came or went, ms", false, 0),
    PAUSE_KEPT("longest pause of one that stayed while members came and went, ms", false, 0),
    PAUSE_MOVED("longest pause of one that moved, from one member to the next, ms", false, 0),
    UNTIL_MOVED("from a change until the last of its moves was done, at most, s", false, 1),
    MOVED("partitions moved by four changes", false, 0);

    final String label;
    final boolean moreIsBetter;
    private final int decimals;

    Metric(String label, boolean moreIsBetter, int decimals) {
        this.label = label;
        this.moreIsBetter = moreIsBetter;
        this.decimals = decimals;
    }

    String format(double value) {
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}
