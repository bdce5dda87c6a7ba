package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A replica that begins anew loses no question on the way. */
class ReplicaSupervisorTest {
    private static final ActorTestKit KIT = ActorTestKit.create("supervised", ReplicaGroup.CONFIG);

    /** Of all lives that the replica has had. */
    private final AtomicInteger lives = new AtomicInteger();

    private final TestProbe<Integer> answers = KIT.createTestProbe();
    private final ActorRef<ReplicaMessage> replica =
            KIT.spawn(ReplicaSupervisor.create(() -> 0, life -> new OneLife(life, lives.incrementAndGet()).begin()));

    private enum Ask implements ReplicaMessage {
        INSTANCE
    }

    private enum LetGo implements ReplicaMessage {
        INSTANCE
    }

    private final class OneLife {
        private final ReplicaSupervisor.Life life;
        private final int number;

        OneLife(ReplicaSupervisor.Life life, int number) {
            this.life = life;
            this.number = number;
        }

        Behavior<ReplicaMessage> begin() {
            return Behaviors.setup(actor -> Behaviors.receive(ReplicaMessage.class)
                    .onMessageEquals(Ask.INSTANCE, () -> {
                        answers.getRef().tell(number);
                        return Behaviors.same();
                    })
                    .onMessageEquals(LetGo.INSTANCE, () -> {
                        life.supervisor().tell(new ReplicaSupervisor.BeginAnew(actor.getSelf()));
                        return Behaviors.same();
                    })
                    .onMessageEquals(ReplicaMessage.End.INSTANCE, Behaviors::stopped)
                    .onMessageEquals(ReplicaMessage.Delete.INSTANCE, Behaviors::stopped)
                    .build());
        }
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    @Test
    void whatIsAskedWhileOneTakesThePlaceOfAnotherIsAnswered() {
        List<Integer> answered = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            replica.tell(Ask.INSTANCE);
            replica.tell(LetGo.INSTANCE);
            replica.tell(Ask.INSTANCE);
        }
        answers.receiveSeveralMessages(20).forEach(answered::add);
        replica.tell(LetGo.INSTANCE);
        answers.awaitAssert(() -> {
            replica.tell(Ask.INSTANCE);
            assertThat(answers.receiveMessage()).isEqualTo(lives.get()).isGreaterThan(1);
            return null;
        });
        assertThat(answered).contains(1).isSorted();
    }

    @Test
    void whoIsDeletedDoesNotBeginAnew() {
        replica.tell(LetGo.INSTANCE);
        replica.tell(ReplicaMessage.Delete.INSTANCE);
        answers.expectTerminated(replica);
    }
}
