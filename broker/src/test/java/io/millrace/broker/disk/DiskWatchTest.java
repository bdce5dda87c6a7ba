package io.millrace.broker.disk;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import com.typesafe.config.ConfigFactory;
import io.millrace.partition.replica.DiskSpace;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class DiskWatchTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            "disk",
            ManualTime.config()
                    .withFallback(ConfigFactory.parseString("akka.actor.provider = local"))
                    .withFallback(ConfigFactory.load()));

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    private final DiskReport report = new DiskReport();
    private final AtomicLong free = new AtomicLong(2_000);

    private void look() {
        ManualTime.get(KIT.system()).timePasses(Duration.ofMillis(250));
    }

    private void awaitSpace(DiskSpace expected) {
        KIT.createTestProbe().awaitAssert(() -> {
            assertThat(report.state()).isEqualTo(new DiskReport.State(expected, free.get()));
            return null;
        });
    }

    @Test
    void eachChangeIsReportedAndLoggedOnce() {
        KIT.spawn(DiskWatch.create(
                new DiskReserve(800),
                () -> {
                    if (free.get() < 0) {
                        throw new IOException("no such disk");
                    }
                    return free.get();
                },
                report));
        look();
        awaitSpace(DiskSpace.AMPLE);
        LoggingTestKit.error("The disk is nearly full").withOccurrences(1).expect(KIT.system(), () -> {
            free.set(700);
            look();
            awaitSpace(DiskSpace.LOW);
            free.set(650);
            look();
            awaitSpace(DiskSpace.LOW);
            return null;
        });
        LoggingTestKit.error("The disk is full").expect(KIT.system(), () -> {
            free.set(10);
            look();
            awaitSpace(DiskSpace.EXHAUSTED);
            return null;
        });
        LoggingTestKit.warn("Cannot tell").withOccurrences(1).expect(KIT.system(), () -> {
            free.set(-1);
            look();
            look();
            return null;
        });
        assertThat(report.space()).isEqualTo(DiskSpace.EXHAUSTED);
        LoggingTestKit.info("The disk has room again").expect(KIT.system(), () -> {
            free.set(1_000);
            look();
            awaitSpace(DiskSpace.AMPLE);
            return null;
        });
    }
}
