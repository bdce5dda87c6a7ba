package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Where it was measured.
 *
 * @param loadAverage over one, five and fifteen minutes, before the servers were started: what else runs here
 */
record Machine(String date, int processors, String memory, String kernel, String java, String loadAverage) {
    static Machine here() {
        return new Machine(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                Runtime.getRuntime().availableProcessors(),
                firstLine("/proc/meminfo").replaceAll("\\s+", " "),
                firstLine("/proc/sys/kernel/ostype") + " " + firstLine("/proc/sys/kernel/osrelease"),
                System.getProperty("java.runtime.version"),
                loadAverageNow());
    }

    /** That of now; empty where the system does not tell. */
    static String loadAverageNow() {
        String[] fields = firstLine("/proc/loadavg").split(" ", -1);
        return fields.length < 3 ? "" : fields[0] + " " + fields[1] + " " + fields[2];
    }

    private static String firstLine(String file) {
        try {
            return Files.readAllLines(Path.of(file)).get(0);
        } catch (IOException e) {
            return "";
        }
    }
}
