package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionReply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ManyFetchTest {
    /** One question on its way. */
    private record Question(int partition, int minBytes, boolean waits, CompletableFuture<PartitionReply> answer) {
        void found(int bytes) {
            answer.complete(new PartitionReply.Fetched(1, Payload.wrap(new byte[bytes]), 0, 10));
        }

        void failed() {
            answer.completeExceptionally(new Failure.DeadlinePassed().asException());
        }
    }

    private final List<Question> questions = new ArrayList<>();
    private final List<Integer> cancelled = new ArrayList<>();

    private ManyFetch fetch(int partitions, int minBytes, boolean mayWait) {
        List<ManyFetch.Wish> wishes = IntStream.range(0, partitions)
                .mapToObj(p -> new ManyFetch.Wish("orders", p, 0, 100, new PartitionTarget("orders", 7, p), null))
                .toList();
        return new ManyFetch(
                wishes,
                minBytes,
                mayWait,
                (target, offset, maxBytes, atLeast, waits) -> {
                    Question question = new Question(target.partition(), atLeast, waits, new CompletableFuture<>());
                    questions.add(question);
                    return new ManyFetch.Asked(question.answer(), () -> cancelled.add(target.partition()));
                },
                thrown -> ((FailureException) thrown).failure());
    }

    private Question question(int partition, boolean waits) {
        return questions.stream()
                .filter(q -> q.partition() == partition
                        && q.waits() == waits
                        && !q.answer().isDone())
                .findFirst()
                .orElseThrow();
    }

    private static List<Integer> sizes(CompletableFuture<List<ManyFetch.Outcome>> outcomes) {
        return outcomes.join().stream()
                .map(outcome -> outcome.fetched() == null
                        ? -1
                        : outcome.fetched().batches().sizeBytes())
                .toList();
    }

    @Test
    void allThatIsThereIsGivenTogether() {
        ManyFetch fetch = fetch(3, 1, true);
        var outcomes = fetch.begin().toCompletableFuture();
        question(2, false).found(30);
        question(0, false).found(0);
        assertThat(outcomes).isNotDone();
        question(1, false).found(20);
        assertThat(sizes(outcomes)).containsExactly(0, 20, 30);
        assertThat(questions).noneMatch(Question::waits);
    }

    @Test
    void ifThereIsNothingTheFirstThatGetsSomethingEndsTheWaitAndTheOthersAreLetGo() {
        ManyFetch fetch = fetch(2, 1, true);
        var outcomes = fetch.begin().toCompletableFuture();
        question(0, false).found(0);
        question(1, false).found(0);
        assertThat(outcomes).isNotDone();
        question(1, true).found(5);
        assertThat(sizes(outcomes)).containsExactly(0, 5);
        assertThat(cancelled).containsExactly(0);
    }

    @Test
    void whoHasTooLittleIsAskedForMoreThanThat() {
        ManyFetch fetch = fetch(2, 100, true);
        var outcomes = fetch.begin().toCompletableFuture();
        question(0, false).found(40);
        question(1, false).found(0);
        assertThat(question(0, true).minBytes()).isEqualTo(41);
        question(0, true).found(60);
        assertThat(question(0, true).minBytes()).isEqualTo(61);
        question(1, true).found(40);
        assertThat(sizes(outcomes)).containsExactly(60, 40);
    }

    @Test
    void aWaitThatIsOverEndsItWithWhatThereIs() {
        ManyFetch fetch = fetch(2, 100, true);
        var outcomes = fetch.begin().toCompletableFuture();
        question(0, false).found(40);
        question(1, false).found(0);
        question(0, true).found(40);
        assertThat(sizes(outcomes)).containsExactly(40, 0);
    }

    @Test
    void aFailureIsToldAtOnceWithWhatTheOthersHave() {
        ManyFetch fetch = fetch(2, 100, true);
        var outcomes = fetch.begin().toCompletableFuture();
        question(0, false).failed();
        assertThat(outcomes).isNotDone();
        question(1, false).found(3);
        assertThat(sizes(outcomes)).containsExactly(-1, 3);
        assertThat(outcomes.join().get(0).failure()).isEqualTo(new Failure.DeadlinePassed());
    }

    @Test
    void whoDoesNotAnswerKeepsNobodyWaitingForLong() {
        ManyFetch fetch = fetch(3, 1, true);
        var outcomes = fetch.begin().toCompletableFuture();
        question(1, false).found(9);
        question(2, false).found(0);
        assertThat(outcomes).isNotDone();
        fetch.hurry();
        assertThat(sizes(outcomes)).containsExactly(-1, 9, 0);
        assertThat(outcomes.join().get(0).failure()).isInstanceOf(Failure.NoLeader.class);
        assertThat(cancelled).containsExactly(0);
    }

    @Test
    void whoeverMayNotWaitIsNotAskedTwice() {
        ManyFetch fetch = fetch(2, 1, false);
        var outcomes = fetch.begin().toCompletableFuture();
        question(0, false).found(0);
        question(1, false).found(0);
        assertThat(sizes(outcomes)).containsExactly(0, 0);
        assertThat(questions).hasSize(2);
    }
}
