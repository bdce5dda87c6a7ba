package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Kafka's own server from Maven Central, without ZooKeeper: each of the three is broker and controller. */
final class KafkaServers implements Servers {
    /** What Kafka's start script gives to the JVM. */
    private static final List<String> JVM_FLAGS = List.of(
            "-Xms1g",
            "-Xmx1g",
            "-server",
            "-XX:+UseG1GC",
            "-XX:MaxGCPauseMillis=20",
            "-XX:InitiatingHeapOccupancyPercent=35",
            "-XX:+ExplicitGCInvokesConcurrent",
            "-Dorg.apache.logging.log4j.level=WARN",
            "-Djava.awt.headless=true");

    /** Any that is valid. */
    private static final String CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg";

    private final String version;
    private final Path home;
    private final Path jars;
    private final Path directory;
    private final int basePort;
    private final Processes processes = new Processes();

    /**
     * @param version of the server and all that belongs to it
     * @param home of Millrace, below which Maven puts the server
     */
    KafkaServers(String version, Path home, Path directory, int basePort) {
        this.version = version;
        this.home = home;
        this.jars = home.resolve("benchmarks/target/kafka-" + version);
        this.directory = directory;
        this.basePort = basePort;
    }

    /** Has Maven fetch the server, the first time. */
    @Override
    public Optional<String> problem() {
        Path log = home.resolve("benchmarks/target/kafka-server.out"); // stays when the servers' directory goes
        try {
            Files.createDirectories(directory);
            if (!isThere()) {
                Path project = home.resolve("benchmarks/kafka-server/pom.xml");
                Processes.run(
                        new ProcessBuilder(
                                "mvn",
                                "-B",
                                "-f",
                                project.toString(),
                                "-Dkafka.version=" + version,
                                "-DoutputDirectory=" + jars,
                                "dependency:copy-dependencies"),
                        log);
            }
            return isThere() ? Optional.empty() : Optional.of("Maven did not bring the server: see " + log);
        } catch (Exception e) {
            return Optional.of("Maven cannot bring the server " + version + ": " + e.getMessage());
        }
    }

    private boolean isThere() throws IOException {
        if (!Files.isDirectory(jars)) {
            return false;
        }
        try (Stream<Path> files = Files.list(jars)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith("kafka_2.13-" + version));
        }
    }

    @Override
    public void start() throws Exception {
        for (int id = 1; id <= COUNT; id++) {
            Path settings = directory.resolve("server-" + id + ".properties");
            Files.writeString(settings, settings(id));
            Processes.run(
                    java("kafka.tools.StorageTool", List.of("format", "-t", CLUSTER_ID, "-c", settings.toString())),
                    directory.resolve("format.out"));
        }
        for (int id = 1; id <= COUNT; id++) {
            String settings = directory.resolve("server-" + id + ".properties").toString();
            processes.start(java("kafka.Kafka", List.of(settings)), directory.resolve("server-" + id + ".out"));
        }
    }

    private ProcessBuilder java(String main, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        command.addAll(JVM_FLAGS);
        command.addAll(List.of("-cp", jars + "/*", main));
        command.addAll(arguments);
        return new ProcessBuilder(command);
    }

    private String settings(int id) {
        String voters = IntStream.rangeClosed(1, COUNT)
                .mapToObj(voter -> voter + "@127.0.0.1:" + controllerPort(voter))
                .collect(Collectors.joining(","));
        return """
                process.roles=broker,controller
                node.id=%d
                controller.quorum.voters=%s
                controller.listener.names=CONTROLLER
                listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d
                log.dirs=%s
                default.replication.factor=3
                min.insync.replicas=2
                offsets.topic.replication.factor=3
                transaction.state.log.replication.factor=3
                """
                .formatted(id, voters, basePort + id - 1, controllerPort(id), directory.resolve("data-" + id));
    }

    private int controllerPort(int id) {
        return basePort + COUNT + id - 1;
    }

    @Override
    public String bootstrap() {
        return Processes.addresses(basePort, "");
    }

    @Override
    public List<Long> pids() {
        return processes.pids();
    }

    @Override
    public String description() {
        return "Apache Kafka " + version + ", KRaft";
    }

    @Override
    public void close() {
        processes.close();
    }
}
