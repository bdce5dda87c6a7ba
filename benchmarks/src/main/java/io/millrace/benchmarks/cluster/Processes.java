package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Processes that were started here, and are ended with it. */
final class Processes implements AutoCloseable {
    private static final long STOP_SECONDS = 20;
    private static final long COMMAND_SECONDS = 600;

    private final List<Process> started = new ArrayList<>();

    /** Its output goes to a file. */
    synchronized void start(ProcessBuilder builder, Path output) throws IOException {
        started.add(builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start());
    }

    synchronized List<Long> pids() {
        return started.stream().map(Process::pid).toList();
    }

    /** Asks them to stop, and ends those that do not. */
    @Override
    public synchronized void close() {
        started.forEach(Process::destroy);
        started.forEach(process -> awaitEnd(process, STOP_SECONDS));
        started.clear();
    }

    /** Ends it if it does not end by itself. */
    static void awaitEnd(Process process, long seconds) {
        boolean ended = false;
        try {
            ended = process.waitFor(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            process.destroyForcibly();
        }
    }

    /**
     * Runs a command to its end; its output goes to a file.
     *
     * @throws IOException if its exit code is not 0
     */
    static void run(ProcessBuilder builder, Path output) throws IOException {
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
        awaitEnd(process, COMMAND_SECONDS);
        if (process.isAlive() || process.exitValue() != 0) {
            throw new IOException(String.join(" ", builder.command()) + " failed: see " + output);
        }
    }

    /** Of all servers, on consecutive ports of loopback. */
    static String addresses(int basePort, String prefix) {
        return IntStream.range(basePort, basePort + Servers.COUNT)
                .mapToObj(port -> prefix + "127.0.0.1:" + port)
                .collect(Collectors.joining(","));
    }
}
