package io.millrace.cluster.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.cluster.ProcessCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Kills a partition's leader again and again, and measures how long nothing is acknowledged. */
final class Failovers implements AutoCloseable {
    private static final int BROKERS = 3;
    private static final Duration WARM_UP = Duration.ofSeconds(15);
    /** How long a dead leader stays dead: its start takes the processors that the others need. */
    private static final Duration AWAY = Duration.ofSeconds(5);
    /** In sync, under load: no further behind than what is on its way. */
    private static final long LAG_ENTRIES_MAX = 200;

    private final ProcessCluster cluster;

    Failovers(Path directory) throws IOException {
        this.cluster = new ProcessCluster(directory, BROKERS, id -> "");
    }

    /** @return whether nothing was lost; the times are for the reader */
    boolean run(int kills, int recordsPerSecond) throws Exception {
        cluster.startAll();
        try (Load load = new Load(cluster.addresses(), 1, BROKERS)) {
            load.begin(recordsPerSecond);
            Thread.sleep(WARM_UP.toMillis());
            List<Double> gaps = new ArrayList<>();
            List<Double> withRestart = new ArrayList<>();
            for (int kill = 1; kill <= kills; kill++) {
                awaitInSync();
                int leader = cluster.awaitLeader(Load.topic(), 0);
                long killedNanos = System.nanoTime();
                cluster.kill(leader);
                int before = load.acknowledged();
                Thread.sleep(AWAY.toMillis());
                ProcessCluster.await("somebody leads", () -> load.acknowledged() > before + recordsPerSecond);
                gaps.add(load.longestGapMillis(killedNanos, System.nanoTime()));
                cluster.start(leader);
                cluster.awaitReady(leader);
                awaitInSync();
                withRestart.add(load.longestGapMillis(killedNanos, System.nanoTime()));
                System.out.printf(
                        "kill %2d of %d: broker %d led; longest gap %6.0f ms, until it was in sync again %6.0f ms%n",
                        kill, kills, leader, gaps.get(kill - 1), withRestart.get(kill - 1));
            }
            load.end();
            Audit.Findings found = load.audit(0);
            print("longest gap without an acknowledgement", gaps);
            print("the same until the killed broker was in sync", withRestart);
            System.out.printf("acknowledged %d, duplicates %d%n", load.acknowledged(), found.duplicates());
            found.problems().forEach(System.out::println);
            System.out.println(
                    found.isWell()
                            ? "VERDICT: nothing acknowledged was lost, changed or reordered"
                            : "VERDICT: BROKEN");
            return found.isWell();
        }
    }

    private static void print(String what, List<Double> values) {
        System.out.printf(
                "%-46s p50 %6.0f ms   p90 %6.0f ms   max %6.0f ms   n=%d%n",
                what,
                Chaos.percentile(values, 0.5),
                Chaos.percentile(values, 0.9),
                Chaos.percentile(values, 1),
                values.size());
    }

    private void awaitInSync() {
        ProcessCluster.await("all replicas are in sync", () -> {
            for (int broker = 1; broker <= BROKERS; broker++) {
                if (cluster.partition(broker, Load.topic(), 0)
                        .map(Failovers::inSync)
                        .orElse(false)) {
                    return true;
                }
            }
            return false;
        });
    }

    private static boolean inSync(JsonNode page) {
        int close = 0;
        for (JsonNode peer : page.path("peers")) {
            boolean follows =
                    !peer.path("probing").asBoolean() && peer.path("lagEntries").asLong() <= LAG_ENTRIES_MAX;
            close += follows && peer.path("awaitedMillis").asLong() < 1_000 ? 1 : 0;
        }
        return page.path("leader").isInt() && close == BROKERS - 1;
    }

    @Override
    public void close() {
        cluster.close();
    }
}
