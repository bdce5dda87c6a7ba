package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that is told to stop; it logs JSON, on the console and into a file. */
class OrderlyStopTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void endsWithExitCodeZeroAndWithoutAnErrorInItsLogOfWhichEveryLineParses(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("broker.log");
        String logging = "millrace { log-format = json, log-file = \"" + file + "\" }";
        try (ProcessCluster cluster = new ProcessCluster(directory, 1, id -> logging)) {
            cluster.startAll();

            assertThat(cluster.stop(1)).isZero();

            List<JsonNode> console = read(cluster.outputOf(1));
            assertThat(console)
                    .allMatch(line -> line.path("broker").asInt() == 1)
                    .noneMatch(line ->
                            Set.of("ERROR", "WARN").contains(line.path("level").asText()))
                    .noneMatch(line -> line.path("message").asText().contains("has left"))
                    .anyMatch(line -> line.path("partition").asText().equals("__metadata-0")
                            && line.path("term").asInt() > 0);
            // two threads' lines of one moment may have another order in either
            assertThat(read(file)).containsExactlyInAnyOrderElementsOf(console);
            assertThat(lastMessageOf(console)).isEqualTo("Stopped");
            assertThat(lastMessageOf(read(file))).isEqualTo("Stopped");
        }
    }

    private static String lastMessageOf(List<JsonNode> log) {
        return log.get(log.size() - 1).path("message").asText();
    }

    private static List<JsonNode> read(Path log) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(log)) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }
}
