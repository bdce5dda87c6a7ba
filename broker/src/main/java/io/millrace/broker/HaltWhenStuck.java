package io.millrace.broker;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** Bounds an orderly stop: a process that was told to end ends, even if part of it hangs. */
final class HaltWhenStuck {
    private HaltWhenStuck() {}

    static void install(Broker broker, Duration timeout) {
        CoordinatedShutdown.get(broker.system())
                .addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "halt-when-stuck", () -> {
                    LoggerFactory.getLogger(Broker.class).info("Stopping");
                    Thread watch = new Thread(() -> haltUnlessEnded(broker, timeout), "halt-when-stuck");
                    watch.setDaemon(true);
                    watch.start();
                    return CompletableFuture.completedFuture(Done.done());
                });
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> endWithZeroAfterAnOrderlyStop(broker), "exit-code-of-orderly-stop"));
        // The process may be gone before anything that waits for the actor system's end could say so.
        CoordinatedShutdown.get(broker.system())
                .addTask(CoordinatedShutdown.PhaseActorSystemTerminate(), "say-stopped", () -> {
                    LoggerFactory.getLogger(Broker.class).info("Stopped");
                    return CompletableFuture.completedFuture(Done.done());
                });
    }

    /**
     * Makes the exit code of a process that was told to stop, and did, 0: the JVM's own is 143 after SIGTERM, which is that of a
     * process that died of it. A shutdown hook is the last that can say so.
     */
    private static void endWithZeroAfterAnOrderlyStop(Broker broker) {
        try {
            if (broker.awaitTermination().kind() == Broker.Ended.Kind.STOPPED) {
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void haltUnlessEnded(Broker broker, Duration timeout) {
        try {
            var unused = broker.whenEnded().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Exception e) {
            System.err.println("millrace: the orderly stop took longer than " + timeout.toMillis()
                    + " ms (millrace.shutdown-timeout); ending now, which loses nothing that was acknowledged");
            Runtime.getRuntime().halt(Main.EXIT_REFUSED);
        }
    }
}
