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
    private AkkaOverlay() {}

    static BrokerSettings applyTo(BrokerSettings s, Config all) {
        HostPort cluster = s.cluster().address();
        List<HostPort> seeds =
                s.cluster().seeds().isEmpty() ? List.of(cluster) : s.cluster().seeds();
        List<String> roles = new ArrayList<>();
        roles.add(BrokerRole.of(s.brokerId()));
        if (s.cluster().metadataVoters().contains(s.brokerId())) {
            roles.add(ControllerSingleton.ROLE);
        }
        Map<String, Object> overlay = new HashMap<>();
        overlay.put("akka.remote.artery.canonical.hostname", cluster.host());
        overlay.put("akka.remote.artery.canonical.port", cluster.port());
        overlay.put("akka.cluster.roles", roles);
        overlay.put(
                "akka.cluster.seed-nodes",
                seeds.stream()
                        .map(seed -> "akka://" + s.cluster().name() + "@" + seed)
                        .toList());
        overlay.put("akka.management.http.hostname", s.http().host());
        overlay.put("akka.management.http.port", s.http().port());
        // Term and vote of all replicas. Native, and forced to disk: a vote that is forgotten is a vote that is given
        // twice.
        overlay.put(
                "akka.persistence.journal.leveldb.dir",
                s.dataDir().resolve("journal").toString());
        overlay.put(
                "akka.persistence.snapshot-store.local.dir",
                s.dataDir().resolve("snapshots").toString());
        Config akka = ConfigFactory.parseMap(overlay, "derived from millrace's settings")
                .withFallback(all);
        return new BrokerSettings(
                s.brokerId(),
                s.dataDir(),
                s.logFile(),
                s.cluster(),
                s.frontDoor(),
                s.http(),
                s.messageBytesMax(),
                s.requestBytesMax(),
                s.log(),
                s.cacheBytesMax(),
                s.raft(),
                s.partition(),
                s.shutdownTimeout(),
                akka);
    }
}
