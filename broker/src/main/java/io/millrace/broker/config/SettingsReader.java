package io.millrace.broker.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.controller.ControllerSettings;
import io.millrace.controller.balance.BalancerSettings;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.replica.PartitionSettings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * Turns one {@link Config} into {@link BrokerSettings}. A value that is wrong is noted, replaced by something harmless, and
 * reading goes on: the operator hears of all mistakes in one go.
 */
final class SettingsReader {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    /** What a frame between brokers holds beside the records: the envelope, the entry's header, term, indexes. */
    private static final int FRAME_OVERHEAD = 64 * KIB;

    private static final Duration RETENTION_MAX = Duration.ofDays(100 * 365);
    private static final int BROKER_ID_MAX = 1_000_000;
    /** Then a broker counts as not reporting: some are late. */
    private static final int REPORTS_MISSED_MAX = 4;

    private static final List<String> RESERVED =
            List.of("flush-interval", "compression.type", "compression.threshold", "deduplication");

    private final Config all;
    private final Config config;
    private final Config defaults;
    private final List<String> problems;

    private SettingsReader(Config all, List<String> problems) {
        this.all = all;
        this.config = all.getConfig("millrace");
        this.defaults = ConfigFactory.defaultReference().getConfig("millrace");
        this.problems = problems;
    }

    static BrokerSettings read(Config all, List<String> problemsSoFar) {
        SettingsReader reader = new SettingsReader(all, new ArrayList<>(problemsSoFar));
        BrokerSettings settings = reader.read();
        if (!reader.problems.isEmpty()) {
            throw new InvalidSettingsException(reader.problems);
        }
        return settings;
    }

    private BrokerSettings read() {
        RESERVED.forEach(this::checkReserved);
        int problemsBefore = problems.size();
        int brokerId = intBetween("broker-id", 0, BROKER_ID_MAX);
        boolean knowsItself = problems.size() == problemsBefore;
        int messageBytesMax = (int) bytesBetween("max-message-size", KIB, 64 * MIB);
        int requestBytesMax = (int) bytesBetween("max-request-size", KIB, 64 * MIB);
        check(
                requestBytesMax >= messageBytesMax,
                "max-request-size",
                "is smaller than millrace.max-message-size, so that such a message could never be sent");
        long frameBytes = akkaBytes("akka.remote.artery.advanced.maximum-frame-size");
        check(
                requestBytesMax + FRAME_OVERHEAD <= frameBytes,
                "max-request-size",
                "must be at least 64 KiB less than akka.remote.artery.advanced.maximum-frame-size, which is "
                        + frameBytes + " bytes");
        BrokerSettings.Cluster cluster = cluster(brokerId, knowsItself);
        BrokerSettings.FrontDoor frontDoor = frontDoor(requestBytesMax);
        HostPort httpAddress = hostPort("http");
        BrokerSettings.Http http =
                new BrokerSettings.Http(httpAddress, advertised("http", httpAddress), flag("http.allow-changes"));
        checkPortsDiffer(cluster.bind(), frontDoor.address(), httpAddress);
        Path dataDir = path("data-dir").orElseGet(() -> {
            problem("data-dir", "is empty");
            return Path.of(".");
        });
        BrokerSettings settings = new BrokerSettings(
                brokerId,
                Optional.of(string("rack")).filter(rack -> !rack.isEmpty()),
                intBetween("capacity-percent", 1, 100_000) / 100.0,
                dataDir,
                new DiskReserve(bytesBetween("disk-reserve", 0, 1L << 60)),
                bytesBetween("scrub-rate", 0, 1L << 40),
                durationBetween("scrub-rest", Duration.ofMillis(1), Duration.ofDays(365)),
                path("log-file"),
                logFormat(),
                cluster,
                frontDoor,
                http,
                messageBytesMax,
                requestBytesMax,
                (int) bytesBetween("max-decompressed-size", 64 * KIB, 1L << 30),
                LogSettings.DEFAULT.withSegmentBytes(bytesBetween("segment-size", 64 * KIB, 1L << 30)),
                (int) bytesBetween("partition.cache-size", 0, 1L << 30),
                raft(frameBytes),
                partition(requestBytesMax, frameBytes),
                new Retention(
                        limited("retention-time", () -> durationBetween(
                                        "retention-time", Duration.ofMillis(1), RETENTION_MAX)
                                .toMillis()),
                        limited("max-storage-size", () -> bytesBetween("max-storage-size", 1, 1L << 53))),
                durationBetween("cleanup-interval", Duration.ofSeconds(1), Duration.ofDays(1)),
                durationBetween("groups.offsets-retention", Duration.ofMinutes(1), Duration.ofDays(3650)),
                leaders(),
                flag("follower-read"),
                intBetween("metrics.topics-max", 0, 100_000),
                durationBetween("shutdown-timeout", Duration.ofSeconds(1), Duration.ofMinutes(10)),
                new ControllerSettings.Moves(
                        ControllerSettings.DEFAULT.moves().lookEvery(),
                        intBetween("moves-per-broker", 1, 1_000),
                        durationBetween("replica-replacement-delay", Duration.ofSeconds(1), Duration.ofDays(365)),
                        isAutomatic("replica-rebalance"),
                        cluster.metadataVoters()),
                moveThrottle(),
                ConfigFactory.empty());
        return problems.isEmpty() ? AkkaOverlay.applyTo(settings, all) : settings;
    }

    private long moveThrottle() {
        long bytesPerSecond = bytesBetween("move-throttle", 0, 1L << 40);
        check(
                bytesPerSecond == 0 || bytesPerSecond >= MIB,
                "move-throttle",
                "is 0 (no limit), or at least 1 MiB: with less, nobody would ever catch up");
        return bytesPerSecond;
    }

    private boolean isAutomatic(String key) {
        String mode = string(key);
        check(mode.equals("offer") || mode.equals("auto"), key, "is offer or auto, not '" + mode + "'");
        return mode.equals("auto");
    }

    private BrokerSettings.Leaders leaders() {
        Duration report =
                durationBetween("leader-balance.report-interval", Duration.ofMillis(100), Duration.ofMinutes(5));
        Duration cycle = durationBetween("leader-balance.cycle-interval", Duration.ofMillis(100), Duration.ofHours(1));
        BalancerSettings balancer = new BalancerSettings(
                intBetween("leader-balance.threshold-percent", 1, 1_000) / 100.0,
                intBetween("leader-balance.moves-per-cycle", 1, 10_000),
                durationBetween("leader-balance.settle-time", Duration.ZERO, Duration.ofDays(1))
                        .toMillis(),
                durationBetween("leader-balance.stay-time", Duration.ZERO, Duration.ofDays(1))
                        .toMillis(),
                REPORTS_MISSED_MAX * report.toMillis());
        return new BrokerSettings.Leaders(
                report, cycle, flag("leader-balance.enabled") ? Optional.of(balancer) : Optional.empty());
    }

    private BrokerSettings.Cluster cluster(int brokerId, boolean knowsItself) {
        String name = string("cluster.name");
        check(name.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,63}"), "cluster.name", "must be 1 to 64 of a-z A-Z 0-9 _ -");
        List<HostPort> seeds = new ArrayList<>();
        for (String text : list("cluster.seeds")) {
            parseHostPort(text)
                    .ifPresentOrElse(
                            seeds::add, () -> problem("cluster.seeds", "has '" + text + "', which is not host:port"));
        }
        List<String> votersGiven = list("cluster.metadata-voters");
        Set<Integer> voters = new TreeSet<>();
        for (String text : votersGiven) {
            try {
                int voter = Integer.parseInt(text);
                check(
                        voter >= 0 && voter <= BROKER_ID_MAX,
                        "cluster.metadata-voters",
                        "has " + voter + ", which is not a broker's id");
                voters.add(voter);
            } catch (NumberFormatException e) {
                problem("cluster.metadata-voters", "has '" + text + "', which is not a broker's id");
            }
        }
        check(
                votersGiven.size() % 2 == 1 && votersGiven.size() <= 5,
                "cluster.metadata-voters",
                "must name 1, 3 or 5 brokers, not " + votersGiven.size());
        check(voters.size() == votersGiven.size(), "cluster.metadata-voters", "names a broker twice");
        check(
                !knowsItself || !seeds.isEmpty() || voters.contains(brokerId),
                "cluster.seeds",
                "is empty, so broker " + brokerId
                        + " would be a cluster of its own, but it is not among the metadata-voters " + voters);
        HostPort address = hostPort("cluster");
        String bindHost = string("cluster.bind-host");
        int bindPort = intBetween("cluster.bind-port", 0, 65_535);
        HostPort bind =
                new HostPort(bindHost.isEmpty() ? address.host() : bindHost, bindPort == 0 ? address.port() : bindPort);
        return new BrokerSettings.Cluster(
                name, address, bind, seeds, voters, bytesBetween("cluster.metadata-log-size", 4 * KIB, 1L << 30));
    }

    private HostPort advertised(String section, HostPort address) {
        String host = string(section + ".advertised-host");
        return new HostPort(host.isEmpty() ? address.host() : host, address.port());
    }

    private BrokerSettings.FrontDoor frontDoor(int requestBytesMax) {
        HostPort address = hostPort("client");
        Duration timeout = durationBetween("client.request-timeout", Duration.ofMillis(100), Duration.ofMinutes(5));
        Duration timeoutMax =
                durationBetween("client.request-timeout-max", Duration.ofMillis(100), Duration.ofMinutes(60));
        check(
                timeoutMax.compareTo(timeout) >= 0,
                "client.request-timeout-max",
                "is less than millrace.client.request-timeout");
        long pendingBytes = bytesBetween("client.pending-bytes", KIB, 1L << 40);
        check(pendingBytes >= requestBytesMax, "client.pending-bytes", "is less than millrace.max-request-size");
        long connectionBytes = bytesBetween("client.connection-bytes", KIB, 1L << 40);
        check(connectionBytes >= requestBytesMax, "client.connection-bytes", "is less than millrace.max-request-size");
        return new BrokerSettings.FrontDoor(
                address,
                advertised("client", address),
                timeout,
                timeoutMax,
                intBetween("client.stream-parallelism", 1, 100_000),
                pendingBytes,
                connectionBytes,
                intBetween("client.pending-requests", 1, 10_000_000),
                intBetween("client.routers", 1, 256));
    }

    private RaftSettings raft(long frameBytes) {
        long heartbeat = durationBetween("raft.heartbeat-interval", Duration.ofMillis(1), Duration.ofSeconds(60))
                .toMillis();
        long electionMin = durationBetween("raft.election-timeout-min", Duration.ofMillis(1), Duration.ofMinutes(5))
                .toMillis();
        long electionMax = durationBetween("raft.election-timeout-max", Duration.ofMillis(1), Duration.ofMinutes(5))
                .toMillis();
        long notice = durationBetween("raft.commit-notice-delay", Duration.ZERO, Duration.ofSeconds(10))
                .toMillis();
        int append = (int) bytesBetween("raft.append-size", KIB, 64 * MIB);
        int inflight = (int) bytesBetween("raft.inflight-bytes", KIB, 1L << 30);
        int messages = intBetween("raft.inflight-messages", 1, 100_000);
        long quiesce = durationBetween("raft.quiesce-after", Duration.ZERO, Duration.ofDays(36_500))
                .toMillis();
        boolean ordered = heartbeat < electionMin && electionMin <= electionMax;
        check(
                ordered,
                "raft.election-timeout-min",
                "must be more than millrace.raft.heartbeat-interval and at most millrace.raft.election-timeout-max");
        check(
                append + FRAME_OVERHEAD <= frameBytes,
                "raft.append-size",
                "must be at least 64 KiB less than akka.remote.artery.advanced.maximum-frame-size, which is "
                        + frameBytes + " bytes");
        return ordered
                ? new RaftSettings(heartbeat, electionMin, electionMax, notice, append, inflight, messages)
                        .withQuiesceAfterMillis(quiesce)
                : RaftSettings.DEFAULT;
    }

    private PartitionSettings partition(int requestBytesMax, long frameBytes) {
        int queue = (int) bytesBetween("partition.queue-bytes", KIB, 1L << 30);
        check(queue >= requestBytesMax, "partition.queue-bytes", "is less than millrace.max-request-size");
        int proposal = (int) bytesBetween("partition.proposal-size", KIB, 64 * MIB);
        check(
                proposal + FRAME_OVERHEAD <= frameBytes,
                "partition.proposal-size",
                "must be at least 64 KiB less than akka.remote.artery.advanced.maximum-frame-size, which is "
                        + frameBytes + " bytes");
        int fetch = (int) bytesBetween("partition.fetch-size", KIB, 64 * MIB);
        check(
                fetch + FRAME_OVERHEAD <= frameBytes,
                "partition.fetch-size",
                "must be at least 64 KiB less than akka.remote.artery.advanced.maximum-frame-size, which is "
                        + frameBytes + " bytes");
        return new PartitionSettings(
                queue,
                proposal,
                intBetween("partition.proposals-inflight", 1, 10_000),
                intBetween("partition.waiting-fetches", 1, 10_000_000),
                fetch,
                durationBetween("partition.producer-expiry", Duration.ofMinutes(1), Duration.ofDays(3_650))
                        .toMillis());
    }

    private BrokerSettings.LogFormat logFormat() {
        String format = string("log-format");
        check(Set.of("text", "json").contains(format), "log-format", "is '" + format + "', not text or json");
        return format.equals("json") ? BrokerSettings.LogFormat.JSON : BrokerSettings.LogFormat.TEXT;
    }

    private long limited(String key, LongSupplier limit) {
        return string(key).equals("unlimited") ? Retention.UNLIMITED : limit.getAsLong();
    }

    private void checkReserved(String key) {
        String value = config.getValue(key).unwrapped().toString();
        String only = defaults.getValue(key).unwrapped().toString();
        // HOCON reads off, false and no as the same; text from -D and the environment stays text.
        if (!normalized(value).equals(normalized(only))) {
            problem(key, "is reserved for a feature that is not built yet; the only value today is " + only);
        }
    }

    private static String normalized(String value) {
        String text = value.strip().toLowerCase(java.util.Locale.ROOT);
        return Set.of("off", "no").contains(text) ? "false" : text.replace(" ", "");
    }

    private void checkPortsDiffer(HostPort cluster, HostPort client, HostPort http) {
        Set<HostPort> seen = new HashSet<>();
        seen.add(cluster);
        check(seen.add(client), "client.port", "is " + client + ", which is millrace.cluster's too");
        check(seen.add(http), "http.port", "is " + http + ", which is another setting's too");
    }

    private HostPort hostPort(String section) {
        String host = string(section + ".host");
        check(!host.isBlank(), section + ".host", "is empty");
        return new HostPort(host, intBetween(section + ".port", 1, 65_535));
    }

    private static Optional<HostPort> parseHostPort(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0 || !text.substring(colon + 1).matches("[0-9]{1,5}")) {
            return Optional.empty();
        }
        int port = Integer.parseInt(text.substring(colon + 1));
        String host = text.substring(0, colon).replaceAll("^\\[|\\]$", "");
        return port >= 1 && port <= 65_535 ? Optional.of(new HostPort(host, port)) : Optional.empty();
    }

    private boolean flag(String key) {
        return value(key, Config::getBoolean, false);
    }

    private String string(String key) {
        return value(key, Config::getString, "");
    }

    private List<String> list(String key) {
        return value(key, Config::getStringList, List.of());
    }

    private Optional<Path> path(String key) {
        String text = string(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(text));
        } catch (InvalidPathException e) {
            problem(key, "is not a path: " + e.getMessage());
            return Optional.empty();
        }
    }

    private int intBetween(String key, int min, int max) {
        int value = value(key, Config::getInt, min);
        check(value >= min && value <= max, key, "is " + value + ", not between " + min + " and " + max);
        return Math.min(Math.max(value, min), max);
    }

    private long bytesBetween(String key, long min, long max) {
        long value = value(key, Config::getBytes, min);
        check(value >= min && value <= max, key, "is " + value + " bytes, not between " + min + " and " + max);
        return Math.min(Math.max(value, min), max);
    }

    private Duration durationBetween(String key, Duration min, Duration max) {
        Duration value = value(key, Config::getDuration, min);
        check(
                value.compareTo(min) >= 0 && value.compareTo(max) <= 0,
                key,
                "is " + value.toMillis() + " ms, not between " + min.toMillis() + " and " + max.toMillis());
        return value.compareTo(min) < 0 ? min : value.compareTo(max) > 0 ? max : value;
    }

    private long akkaBytes(String key) {
        try {
            return all.getBytes(key);
        } catch (ConfigException e) {
            problems.add(String.valueOf(e.getMessage()));
            return Integer.MAX_VALUE;
        }
    }

    private <T> T value(String key, BiFunction<Config, String, T> getter, T otherwise) {
        try {
            return getter.apply(config, key);
        } catch (ConfigException e) {
            problem(key, "cannot be read: " + reasonIn(e));
            return otherwise;
        }
    }

    /** Without the origin that the library puts first, since we name it ourselves. */
    private static String reasonIn(ConfigException e) {
        String message = String.valueOf(e.getMessage());
        String origin = e.origin() == null ? "" : e.origin().description() + ": ";
        return message.startsWith(origin) ? message.substring(origin.length()) : message;
    }

    private void check(boolean holds, String key, String problem) {
        if (!holds) {
            problem(key, problem);
        }
    }

    private void problem(String key, String problem) {
        String origin = config.hasPath(key) ? config.getValue(key).origin().description() : "not set";
        problems.add("millrace." + key + " " + problem + " (" + origin + ")");
    }
}
