package io.millrace.controller;

import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Brokers and clusters that tests start from. */
public final class Samples {
    private Samples() {}

    public static BrokerRegistration broker(int id) {
        return broker(id, "directory-" + id);
    }

    public static BrokerRegistration broker(int id, String directoryId) {
        return new BrokerRegistration(
                id,
                directoryId,
                new Endpoint("host-" + id, 9092),
                new Endpoint("host-" + id, 8558),
                id % 2 == 0 ? Optional.of("rack-" + id) : Optional.empty());
    }

    public static BrokerRegistration withCapacity(int id, double capacity) {
        BrokerRegistration usual = broker(id);
        return new BrokerRegistration(id, usual.directoryId(), usual.client(), usual.http(), usual.rack(), capacity);
    }

    public static MetadataCommand.RegisterBroker register(long epoch, int broker) {
        return new MetadataCommand.RegisterBroker(epoch, Optional.empty(), Optional.empty(), broker(broker));
    }

    /** Cluster {@code c}, ruled in epoch 1 from broker 1, with these brokers. */
    public static ClusterMetadata cluster(int... brokers) {
        ClusterMetadata metadata = apply(ClusterMetadata.EMPTY, new MetadataCommand.ClaimController(0, 1, "c"));
        for (int broker : brokers) {
            metadata = apply(metadata, register(1, broker));
        }
        return metadata;
    }

    public static ClusterMetadata apply(ClusterMetadata metadata, MetadataCommand command) {
        return metadata.apply(metadata.appliedIndex() + 1, command).next();
    }

    /** A broker whose controller goes by these and on which anything can be set, but {@code fixed}, and but to {@code bad}. */
    public static BrokerConfiguration configuration(Supplier<ControllerSettings> settings) {
        return new BrokerConfiguration() {
            @Override
            public ControllerSettings controller() {
                return settings.get();
            }

            @Override
            public Optional<String> problemWithName(String name) {
                return name.equals("fixed") ? Optional.of("fixed needs a restart") : Optional.empty();
            }

            @Override
            public Optional<String> problemWith(Map<String, String> given) {
                return given.containsValue("bad") ? Optional.of(given + " is bad") : Optional.empty();
            }
        };
    }

    /** These brokers, each as the member {@code member-<id>}. */
    public static LiveBrokers live(int... brokers) {
        NavigableMap<Integer, NavigableSet<String>> members = new TreeMap<>();
        Arrays.stream(brokers)
                .forEach(broker -> members.put(broker, new TreeSet<>(java.util.Set.of("member-" + broker))));
        return new LiveBrokers(members);
    }
}
