package io.millrace.benchmarks.cluster;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code nats-server}, as it is installed here, with JetStream. */
final class NatsServers implements Servers {
    private final Path directory;
    private final int basePort;
    private final Processes processes = new Processes();

    NatsServers(Path directory, int basePort) {
        this.directory = directory;
        this.basePort = basePort;
    }

    @Override
    public Optional<String> problem() {
        return program().isPresent()
                ? Optional.empty()
                : Optional.of("there is no nats-server on the path (Debian has a package of that name)");
    }

    /** Also where Debian puts it, which is not on every user's path. */
    private static Optional<Path> program() {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)),
                        Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "nats-server"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public void start() throws Exception {
        Files.createDirectories(directory);
        for (int id = 1; id <= COUNT; id++) {
            Path settings = directory.resolve("server-" + id + ".conf");
            Files.writeString(settings, settings(id));
            processes.start(
                    new ProcessBuilder(program().orElseThrow().toString(), "-c", settings.toString()),
                    directory.resolve("server-" + id + ".out"));
        }
    }

    private String settings(int id) {
        return """
                server_name: server-%d
                listen: "127.0.0.1:%d"
                jetstream { store_dir: "%s" }
                cluster { name: bench, listen: "127.0.0.1:%d", routes: [%s] }
                """
                .formatted(
                        id,
                        basePort + id - 1,
                        directory.resolve("data-" + id),
                        basePort + COUNT + id - 1,
                        Processes.addresses(basePort + COUNT, "nats://"));
    }

    @Override
    public String bootstrap() {
        return Processes.addresses(basePort, "nats://");
    }

    @Override
    public List<Long> pids() {
        return processes.pids();
    }

    @Override
    public String description() {
        try {
            Process process = new ProcessBuilder(program().orElseThrow().toString(), "--version").start();
            return "NATS, "
                    + new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                            .trim();
        } catch (java.io.IOException e) {
            return "NATS";
        }
    }

    @Override
    public void close() {
        processes.close();
    }
}
