package io.millrace.partition.replica;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Who sleeps hears of the brokers that it relies on, once, and of nothing else. */
class BrokerWatchTest {
    private static final ActorTestKit KIT = ActorTestKit.create("watchers", ReplicaGroup.CONFIG);

    private final BrokerWatch watch = new BrokerWatch();
    private final TestProbe<RaftCommand> sleeper = KIT.createTestProbe();
    private final TestProbe<RaftCommand> other = KIT.createTestProbe();

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    @Test
    void onlyThoseWhoRelyOnABrokerAreWoken() {
        watch.watch(sleeper.getRef(), Set.of(1, 2), Set.of());
        watch.watch(other.getRef(), Set.of(3), Set.of());
        watch.unreachable(2);
        sleeper.expectMessage(new RaftCommand.BrokerUnreachable(2));
        other.expectNoMessage();
    }

    @Test
    void andOnlyOnce() {
        watch.watch(sleeper.getRef(), Set.of(1, 2), Set.of());
        watch.unreachable(2);
        watch.unreachable(1);
        watch.reachable(2);
        watch.unreachable(2);
        sleeper.expectMessage(new RaftCommand.BrokerUnreachable(2));
        sleeper.expectNoMessage();
    }

    @Test
    void whoFallsAsleepWhenABrokerIsLostAlreadyIsWokenAtOnce() {
        watch.unreachable(2);
        watch.watch(sleeper.getRef(), Set.of(1, 2), Set.of());
        sleeper.expectMessage(new RaftCommand.BrokerUnreachable(2));
    }

    @Test
    void whoGotUpIsLeftInPeace() {
        watch.watch(sleeper.getRef(), Set.of(1, 2), Set.of());
        watch.watch(sleeper.getRef(), Set.of(), Set.of());
        watch.unreachable(2);
        sleeper.expectNoMessage();
    }

    @Test
    void whatWasAskedLastCounts() {
        watch.watch(sleeper.getRef(), Set.of(1), Set.of());
        watch.watch(sleeper.getRef(), Set.of(2), Set.of());
        watch.unreachable(1);
        watch.unreachable(2);
        sleeper.expectMessage(new RaftCommand.BrokerUnreachable(2));
        sleeper.expectNoMessage();
    }

    @Test
    void whoGoesWithoutABrokerHearsThatItIsBack() {
        watch.unreachable(2);
        watch.watch(sleeper.getRef(), Set.of(1), Set.of(2));
        watch.watch(other.getRef(), Set.of(1), Set.of(3));
        watch.unreachable(2);
        watch.reachable(2);
        sleeper.expectMessage(new RaftCommand.BrokerReachable(2));
        other.expectNoMessage();
        watch.watch(sleeper.getRef(), Set.of(1), Set.of(2));
        sleeper.expectMessage(new RaftCommand.BrokerReachable(2));
    }
}
