package io.millrace.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Brokers 1 to n as processes of their own on loopback, on free ports, with data and logs below one directory. */
public final class ProcessCluster implements AutoCloseable {
    /** How long a condition may take before the test is broken; generous, since machines are shared. */
    static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final int PORT_MIN = 10_240;
    private static final int PORT_MAX = 32_000;

    /** They end before the large compiler would have paid for itself; without it they start in less time. */
    private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path HOME = Path.of(Objects.requireNonNull(System.getProperty("millrace.home")))
            .toAbsolutePath()
            .normalize();

    private final Path directory;
    private final int size;
    private final IntFunction<String> more;
    private final int[] clientPorts;
    private final int[] httpPorts;
    private final int[] clusterPorts;
    private final Map<Integer, Process> brokers = new ConcurrentHashMap<>();
    private final List<Process> others = new ArrayList<>();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    ProcessCluster(Path directory, int size) throws IOException {
        this(directory, size, id -> "");
    }

    /** @param more what is to be added to each broker's configuration */
    public ProcessCluster(Path directory, int size, IntFunction<String> more) throws IOException {
        this.directory = directory;
        this.size = size;
        this.more = more;
        int[] ports = freePorts(3 * size);
        this.clientPorts = java.util.Arrays.copyOfRange(ports, 0, size);
        this.httpPorts = java.util.Arrays.copyOfRange(ports, size, 2 * size);
        this.clusterPorts = java.util.Arrays.copyOfRange(ports, 2 * size, 3 * size);
        for (int id = 1; id <= size; id++) {
            Files.writeString(configOf(id), configuration(id));
        }
    }

    /** Below those that systems give to outgoing connections: a broker that is killed must find its port free again. */
    public static int[] freePorts(int count) throws IOException {
        Random random = new Random();
        List<ServerSocket> open = new ArrayList<>();
        try {
            while (open.size() < count) {
                tryToOpen(random.nextInt(PORT_MIN, PORT_MAX)).ifPresent(open::add);
            }
            return open.stream().mapToInt(ServerSocket::getLocalPort).toArray();
        } finally {
            for (ServerSocket socket : open) {
                socket.close();
            }
        }
    }

    private static Optional<ServerSocket> tryToOpen(int port) throws IOException {
        try {
            return Optional.of(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
        } catch (BindException taken) {
            return Optional.empty();
        }
    }

    private String configuration(int id) {
        String seeds = IntStream.rangeClosed(1, size)
                .mapToObj(i -> "\"127.0.0.1:" + httpPorts[i - 1] + "\"")
                .collect(Collectors.joining(", "));
        String voters =
                IntStream.rangeClosed(1, size).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        return """
                millrace {
                  broker-id = %d
                  data-dir = "%s"
                  cluster { name = "test", host = "127.0.0.1", port = %d, seeds = [%s], metadata-voters = [%s] }
                  client { host = "127.0.0.1", port = %d }
                  http { host = "127.0.0.1", port = %d }
                }
                """
                        .formatted(
                                id,
                                dataOf(id),
                                clusterPorts[id - 1],
                                seeds,
                                voters,
                                clientPorts[id - 1],
                                httpPorts[id - 1])
                + more.apply(id);
    }

    Path configOf(int id) {
        return directory.resolve("broker-" + id + ".conf");
    }

    public Path dataOf(int id) {
        return directory.resolve("broker-" + id);
    }

    /** How many replicas of these topics a broker has on its disk; -1 if one went while it was looked at. */
    public int replicaDirectories(int id, String... topics) {
        String theirs = "(" + String.join("|", topics) + ")-\\d+~\\d+";
        try (Stream<Path> replicas = Files.list(dataOf(id).resolve("replicas"))) {
            return (int)
                    replicas.filter(replica -> replica.getFileName().toString().matches(theirs))
                            .count();
        } catch (IOException | UncheckedIOException e) {
            return -1;
        }
    }

    public Path outputOf(int id) {
        return directory.resolve("broker-" + id + ".out");
    }

    /** Where clients reach each broker, in the order of their ids. */
    public List<String> addresses() {
        return IntStream.range(0, size)
                .mapToObj(i -> "127.0.0.1:" + clientPorts[i])
                .toList();
    }

    public void start(int id) throws IOException {
        brokers.put(id, spawnBroker(configOf(id), outputOf(id)));
    }

    /** @param javaOptions for its JVM, separated by spaces */
    void start(int id, String javaOptions) throws IOException {
        ProcessBuilder builder = broker(configOf(id), outputOf(id));
        builder.environment().merge("MILLRACE_JAVA_OPTS", javaOptions, (usual, more) -> usual + " " + more);
        brokers.put(id, started(builder));
    }

    public void startAll() throws IOException, InterruptedException {
        ClassArchive.makeIfMissing(HOME);
        for (int id = 1; id <= size; id++) {
            start(id);
        }
        for (int id = 1; id <= size; id++) {
            awaitReady(id);
        }
    }

    /** A broker process with any configuration; its output goes to a file. */
    Process spawnBroker(Path config, Path output, String... more) throws IOException {
        return started(broker(config, output, more));
    }

    private ProcessBuilder broker(Path config, Path output, String... more) {
        List<String> arguments = new ArrayList<>(List.of("broker", "--config", config.toString()));
        arguments.addAll(List.of(more));
        return millrace(arguments.toArray(String[]::new))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    }

    private Process started(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        others.add(process);
        return process;
    }

    /** {@code bin/millrace} with these arguments, on the build that this test belongs to. */
    ProcessBuilder millrace(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(HOME.resolve("bin").resolve("millrace").toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MILLRACE_SKIP_BUILD", "1");
        builder.environment().put("MILLRACE_BOOTSTRAP", String.join(",", addresses()));
        builder.environment().put("MILLRACE_JAVA_OPTS", SHORT_LIVED);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    /** A command that goes on until it is ended; what it prints goes to a file, with what it says of trouble beside it. */
    public Process spawn(Path output, String... arguments) throws IOException {
        Process process = millrace(arguments)
                .redirectOutput(output.toFile())
                .redirectError(
                        output.resolveSibling(output.getFileName() + ".err").toFile())
                .start();
        others.add(process);
        return process;
    }

    /** What a finished command left. */
    public record Result(int exitCode, String out, String err) {}

    /** Runs a command to its end. */
    public Result run(String... arguments) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", ".txt");
        Path err = Files.createTempFile(directory, "err", ".txt");
        Process process = millrace(arguments)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        others.add(process);
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError(
                    "millrace " + List.of(arguments) + " does not end; stderr: " + Files.readString(err));
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** A file with this text, for a command to read. */
    public Path write(String text) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "in", ".txt"), text);
    }

    /** Like {@code kill -9}: no handler runs, nothing is flushed by the process. */
    public void kill(int id) throws InterruptedException {
        Process process = Objects.requireNonNull(brokers.remove(id));
        process.destroyForcibly();
        process.waitFor();
    }

    /** Like {@code kill}, SIGTERM: an orderly stop. Returns the exit code. */
    public int stop(int id) throws InterruptedException {
        Process process = Objects.requireNonNull(brokers.remove(id));
        process.destroy();
        return awaitExit(process);
    }

    void killAll() throws InterruptedException {
        for (int id : List.copyOf(brokers.keySet())) {
            Objects.requireNonNull(brokers.get(id)).destroyForcibly();
        }
        for (int id : List.copyOf(brokers.keySet())) {
            kill(id);
        }
    }

    /** Waits for the end of a process that is expected to end by itself; returns its exit code. */
    public static int awaitExit(Process process) throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + PATIENCE + ": " + process.info());
        }
        return process.exitValue();
    }

    /** Where brokers that join this cluster find it, as the value of {@code millrace.cluster.seeds}. */
    String seeds() {
        return IntStream.range(0, size)
                .mapToObj(i -> "127.0.0.1:" + httpPorts[i])
                .collect(Collectors.joining(","));
    }

    /** A broker that was started and not killed or stopped; it may have ended by itself. */
    public Optional<Process> process(int id) {
        return Optional.ofNullable(brokers.get(id));
    }

    long pid(int id) {
        return Objects.requireNonNull(brokers.get(id)).pid();
    }

    public void awaitReady(int id) {
        try {
            await("broker " + id + " is ready", () -> {
                brokers.forEach((other, process) -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("broker " + other + " has ended");
                    }
                });
                return get(id, "/ready").map(r -> r.statusCode() == 200).orElse(false);
            });
        } catch (AssertionError e) {
            String ready = get(id, "/ready").map(HttpResponse::body).orElse("no answer");
            String logs = brokers.keySet().stream()
                    .map(other -> "--- broker " + other + ":\n" + tail(outputOf(other)))
                    .collect(Collectors.joining("\n"));
            throw new AssertionError(e.getMessage() + "; /ready says " + ready + "; the logs end:\n" + logs, e);
        }
    }

    /** The broker on which the controller runs, as any broker says over HTTP. */
    public int awaitController() {
        int[] found = new int[1];
        await("there is a controller", () -> {
            for (int id : brokers.keySet()) {
                found[0] = page(id, "/api/v1/controller")
                        .map(page -> page.path("brokerId").asInt())
                        .orElse(0);
                if (found[0] != 0) {
                    return true;
                }
            }
            return false;
        });
        return found[0];
    }

    /** The broker that leads a partition, as the brokers say over HTTP. */
    public int awaitLeader(String topic, int partition) {
        int[] found = new int[1];
        await("partition " + topic + "-" + partition + " has a leader", () -> {
            found[0] = leader(topic, partition).orElse(0);
            return found[0] != 0;
        });
        return found[0];
    }

    private Optional<Integer> leader(String topic, int partition) {
        for (int id : brokers.keySet()) {
            Optional<Integer> leader = partition(id, topic, partition)
                    .map(json -> json.path("leader"))
                    .filter(JsonNode::isInt)
                    .map(JsonNode::intValue)
                    .filter(brokers::containsKey);
            if (leader.isPresent()) {
                return leader;
            }
        }
        return Optional.empty();
    }

    /** What a broker says of a partition over HTTP. */
    public Optional<JsonNode> partition(int askedBroker, String topic, int partition) {
        return page(askedBroker, "/api/v1/topics/" + topic + "/partitions/" + partition);
    }

    /** What a broker shows at this path; empty if it shows nothing. */
    Optional<JsonNode> page(int askedBroker, String path) {
        return get(askedBroker, path)
                .filter(response -> response.statusCode() == 200)
                .map(response -> json(response.body()));
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Optional<HttpResponse<String>> get(int id, String path) {
        URI uri = URI.create("http://127.0.0.1:" + httpPorts[id - 1] + path);
        try {
            return Optional.of(http.send(
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(5)).build(),
                    HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited " + PATIENCE + " in vain until " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
        }
    }

    public static String tail(Path file) {
        try {
            List<String> lines = Files.readAllLines(file);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
        } catch (IOException e) {
            return "(no " + file + ")";
        }
    }

    /** Ends every process that was started here, and only those. */
    @Override
    public void close() {
        for (Process process : others) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
