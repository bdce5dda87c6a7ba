package io.millrace.broker.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.millrace.controller.ControllerSingleton;
import io.millrace.partition.replica.BrokerRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What Akka must be told that follows from the broker's own settings: addresses, roles, directories. It wins over everything
 * else, since two places for one thing would be one too many.
 */
final class AkkaOverlay {
    private static final String DISCOVERY = "akka.management.cluster.bootstrap.contact-point-discovery.";
    static final String ORIGIN = "derived from millrace's settings";
    private static final String SEEDS = "millrace-seeds";

    private AkkaOverlay() {}

    static BrokerSettings applyTo(BrokerSettings s, Config all) {
        HostPort cluster = s.cluster().address();
        HostPort http = s.http().advertised();
        List<HostPort> seeds =
                s.cluster().seeds().isEmpty() ? List.of(http) : s.cluster().seeds();
        List<String> roles = new ArrayList<>();
        roles.add(BrokerRole.of(s.brokerId()));
        if (s.cluster().metadataVoters().contains(s.brokerId())) {
            roles.add(ControllerSingleton.ROLE);
        }
        Map<String, Object> overlay = new HashMap<>();
        overlay.put("akka.remote.artery.canonical.hostname", cluster.host());
        overlay.put("akka.remote.artery.canonical.port", cluster.port());
        overlay.put("akka.remote.artery.bind.hostname", s.cluster().bind().host());
        overlay.put("akka.remote.artery.bind.port", s.cluster().bind().port());
        overlay.put("akka.cluster.roles", roles);
        overlay.put(
                "akka.discovery.config.services",
                Map.of(
                        SEEDS,
                        Map.of(
                                "endpoints",
                                seeds.stream()
                                        .map(seed -> Map.of("host", seed.host(), "port", seed.port()))
                                        .toList())));
        overlay.put(DISCOVERY + "effective-name", SEEDS);
        overlay.put(DISCOVERY + "required-contact-point-nr", seeds.size() / 2 + 1);
        overlay.put("akka.management.http.hostname", http.host());
        overlay.put("akka.management.http.port", http.port());
        overlay.put("akka.management.http.bind-hostname", s.http().address().host());
        overlay.put("akka.management.http.bind-port", s.http().address().port());
        overlay.put("millrace.journal.dir", s.dataDir().resolve("journal").toString());
        overlay.put(
                "akka.persistence.snapshot-store.local.dir",
                s.dataDir().resolve("snapshots").toString());
        Config akka = ConfigFactory.parseMap(overlay, ORIGIN).withFallback(all);
        return new BrokerSettings(
                s.brokerId(),
                s.rack(),
                s.capacity(),
                s.dataDir(),
                s.diskReserve(),
                s.scrubBytesPerSecond(),
                s.scrubRest(),
                s.logFile(),
                s.logFormat(),
                s.cluster(),
                s.frontDoor(),
                s.http(),
                s.messageBytesMax(),
                s.requestBytesMax(),
                s.decompressedBytesMax(),
                s.log(),
                s.cacheBytesMax(),
                s.raft(),
                s.partition(),
                s.retention(),
                s.cleanupInterval(),
                s.groupOffsetsRetention(),
                s.leaders(),
                s.followerRead(),
                s.metricsTopicsMax(),
                s.shutdownTimeout(),
                s.moves(),
                s.moveBytesPerSecond(),
                akka);
    }
}
