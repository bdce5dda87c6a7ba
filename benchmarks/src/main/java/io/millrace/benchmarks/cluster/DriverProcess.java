package io.millrace.benchmarks.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;

/** The client process of one system, for as long as the benchmark runs. */
final class DriverProcess implements AutoCloseable {
    private final ObjectMapper json = new ObjectMapper();
    private final Process process;
    private final Writer tasks;
    private final BufferedReader results;

    /** @param log what the client has to say */
    DriverProcess(PeerSystem system, String bootstrap, Path log) throws IOException {
        List<String> command = List.of(
                System.getProperty("java.home") + "/bin/java",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                DriverMain.class.getName(),
                system.name(),
                bootstrap);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        tasks = process.outputWriter();
        results = process.inputReader();
    }

    TaskResult run(Task task) throws IOException {
        tasks.write(json.writeValueAsString(task) + "\n");
        tasks.flush();
        String line = results.readLine();
        if (line == null) {
            throw new IOException("the client process has ended");
        }
        return json.readValue(line, TaskResult.class);
    }

    /** It ends when its input does. */
    @Override
    public void close() throws IOException {
        try {
            tasks.close();
        } finally {
            Processes.awaitEnd(process, 5);
        }
    }
}
