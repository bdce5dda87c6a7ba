package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The quickstart's three brokers, with its settings: those that a user has who changes nothing. */
final class MillraceServers implements Servers {
    private final Path home;
    private final Path directory;
    private final int basePort;

    /** @param home of Millrace, built */
    MillraceServers(Path home, Path directory, int basePort) {
        this.home = home;
        this.directory = directory;
        this.basePort = basePort;
    }

    @Override
    public Optional<String> problem() {
        return Optional.empty();
    }

    @Override
    public void start() throws Exception {
        Processes.run(quickstart("start"), directory.resolve("quickstart.out"));
    }

    private ProcessBuilder quickstart(String command) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of(home.resolve("bin/millrace").toString(), "quickstart", command, "--data-dir", "" + directory));
        arguments.addAll(List.of("--base-port", "" + basePort, "--http-base-port", "" + (basePort + COUNT)));
        arguments.addAll(List.of("--cluster-base-port", "" + (basePort + 2 * COUNT)));
        ProcessBuilder builder = new ProcessBuilder(arguments);
        builder.environment().put("MILLRACE_SKIP_BUILD", "1");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    @Override
    public String bootstrap() {
        return Processes.addresses(basePort, "");
    }

    @Override
    public List<Long> pids() {
        return IntStream.rangeClosed(1, COUNT)
                .mapToObj(id -> read(directory.resolve("broker-" + id).resolve("broker.pid")))
                .map(Long::valueOf)
                .collect(Collectors.toList());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).trim();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String description() {
        return "Millrace";
    }

    @Override
    public void close() throws IOException {
        Processes.run(quickstart("stop"), directory.resolve("quickstart.out"));
    }
}
