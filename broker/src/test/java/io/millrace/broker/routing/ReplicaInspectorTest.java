package io.millrace.broker.routing;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.replica.PartitionCommand.GetStatus;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Broker 3 cannot be reached. */
class ReplicaInspectorTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private record Question(ReplicaId replica, GetStatus asked) {
        void answer() {
            asked.replyTo()
                    .tell(new PartitionReply.Status(
                            asked.requestId(), PartitionStatus.notRunning(replica, "RUNNING", null, 1)));
        }
    }

    private final TestProbe<Question> questions = KIT.createTestProbe();
    private final ActorRef<ReplicaInspector.Command> inspector = KIT.spawn(ReplicaInspector.create(new PeerRouter() {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            if (isReachable(to.brokerId())) {
                questions.ref().tell(new Question(to, (GetStatus) message));
            }
            return isReachable(to.brokerId());
        }

        @Override
        public boolean isReachable(int brokerId) {
            return brokerId != 3;
        }
    }));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private static List<ReplicaId> partitionsOn(int broker, int count) {
        return IntStream.range(0, count)
                .mapToObj(partition -> new ReplicaId("orders", 17, partition, broker))
                .toList();
    }

    private CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> inspect(List<ReplicaId> replicas) {
        CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> answer = new CompletableFuture<>();
        inspector.tell(new ReplicaInspector.Inspect(replicas, PATIENCE, answer));
        return answer;
    }

    @Test
    void thousandsAreAskedSoManyOfABrokerAtATime() {
        List<ReplicaId> replicas = Stream.concat(partitionsOn(1, 3_000).stream(), partitionsOn(2, 3_000).stream())
                .toList();
        CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> answer = inspect(replicas);

        Map<Integer, Integer> askedAtOnce = new HashMap<>();
        List<Question> first = questions.receiveSeveralMessages(2 * ReplicaInspector.OPEN_MAX);
        first.forEach(question -> askedAtOnce.merge(question.replica().brokerId(), 1, Integer::sum));
        assertThat(askedAtOnce).isEqualTo(Map.of(1, ReplicaInspector.OPEN_MAX, 2, ReplicaInspector.OPEN_MAX));
        questions.expectNoMessage();
        first.forEach(Question::answer);
        for (int answered = first.size(); answered < replicas.size(); answered++) {
            questions.receiveMessage().answer();
        }

        assertThat(answer.join())
                .isEqualTo(replicas.stream()
                        .collect(toMap(
                                identity(), id -> Optional.of(PartitionStatus.notRunning(id, "RUNNING", null, 1)))));
    }

    @Test
    void aBrokerThatDoesNotAnswerKeepsNoneOfTheOthersFromBeingAskedAndWhatIsKnownWhenTimeIsOverIsTold() {
        int many = 2 * ReplicaInspector.OPEN_MAX;
        List<ReplicaId> replicas = new ArrayList<>(partitionsOn(1, many));
        replicas.addAll(partitionsOn(2, many));
        replicas.addAll(partitionsOn(3, many));
        CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> answer = inspect(replicas);
        for (int asked = 0; asked < many + ReplicaInspector.OPEN_MAX; asked++) {
            Question question = questions.receiveMessage();
            if (question.replica().brokerId() == 1) {
                question.answer();
            }
        }

        TIME.timePasses(PATIENCE);

        assertThat(answer.join()).hasSize(3 * many).allSatisfy((replica, status) -> assertThat(status.isPresent())
                .isEqualTo(replica.brokerId() == 1));
    }

    @Test
    void whatCannotBeReachedIsKnownAtOnceAndSoIsNothing() {
        assertThat(inspect(partitionsOn(3, 1_000)).join())
                .hasSize(1_000)
                .allSatisfy((replica, status) -> assertThat(status).isEmpty());
        assertThat(inspect(List.of()).join()).isEmpty();
    }
}
