package io.millrace.broker.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.millrace.controller.BrokerConfiguration;
import io.millrace.controller.ControllerSettings;
import io.millrace.controller.metadata.DynamicSettings;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of a broker as they hold now: those that it was started with and, over them, those that the cluster's metadata has for
 * it. Whoever goes by a setting that can be changed asks each time, so that nobody has to be told. For any thread.
 */
public final class LiveSettings implements Supplier<BrokerSettings>, BrokerConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(LiveSettings.class);
    private static final String ROOT = "millrace";
    /** How the origin of a value begins. */
    static final String ORIGIN = "dynamic, for ";

    /** By their keys below {@link #ROOT}; all others hold from one start to the next. */
    private static final NavigableSet<String> LIVE = new TreeSet<>(Set.of(
            "capacity-percent",
            "client.connection-bytes",
            "client.pending-bytes",
            "client.pending-requests",
            "follower-read",
            "leader-balance.cycle-interval",
            "leader-balance.enabled",
            "leader-balance.moves-per-cycle",
            "leader-balance.settle-time",
            "leader-balance.stay-time",
            "leader-balance.threshold-percent",
            "max-message-size",
            "max-storage-size",
            "move-throttle",
            "moves-per-broker",
            "partition.producer-expiry",
            "replica-rebalance",
            "replica-replacement-delay",
            "retention-time"));

    private record State(DynamicSettings given, BrokerSettings settings) {}

    private final BrokerSettings started;
    private final Supplier<DynamicSettings> metadata;
    private volatile State state;

    /** @param metadata those that the broker knows of now; the same object for as long as they are the same */
    public LiveSettings(BrokerSettings started, Supplier<DynamicSettings> metadata) {
        this.started = started;
        this.metadata = metadata;
        this.state = new State(DynamicSettings.NONE, started);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Cheap, for each request; if it is not the same, it is compared.
    public BrokerSettings get() {
        DynamicSettings given = metadata.get();
        State known = state;
        return known.given == given ? known.settings : renewed(given);
    }

    private synchronized BrokerSettings renewed(DynamicSettings given) {
        int broker = started.brokerId();
        Map<String, String> before = state.given.of(broker);
        Map<String, String> now = given.of(broker);
        BrokerSettings settings = state.settings;
        if (!now.equals(before)) {
            try {
                settings = SettingsReader.read(over(given), List.of());
                LOG.info("Settings that were changed while brokers run are now {}", now);
            } catch (InvalidSettingsException e) {
                // Its own configuration file may not go with them. Better those that it had than none.
                LOG.error("Cannot take the settings {}, and keeps those that it has: {}", now, e.getMessage());
            }
        }
        state = new State(given, settings);
        return settings;
    }

    /** Those of names that this version knows to change: a newer one may have set others. */
    private Config over(DynamicSettings given) {
        return config(given.givenTo(OptionalInt.of(started.brokerId())), "broker " + started.brokerId())
                .withFallback(config(given.givenTo(OptionalInt.empty()), "all brokers"))
                .withFallback(started.akka());
    }

    private static Config config(Map<String, String> settings, String whose) {
        return ConfigFactory.parseMap(
                settings.entrySet().stream()
                        .filter(setting -> LIVE.contains(setting.getKey()))
                        .collect(Collectors.toMap(
                                setting -> ROOT + "." + setting.getKey(),
                                setting -> ConfigValueFactory.fromAnyRef(setting.getValue(), ORIGIN + whose))),
                ORIGIN + whose);
    }

    /** Whether a setting can be changed while the broker runs; with its whole key. */
    static boolean isLive(String key) {
        return key.startsWith(ROOT + ".") && LIVE.contains(key.substring(ROOT.length() + 1));
    }

    /** The key of a setting below {@code millrace}, however it was written. */
    public static String keyOf(String name) {
        return name.startsWith(ROOT + ".") ? name.substring(ROOT.length() + 1) : name;
    }

    // ---------------------------------------------------------------------------------------------- for the controller

    @Override
    public ControllerSettings controller() {
        BrokerSettings now = get();
        return ControllerSettings.DEFAULT
                .withCycle(now.leaders().cycleInterval(), now.leaders().balancer())
                .withMoves(now.moves());
    }

    @Override
    public Optional<String> problemWithName(String name) {
        if (LIVE.contains(name)) {
            return Optional.empty();
        }
        String key = ROOT + "." + name;
        boolean exists = started.akka().getConfig(ROOT).entrySet().stream()
                .anyMatch(setting -> setting.getKey().equals(name));
        return Optional.of(
                exists
                        ? name + " holds from one start of a broker to the next: set " + key
                                + " in its configuration file, as " + SettingsLoader.variableOf(key) + " or as -D" + key
                                + ", and start it again"
                        : "there is no setting " + name + " of brokers; those that can be changed while they run are "
                                + String.join(", ", LIVE));
    }

    @Override
    public Optional<String> problemWith(Map<String, String> settings) {
        try {
            BrokerSettings unused =
                    SettingsReader.read(config(settings, "brokers").withFallback(started.akka()), List.of());
            return Optional.empty();
        } catch (InvalidSettingsException e) {
            return Optional.of(String.join("; ", e.problems()));
        }
    }
}
