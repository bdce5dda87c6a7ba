package io.millrace.cluster.chaos;

import io.millrace.cluster.ProcessCluster;
import io.millrace.cluster.chaos.GroupAudit.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The members of one group, each a process of its own, of which now and then one is killed or stopped, and another takes its place. */
final class Members implements AutoCloseable {
    private static final String GROUP = "chaos";
    private static final long FIRST_MILLIS = 5_000;
    private static final long DISTANCE_MILLIS_MIN = 2_000;
    private static final long DISTANCE_MILLIS_MAX = 9_000;
    private static final long AWAY_MILLIS_MAX = 5_000;

    /** One place in the group, and who has it. */
    private static final class Place {
        Process process;
        long backAtMillis = Long.MAX_VALUE;

        Place(Process process) {
            this.process = process;
        }
    }

    private final Path directory;
    private final List<String> brokers;
    private final Random random;
    private final List<Place> places = new ArrayList<>();
    private final List<Path> logs = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private long nextFaultMillis = FIRST_MILLIS;
    private int kills;
    private int stops;
    private int endedThemselves;

    /** @param seed decides who goes when, and how */
    Members(Path directory, List<String> brokers, long seed) {
        this.directory = directory;
        this.brokers = brokers;
        this.random = new Random(seed);
    }

    /** Waits until all partitions have an owner, so that faults do not come before there is anything to disturb. */
    void start(int count, int partitions) throws IOException {
        for (int i = 0; i < count; i++) {
            places.add(new Place(spawn()));
        }
        ProcessCluster.await(
                "every partition has an owner",
                () -> events().stream()
                                .flatMap(List::stream)
                                .filter(event -> event.kind() == GroupAudit.Kind.BEGAN)
                                .map(Event::partition)
                                .distinct()
                                .count()
                        == partitions);
    }

    private Process spawn() throws IOException {
        Path log = directory.resolve("member-" + logs.size() + ".log");
        Files.createFile(log);
        logs.add(log);
        Process process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx128m",
                        "-Dmillrace.home=" + System.getProperty("millrace.home"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        GroupMemberMain.class.getName(),
                        String.join(",", brokers),
                        Load.topic(),
                        GROUP,
                        log.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.resolveSibling(log.getFileName() + ".out").toFile())
                .start();
        processes.add(process);
        return process;
    }

    /**
     * Does what is due.
     *
     * @param faults whether somebody may go
     * @return what was done, in words; empty if nothing was
     */
    List<String> supervise(long elapsedMillis, boolean faults) throws IOException {
        List<String> done = new ArrayList<>();
        for (Place place : places) {
            if (place.backAtMillis <= elapsedMillis || (!faults && !place.process.isAlive())) {
                place.backAtMillis = Long.MAX_VALUE;
                place.process = spawn();
            } else if (place.backAtMillis == Long.MAX_VALUE && !place.process.isAlive()) {
                endedThemselves++;
                done.add("a consumer has ended by itself, with exit code " + place.process.exitValue());
                place.backAtMillis = elapsedMillis;
            }
        }
        if (faults && elapsedMillis >= nextFaultMillis) {
            nextFaultMillis =
                    elapsedMillis + DISTANCE_MILLIS_MIN + random.nextLong(DISTANCE_MILLIS_MAX - DISTANCE_MILLIS_MIN);
            int number = random.nextInt(places.size());
            boolean kill = random.nextBoolean();
            long awayMillis = random.nextLong(AWAY_MILLIS_MAX);
            Place place = places.get(number);
            if (place.backAtMillis == Long.MAX_VALUE) {
                done.add((kill ? "KILL" : "STOP") + " consumer " + (number + 1) + " for " + awayMillis + " ms");
                place.backAtMillis = elapsedMillis + awayMillis;
                if (kill) {
                    kills++;
                    place.process.destroyForcibly();
                } else {
                    stops++;
                    place.process.destroy(); // it leaves, and another may join before it has
                }
            }
        }
        return done;
    }

    /** Waits until all that was acknowledged is handled, and not for ever: the report tells what is missing. */
    void awaitAll(List<Sent> sent) {
        try {
            ProcessCluster.await("the group has handled everything", () -> GroupAudit.missing(sent, events()) == 0);
        } catch (AssertionError inVain) {
            System.out.println(inVain.getMessage());
        }
    }

    private List<List<Event>> events() {
        return logs.stream().map(Members::eventsIn).toList();
    }

    /** Whole lines only: a process that was killed may have been in the middle of one. */
    private static List<Event> eventsIn(Path log) {
        try {
            String text = Files.readString(log, StandardCharsets.UTF_8);
            return text.substring(0, text.lastIndexOf('\n') + 1)
                    .lines()
                    .map(Event::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @return whether all is well */
    boolean report(List<Sent> sent) {
        GroupAudit.Findings found = GroupAudit.of(sent, events());
        System.out.printf("consumers: killed, stopped         %6d %6d%n", kills, stops);
        System.out.printf("consumers: ended by themselves     %6d%n", endedThemselves);
        System.out.printf("consumers: handed over in order    %6d%n", found.released());
        System.out.printf("consumers: lost without a word     %6d%n", found.lost());
        System.out.printf("commits that succeeded         %10d%n", found.commits());
        System.out.printf("handled                        %10d%n", found.handled());
        System.out.printf("handled again                  %10d%n", found.again());
        System.out.printf("handled again though committed %10d%n", found.committedAgain());
        System.out.printf("acknowledged and not handled   %10d%n", found.missed());
        System.out.printf("changed, out of order          %6d %6d%n", found.changed(), found.disordered());
        found.problems().forEach(problem -> System.out.println("  " + problem));
        return found.isWell();
    }

    /** Ends all of them. */
    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
    }
}
