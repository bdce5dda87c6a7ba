package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Broker 1 of the voters 1, 2 and 3 starts with nothing on its disk. */
class MetadataFoundingTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
    private static final ManualTime TIME = ManualTime.get(KIT.system());

    private final TestProbe<MetadataFounding.Question> asked = KIT.createTestProbe();
    private final TestProbe<Boolean> decided = KIT.createTestProbe();
    private final ActorRef<ReplicaMessage> founding =
            KIT.spawn(MetadataFounding.create(1, Set.of(1, 2, 3), new Others(), this::replica));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private Behavior<ReplicaMessage> replica(boolean isNew) {
        decided.getRef().tell(isNew);
        return Behaviors.ignore();
    }

    private final class Others implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            asked.getRef().tell((MetadataFounding.Question) message);
            return true;
        }

        @Override
        public boolean isReachable(int brokerId) {
            return true;
        }
    }

    private void answer(int brokerId, boolean knowsCluster) {
        TIME.timePasses(Duration.ofMillis(200));
        asked.receiveMessage().replyTo().tell(new MetadataFounding.Answer(brokerId, knowsCluster));
    }

    @Test
    void whenAllHaveNothingTheClusterIsNew() {
        answer(2, false);
        decided.expectNoMessage(Duration.ofMillis(50));
        answer(3, false);
        assertThat(decided.receiveMessage()).isTrue();
    }

    @Test
    void whenOneKnowsItThisDiskWasLost() {
        answer(2, false);
        answer(3, true);
        assertThat(decided.receiveMessage()).isFalse();
    }

    @Test
    void aMajorityWithNothingWaitsForTheOthersAndThenFounds() {
        answer(2, false);
        TIME.expectNoMessageFor(Duration.ofSeconds(4), decided);
        TIME.timePasses(Duration.ofSeconds(1));
        assertThat(decided.receiveMessage()).isTrue();
    }

    @Test
    void aloneItDecidesNothing() {
        TIME.expectNoMessageFor(Duration.ofSeconds(60), decided);
    }

    @Test
    void whoAsksItHearsThatItKnowsNothing() {
        TestProbe<MetadataFounding.Answer> asker = KIT.createTestProbe();
        founding.tell(new MetadataFounding.Question(asker.getRef()));
        assertThat(asker.receiveMessage()).isEqualTo(new MetadataFounding.Answer(1, false));
    }

    @Test
    void aVoterAloneNeedNotAsk() {
        MetadataFounding.create(1, Set.of(1), new Others(), this::replica);
        assertThat(decided.receiveMessage()).isTrue();
    }
}
