package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What processes have used, as Linux tells it.
 *
 * @param cpuSeconds in user and kernel mode, since they began
 * @param rssBytes in memory now; pages that several of them map count for each
 * @param readBytes from disks, since they began
 */
record ProcessUsage(double cpuSeconds, long rssBytes, long readBytes) {
    static final ProcessUsage NONE = new ProcessUsage(0, 0, 0);

    /** USER_HZ, which is 100 on every Linux of today (proc(5)). */
    private static final double TICKS_PER_SECOND = 100;

    private static final int UTIME = 14;
    private static final int STIME = 15;
    private static final int RSS_PAGES = 24;
    private static final int PAGE_BYTES = 4_096;
    private static final String READ_BYTES = "read_bytes:";

    /** All of them together; one that has ended is an error. */
    static ProcessUsage of(List<Long> pids) {
        ProcessUsage sum = NONE;
        for (long pid : pids) {
            try {
                ProcessUsage one = parse(
                        Files.readString(Path.of("/proc/" + pid + "/stat")),
                        Files.readString(Path.of("/proc/" + pid + "/io")));
                sum = new ProcessUsage(
                        sum.cpuSeconds + one.cpuSeconds, sum.rssBytes + one.rssBytes, sum.readBytes + one.readBytes);
            } catch (IOException e) {
                throw new UncheckedIOException("process " + pid + " has ended", e);
            }
        }
        return sum;
    }

    /**
     * @param stat a line of {@code /proc/PID/stat}: the second field is a name in parentheses, which may contain anything
     * @param io the lines of {@code /proc/PID/io}
     */
    static ProcessUsage parse(String stat, String io) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).trim().split(" ", -1);
        int skipped = 3; // fields are numbered from 1, and the third is the first here
        double ticks = Double.parseDouble(fields[UTIME - skipped]) + Double.parseDouble(fields[STIME - skipped]);
        long read = io.lines()
                .filter(line -> line.startsWith(READ_BYTES))
                .mapToLong(line ->
                        Long.parseLong(line.substring(READ_BYTES.length()).trim()))
                .sum();
        return new ProcessUsage(
                ticks / TICKS_PER_SECOND, Long.parseLong(fields[RSS_PAGES - skipped]) * PAGE_BYTES, read);
    }
}
