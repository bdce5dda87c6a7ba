package io.millrace.benchmarks.cluster;

import java.util.List;

/**
 * What a driver is told to do; a line of JSON on its standard input.
 *
 * @param topic to be created, used and deleted
 * @param kind of work
 * @param warmUpSeconds before anything is measured
 * @param seconds to measure; it has no meaning where the work is a number of records
 * @param megabytes of values to read
 * @param serverPids of the system that is measured
 * @param otherPids of the servers that are idle meanwhile
 * @param directory of the servers that are measured
 */
record Task(
        String topic,
        Cell.Kind kind,
        int recordBytes,
        int partitions,
        int warmUpSeconds,
        int seconds,
        int megabytes,
        List<Long> serverPids,
        List<Long> otherPids,
        String directory) {
    Task {
        serverPids = List.copyOf(serverPids);
        otherPids = List.copyOf(otherPids);
    }
}
