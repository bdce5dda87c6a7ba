package io.millrace.broker;

import akka.actor.BootstrapSetup;
import akka.actor.CoordinatedShutdown;
import akka.actor.setup.ActorSystemSetup;
import akka.actor.typed.ActorSystem;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.data.DataDirectory;
import io.millrace.broker.data.RefusedException;
import io.millrace.broker.health.FileDescriptors;
import io.millrace.broker.management.ManagementBackend;
import io.millrace.broker.metrics.BrokerMetrics;
import io.millrace.partition.journal.JournalForces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running broker: one actor system on one data directory. */
public final class Broker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);

    private final ActorSystem<?> system;
    private final Readiness readiness;
    private final CompletableFuture<Ended> ended;

    /** Why it stopped by its own decision. */
    record Refusal(String why) implements CoordinatedShutdown.Reason {}

    /** There was no room for what must not be lost, and all files have to be opened anew. */
    record OutOfSpace(String what) implements CoordinatedShutdown.Reason {}

    /** How a broker ended, and why. */
    public record Ended(Kind kind, String reason) {
        /** Who wanted it. */
        public enum Kind {
            /** Its operator. */
            STOPPED,
            /** It found that it must not run. */
            REFUSED,
            /** The other brokers have removed it from the cluster, or it has lost sight of a majority of them. */
            REMOVED,
            /** The cluster that it had found was gone when it wanted to join. */
            NOT_JOINED,
            /** Its disk was full, and it could not go on without writing. */
            OUT_OF_SPACE;

            /** Whether the same broker, started again, has a place in the cluster; once there is room on its disk. */
            public boolean mayStartAgain() {
                return this == REMOVED || this == NOT_JOINED || this == OUT_OF_SPACE;
            }
        }
    }

    private Broker(ActorSystem<?> system, Readiness readiness, CompletableFuture<Ended> ended) {
        this.system = system;
        this.readiness = readiness;
        this.ended = ended;
    }

    /**
     * Starts a broker. It is not ready yet when this returns: see {@link #whenReady()}.
     *
     * @throws RefusedException if the data directory or a port cannot be had
     */
    public static Broker start(BrokerSettings settings) {
        long startedNanos = System.nanoTime();
        LOG.info(
                "Millrace {} broker {} of cluster '{}': clients {}, HTTP {}, brokers {}, data {}",
                Version.TEXT,
                settings.brokerId(),
                settings.cluster().name(),
                settings.frontDoor().advertised(),
                settings.http().address(),
                settings.cluster().address(),
                settings.dataDir().toAbsolutePath().normalize());
        FileDescriptors.ofProcess().adviceAtStart().ifPresent(LOG::info);
        DataDirectory directory = DataDirectory.open(
                settings.dataDir(), settings.brokerId(), settings.cluster().name());
        try {
            PortCheck.check(settings);
            prepareNativeLibraries(directory.nativeLibraries());
            Readiness readiness = new Readiness();
            ManagementBackend management = new ManagementBackend();
            BrokerMetrics metrics = new BrokerMetrics(settings.metricsTopicsMax());
            ActorSystem<?> system = ActorSystem.create(
                    BrokerGuardian.create(settings, directory, readiness, management, metrics),
                    settings.cluster().name(),
                    ActorSystemSetup.create(
                            BootstrapSetup.create(settings.akka()),
                            management,
                            new JournalForces(metrics::journalForced)));
            long systemNanos = System.nanoTime();
            var unused = readiness.whenReady().thenRun(() -> logReady(settings, startedNanos, systemNanos));
            return new Broker(system, readiness, ended(system, directory, metrics));
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /** When it can serve clients. */
    public CompletionStage<Void> whenReady() {
        return readiness.whenReady();
    }

    public Readiness readiness() {
        return readiness;
    }

    ActorSystem<?> system() {
        return system;
    }

    /** When it has ended and let go of its directory. */
    public CompletionStage<Ended> whenEnded() {
        return ended.minimalCompletionStage();
    }

    Ended awaitTermination() throws InterruptedException {
        try {
            return ended.get();
        } catch (ExecutionException e) {
            return new Ended(Ended.Kind.REFUSED, "it ended with " + e.getCause());
        }
    }

    /** Stops it in an orderly way and waits for the end. */
    @Override
    public void close() {
        system.terminate();
        ended.join();
    }

    private static CompletableFuture<Ended> ended(
            ActorSystem<?> system, DataDirectory directory, BrokerMetrics metrics) {
        return system.getWhenTerminated().toCompletableFuture().handle((done, thrown) -> {
            directory.close();
            metrics.close();
            return endedBy(CoordinatedShutdown.get(system).getShutdownReason());
        });
    }

    private static Ended endedBy(Optional<CoordinatedShutdown.Reason> reason) {
        if (reason.isPresent() && reason.get() instanceof Refusal refusal) {
            return new Ended(Ended.Kind.REFUSED, refusal.why());
        }
        if (reason.isPresent() && reason.get() instanceof OutOfSpace full) {
            return new Ended(Ended.Kind.OUT_OF_SPACE, "There is no room on the disk: " + full.what());
        }
        if (reason.isPresent() && reason.get().equals(CoordinatedShutdown.clusterDowningReason())) {
            return new Ended(
                    Ended.Kind.REMOVED,
                    "A majority of the cluster and this broker could not reach each other: it is no member any more");
        }
        if (reason.isPresent() && reason.get().equals(CoordinatedShutdown.clusterJoinUnsuccessfulReason())) {
            return new Ended(Ended.Kind.NOT_JOINED, "The brokers that knew a cluster do not answer any more");
        }
        return new Ended(Ended.Kind.STOPPED, "stopped");
    }

    private static void logReady(BrokerSettings settings, long startedNanos, long systemNanos) {
        long readyNanos = System.nanoTime();
        LOG.info(
                "Broker {} is ready after {} ms (actor system {} ms, joining and recovery {} ms; JVM and settings before that"
                        + " {} ms)",
                settings.brokerId(),
                Duration.ofNanos(readyNanos - startedNanos).toMillis(),
                Duration.ofNanos(systemNanos - startedNanos).toMillis(),
                Duration.ofNanos(readyNanos - systemNanos).toMillis(),
                uptimeMillisAt(startedNanos));
    }

    private static long uptimeMillisAt(long nanos) {
        long uptime = java.lang.management.ManagementFactory.getRuntimeMXBean().getUptime();
        return uptime - Duration.ofNanos(System.nanoTime() - nanos).toMillis();
    }

    /**
     * LevelDB unpacks its library into a new file at each start and deletes it at an orderly end: those of killed processes are
     * deleted here, since nobody else can be using this directory.
     */
    private static void prepareNativeLibraries(Path directory) {
        try {
            Files.createDirectories(directory);
            try (Stream<Path> old = Files.list(directory)) {
                for (Path file : old.toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new RefusedException("cannot write to " + directory + ": " + e.getMessage(), e);
        }
        System.setProperty("library.leveldbjni.path", directory.toAbsolutePath().toString());
    }
}
