package io.millrace.cluster.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.cluster.ProcessCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;

/** A cluster of three under load and under faults. */
final class Chaos implements AutoCloseable {
    private static final int BROKERS = 3;
    /** How long after its end a fault may still be the reason for a gap: elections, clients that look for the leader. */
    private static final long AFTERMATH_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final double NOTABLE_GAP_MILLIS = 3_000;
    private static final long RESTART_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A fault begins or ends. */
    private record Step(long atMillis, Fault fault, boolean begins) {}

    private record Lived(Fault fault, long beginNanos, long endNanos) {}

    private final Path directory;
    private final List<Fault> plan;
    private final int partitions;
    private final int consumers;
    private final Members members;
    private final Links links;
    private final ProcessCluster cluster;

    /** How many faults keep a broker down, or stopped, now. */
    private final int[] kills = new int[BROKERS + 1];

    private final int[] pauses = new int[BROKERS + 1];
    private final long[] endedNanos = new long[BROKERS + 1];
    private final Map<Fault, Long> beginNanos = new java.util.HashMap<>();
    private final List<Lived> lived = new ArrayList<>();
    /** Brokers that ended by themselves, by exit code. */
    private final Map<Integer, Integer> exits = new TreeMap<>();

    private long startNanos;

    /**
     * @param partitions of the topic
     * @param consumers of one group, that come and go as well; may be 0
     * @param seed decides which of them go when
     */
    Chaos(Path directory, List<Fault> plan, int partitions, int consumers, long seed) throws IOException {
        this.directory = directory;
        this.plan = plan;
        this.partitions = partitions;
        this.consumers = consumers;
        int[] bindPorts = ProcessCluster.freePorts(BROKERS);
        this.links = new Links(bindPorts);
        this.cluster = new ProcessCluster(
                directory,
                BROKERS,
                id ->
                        """
                millrace.cluster { port = %d, bind-port = %d }
                akka.remote.artery.advanced.tcp.outbound-client-hostname = "%s"
                """
                                .formatted(links.portOf(id), bindPorts[id - 1], Links.hostOf(id)));
        this.members = new Members(directory, cluster.addresses(), seed);
    }

    /** @return whether all is well */
    boolean run(int recordsPerSecond, long millis) throws Exception {
        say("starting " + BROKERS + " brokers, with data and logs in " + directory);
        cluster.startAll();
        try (Load load = new Load(cluster.addresses(), partitions, BROKERS)) {
            if (consumers > 0) {
                members.start(consumers, partitions);
            }
            startNanos = System.nanoTime();
            load.begin(recordsPerSecond);
            for (Step step : steps()) {
                superviseUntil(step.atMillis());
                if (step.begins()) {
                    begin(step.fault());
                } else {
                    end(step.fault());
                }
            }
            superviseUntil(millis);
            long faultsOverNanos = System.nanoTime();
            say("no more faults: everybody must be back, and every partition must go on");
            members.supervise(elapsedMillis(), false).forEach(this::say);
            awaitEverybody(load); // and so every gap that a fault has made is over
            load.end();
            awaitAgreement();
            if (consumers > 0) {
                members.awaitAll(load.sentByPartition());
            }
            return report(load, faultsOverNanos);
        }
    }

    private List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (Fault fault : plan) {
            steps.add(new Step(fault.beginMillis(), fault, true));
            steps.add(new Step(fault.endMillis(), fault, false));
        }
        steps.sort(Comparator.comparingLong(Step::atMillis));
        return steps;
    }

    private long elapsedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }

    private void say(String what) {
        System.out.printf("%8.1f s  %s%n", startNanos == 0 ? 0 : elapsedMillis() / 1e3, what);
    }

    // ------------------------------------------------------------------------------------------------------- faults

    private void begin(Fault fault) throws IOException, InterruptedException {
        say(fault.toString());
        beginNanos.put(fault, System.nanoTime());
        int broker = fault.broker();
        switch (fault.kind()) {
            case KILL -> {
                if (kills[broker]++ == 0 && cluster.process(broker).isPresent()) {
                    cluster.kill(broker);
                }
            }
            case PAUSE -> {
                pauses[broker]++;
                signal(broker, "STOP");
            }
            case PARTITION, ONE_WAY -> forLinks(fault, links::cut);
        }
    }

    private void end(Fault fault) throws IOException, InterruptedException {
        int broker = fault.broker();
        switch (fault.kind()) {
            case KILL -> {
                if (--kills[broker] == 0) {
                    cluster.start(broker);
                }
            }
            case PAUSE -> {
                if (--pauses[broker] == 0) {
                    signal(broker, "CONT");
                }
            }
            case PARTITION, ONE_WAY -> forLinks(fault, (from, to) -> links.heal(from, to, fault.breaksConnections()));
        }
        lived.add(new Lived(fault, Optional.ofNullable(beginNanos.get(fault)).orElseThrow(), System.nanoTime()));
        say("over: " + fault.kind() + " broker " + broker);
    }

    private interface LinkChange {
        void of(int from, int to);
    }

    private static void forLinks(Fault fault, LinkChange change) {
        for (int inside : fault.brokers()) {
            for (int outside = 1; outside <= BROKERS; outside++) {
                if (!fault.brokers().contains(outside)) {
                    change.of(inside, outside);
                    if (fault.kind() == Fault.Kind.PARTITION) {
                        change.of(outside, inside);
                    }
                }
            }
        }
    }

    /** To the process that runs now, if one does: one that was killed meanwhile needs no CONT. */
    private void signal(int broker, String name) throws IOException, InterruptedException {
        Optional<Process> process = cluster.process(broker).filter(Process::isAlive);
        if (process.isPresent()) {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.get().pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        }
    }

    // --------------------------------------------------------------------------------------------------- supervision

    private void superviseUntil(long millis) throws IOException, InterruptedException {
        while (elapsedMillis() < millis) {
            supervise();
            if (consumers > 0) {
                members.supervise(elapsedMillis(), true).forEach(this::say);
            }
            Thread.sleep(Math.max(1, Math.min(100, millis - elapsedMillis())));
        }
    }

    /** Starts a broker again that has ended by itself, as whoever runs brokers would. */
    private void supervise() throws IOException {
        for (int broker = 1; broker <= BROKERS; broker++) {
            Optional<Process> process = cluster.process(broker);
            if (kills[broker] > 0 || process.isEmpty() || process.get().isAlive()) {
                endedNanos[broker] = 0;
            } else if (endedNanos[broker] == 0) {
                endedNanos[broker] = System.nanoTime();
                int exit = process.get().exitValue();
                exits.merge(exit, 1, Integer::sum);
                say("broker " + broker + " has ended by itself, with exit code " + exit);
            } else if (System.nanoTime() - endedNanos[broker] > RESTART_AFTER_NANOS) {
                endedNanos[broker] = 0;
                cluster.start(broker);
            }
        }
    }

    private void awaitEverybody(Load load) throws IOException {
        for (int broker = 1; broker <= BROKERS; broker++) {
            int awaited = broker;
            ProcessCluster.await("broker " + broker + " is ready", () -> {
                try {
                    supervise();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                return cluster.get(awaited, "/ready")
                        .map(answer -> answer.statusCode() == 200)
                        .orElse(false);
            });
        }
        List<Integer> before = load.acknowledgedByPartition();
        for (int partition = 0; partition < partitions; partition++) {
            int awaited = partition;
            ProcessCluster.await(
                    "partition " + partition + " goes on",
                    () -> load.acknowledgedByPartition().get(awaited) > before.get(awaited));
        }
    }

    /** Until every replica has on disk what its leader has. */
    private void awaitAgreement() {
        for (int partition = 0; partition < partitions; partition++) {
            int awaited = partition;
            ProcessCluster.await("the replicas of partition " + partition + " agree", () -> cluster.partition(
                            1, Load.topic(), awaited)
                    .map(Chaos::agree)
                    .orElse(false));
        }
    }

    private static boolean agree(JsonNode page) {
        JsonNode leader = page.path("replicas").path(page.path("leader").asText());
        if (leader.isMissingNode()) {
            return false;
        }
        int agreeing = 0;
        for (JsonNode replica : page.path("replicas")) {
            boolean same = replica.path("state").asText().equals("RUNNING")
                    && replica.path("durableIndex").asLong()
                            == leader.path("lastIndex").asLong()
                    && replica.path("highWatermark").asLong()
                            == leader.path("highWatermark").asLong();
            agreeing += same ? 1 : 0;
        }
        return agreeing == BROKERS;
    }

    // -------------------------------------------------------------------------------------------------------- report

    private boolean report(Load load, long faultsOverNanos) throws IOException {
        int problems = 0;
        int records = 0;
        int duplicates = 0;
        int unacknowledged = 0;
        for (int partition = 0; partition < partitions; partition++) {
            Audit.Findings found = load.audit(partition);
            records += found.records();
            duplicates += found.duplicates();
            unacknowledged += found.unacknowledged();
            if (!found.isWell()) {
                problems++;
                say("PARTITION " + partition + ": " + found.lost() + " lost, " + found.changed() + " changed, "
                        + found.reordered() + " reordered");
                found.problems().forEach(problem -> say("  " + problem));
            }
        }
        load.gapsAtLeast(NOTABLE_GAP_MILLIS, startNanos, faultsOverNanos)
                .forEach((partition, gaps) -> gaps.forEach(gap -> System.out.printf(
                        "%8.1f s  partition %d acknowledged nothing for %.0f ms%n",
                        (gap.fromNanos() - startNanos) / 1e9, partition, gap.millis())));
        System.out.println();
        System.out.printf("%-10s %6s %18s %18s%n", "fault", "count", "gap p50, ms", "gap max, ms");
        Map<Fault.Kind, List<Double>> gaps = new EnumMap<>(Fault.Kind.class);
        for (Lived each : lived) {
            gaps.computeIfAbsent(each.fault().kind(), kind -> new ArrayList<>())
                    .add(load.longestGapMillis(each.beginNanos(), each.endNanos() + AFTERMATH_NANOS));
        }
        gaps.forEach((kind, all) -> System.out.printf(
                "%-10s %6d %18.0f %18.0f%n", kind, all.size(), percentile(all, 0.5), percentile(all, 1)));
        System.out.println(
                "(the longest time in which some partition acknowledged nothing, while the fault lasted or shortly"
                        + " after; faults that overlap share it)");
        System.out.printf(
                "longest gap of all             %10.0f ms%n", load.longestGapMillis(startNanos, faultsOverNanos));
        System.out.printf("removed and started again      %10d%n", startedAgain());
        System.out.printf("ended by themselves            %10s%n", exits.isEmpty() ? "none" : exits);
        System.out.printf("sent                           %10d%n", load.sent());
        System.out.printf("acknowledged                   %10d%n", load.acknowledged());
        System.out.printf(
                "given up by the producer       %10s%n", load.failures().isEmpty() ? "none" : load.failures());
        System.out.printf("read back                      %10d%n", records);
        System.out.printf("of these not acknowledged      %10d%n", unacknowledged);
        System.out.printf("duplicates                     %10d%n", duplicates);
        boolean group = consumers == 0 || members.report(load.sentByPartition());
        if (problems > 0 || !group) {
            System.out.println("VERDICT: BROKEN, in " + problems + " partitions" + (group ? "" : ", and in the group"));
        } else {
            System.out.println("VERDICT: nothing acknowledged was lost, changed or reordered"
                    + (consumers > 0 ? "; all of it was handled, and nothing again that was committed" : ""));
        }
        return problems == 0 && group;
    }

    static double percentile(List<Double> values, double share) {
        double[] sorted =
                values.stream().flatMapToDouble(DoubleStream::of).sorted().toArray();
        return sorted[(int) Math.ceil(share * sorted.length) - 1];
    }

    /** How often brokers found that the cluster had removed them. */
    private long startedAgain() throws IOException {
        long count = 0;
        for (int broker = 1; broker <= BROKERS; broker++) {
            try (var lines = Files.lines(cluster.outputOf(broker))) {
                count += lines.filter(line -> line.contains("starting again")).count();
            }
        }
        return count;
    }

    @Override
    public void close() throws IOException {
        members.close();
        cluster.close();
        links.close();
    }
}
