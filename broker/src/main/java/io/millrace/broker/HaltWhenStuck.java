package io.millrace.broker;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Bounds an orderly stop: a process that was told to end ends, even if part of it hangs. */
final class HaltWhenStuck {
    private final Duration timeout;
    private volatile @Nullable Broker current;

    private HaltWhenStuck(Duration timeout) {
        this.timeout = timeout;
    }

    /** For the life of the process. */
    static HaltWhenStuck install(Duration timeout) {
        HaltWhenStuck installed = new HaltWhenStuck(timeout);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(installed::endWithZeroAfterAnOrderlyStop, "exit-code-of-orderly-stop"));
        return installed;
    }

    /** From now on it is about this broker. */
    void watch(Broker broker) {
        current = broker;
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(broker.system());
        shutdown.addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "halt-when-stuck", () -> {
            LoggerFactory.getLogger(Broker.class).info("Stopping");
            Thread watch = new Thread(() -> haltUnlessEnded(broker), "halt-when-stuck");
            watch.setDaemon(true);
            watch.start();
            return CompletableFuture.completedFuture(Done.done());
        });
    }

    /**
     * Makes the exit code of a process that was told to stop, and did, 0: the JVM's own is 143 after SIGTERM, which is that of a
     * process that died of it. A shutdown hook is the last that can say so, and the log's last line is its as well: by now nobody else
     * has anything to say.
     */
    private void endWithZeroAfterAnOrderlyStop() {
        Broker broker = current;
        try {
            if (broker != null && broker.awaitTermination().kind() == Broker.Ended.Kind.STOPPED) {
                LoggerFactory.getLogger(Broker.class).info("Stopped");
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void haltUnlessEnded(Broker broker) {
        try {
            var unused = broker.whenEnded().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Exception e) {
            System.err.println("millrace: the orderly stop took longer than " + timeout.toMillis()
                    + " ms (millrace.shutdown-timeout); ending now, which loses nothing that was acknowledged");
            Runtime.getRuntime().halt(Main.EXIT_REFUSED);
        }
    }
}
