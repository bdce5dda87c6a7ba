package io.millrace.broker.health;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClockWatchTest {
    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    private final ActorTestKit kit = ActorTestKit.create(
            ConfigFactory.parseString("akka.actor.provider = local").withFallback(ManualTime.config()));
    private final ManualTime time = ManualTime.get(kit.system());
    private final Clocks clocks = new Clocks();

    @AfterEach
    void shutDown() {
        kit.shutdownTestKit();
    }

    private ActorRef<ClockWatch.Command> start(int broker, Clocks told, Duration ahead) {
        return kit.spawn(ClockWatch.create(broker, told, Clock.fixed(NOW.plus(ahead), ZoneOffset.UTC), () -> 0));
    }

    /** Rounds until these are told: the watches hear of each other, and answer, in their own time. */
    private void awaitDifferences(Map<Integer, Duration> expected) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!clocks.differences().equals(expected)) {
            assertThat(System.nanoTime()).as("told: %s", clocks.differences()).isLessThan(giveUp);
            time.timePasses(ClockWatch.EVERY);
        }
    }

    @Test
    void tellsHowFarOtherClocksAreAtLeastAndForgetsThoseThatAnswerNoMore() {
        start(1, clocks, Duration.ZERO);
        start(2, new Clocks(), Duration.ofMillis(-1));
        ActorRef<ClockWatch.Command> ahead = start(3, new Clocks(), Duration.ofSeconds(3));
        start(4, new Clocks(), Duration.ofSeconds(-3));

        Duration behind = Duration.ofSeconds(3).minusMillis(2); // the round trip, rounded up
        awaitDifferences(Map.of(2, Duration.ZERO, 3, Duration.ofSeconds(3), 4, behind));

        kit.stop(ahead);
        awaitDifferences(Map.of(2, Duration.ZERO, 4, behind));
    }

    @Test
    void aSlowAnswerProvesLess() {
        assertThat(Clocks.differAtLeast(10_000, 10_600, 500)).isEqualTo(Duration.ofMillis(100));
        assertThat(Clocks.differAtLeast(10_000, 10_600, 700)).isEqualTo(Duration.ZERO);
        assertThat(Clocks.differAtLeast(10_600, 10_000, 500))
                .as("it cannot have been read after the answer came")
                .isEqualTo(Duration.ofMillis(600));
    }

    @Test
    void itsMessagesGoOverTheNetwork() {
        TestProbe<ClockWatch.Command> probe = kit.createTestProbe(ClockWatch.Command.class);
        kit.serializationTestKit().verifySerialization(new ClockWatch.WhatTime(-5, probe.getRef()), true);
        kit.serializationTestKit().verifySerialization(new ClockWatch.Time(3, 1L << 41, -5), true);
    }
}
