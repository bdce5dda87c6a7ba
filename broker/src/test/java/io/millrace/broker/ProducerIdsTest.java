package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ProducerIdsTest {
    private final Deque<CompletableFuture<ProducerIds.Block>> asked = new ArrayDeque<>();
    private final ProducerIds ids = new ProducerIds(() -> {
        CompletableFuture<ProducerIds.Block> answer = new CompletableFuture<>();
        asked.add(answer);
        return answer;
    });

    private CompletableFuture<Long> next() {
        return ids.next().toCompletableFuture();
    }

    @Test
    void aBlockIsAskedForOnceAndGivenAwayOneByOne() {
        List<CompletableFuture<Long>> waiting = List.of(next(), next());
        assertThat(asked).hasSize(1);
        asked.remove().complete(new ProducerIds.Block(7_000, 3));
        assertThat(waiting).extracting(CompletableFuture::join).containsExactlyInAnyOrder(7_000L, 7_001L);
        assertThat(next().join()).isEqualTo(7_002);
        assertThat(asked).isEmpty();
    }

    @Test
    void whoComesTooLateForABlockWaitsForTheNext() {
        List<CompletableFuture<Long>> waiting = new ArrayList<>(List.of(next(), next(), next()));
        asked.remove().complete(new ProducerIds.Block(7_000, 2));
        assertThat(asked).hasSize(1);
        asked.remove().complete(new ProducerIds.Block(9_000, 2));
        assertThat(waiting).extracting(CompletableFuture::join).containsExactlyInAnyOrder(7_000L, 7_001L, 9_000L);
    }

    @Test
    void aFailureIsToldToAllWhoWaitAndTheNextOneAsksAgain() {
        CompletableFuture<Long> waiting = next();
        asked.remove().completeExceptionally(new Failure.ControllerUnavailable("away").asException());
        assertThatThrownBy(waiting::join).hasCauseInstanceOf(FailureException.class);
        CompletableFuture<Long> again = next();
        asked.remove().complete(new ProducerIds.Block(7_000, 1));
        assertThat(again.join()).isEqualTo(7_000);
    }
}
