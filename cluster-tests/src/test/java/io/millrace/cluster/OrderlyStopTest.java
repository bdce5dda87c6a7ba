package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that is told to stop. */
class OrderlyStopTest {
    @Test
    void endsWithExitCodeZeroAndWithoutAnErrorInItsLog(@TempDir Path directory) throws Exception {
        try (ProcessCluster cluster = new ProcessCluster(directory, 1)) {
            cluster.startAll();

            assertThat(cluster.stop(1)).isZero();

            assertThat(Files.readAllLines(cluster.outputOf(1)))
                    .anyMatch(line -> line.endsWith("Stopped"))
                    .noneMatch(line -> line.contains("ERROR") || line.contains("WARN") || line.startsWith("\tat "));
        }
    }
}
